"""What tests of tables and figures share: one made from the command line, on tiny data."""

import importlib
import json

import pytest


@pytest.fixture
def made(tiny_data, tiny_run, tmp_path, monkeypatch):
    """`made(name, *options)`: what `python -m experiments.NAME` writes into NAME.json; its .png and .csv lie beside."""

    def make(name, *options, generator=True):
        weights = ["--weights", tiny_run] if generator else []
        images = ["--data", tiny_data, "--size", "64", "--out", str(tmp_path)]
        monkeypatch.setattr("sys.argv", [name, *weights, *images, *options])
        importlib.import_module(f"experiments.{name}").main()
        return json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))

    return make
