import os

import numpy as np
import pytest

from dlss_tf import cli, weights
from dlss_tf.cli.exits import USAGE


@pytest.fixture
def save():
    """`save(path, *shape)`: the path, as text, of an array of noise."""

    def write(path, *shape):
        np.save(path, np.random.default_rng(0).random(shape, np.float32))
        return str(path)

    return write


@pytest.fixture
def tiny_pretrained(tiny_run, monkeypatch):
    """Commands without `--weights` take the tiny run, which loads faster than the pretrained generator."""
    monkeypatch.setattr(weights, "PRETRAINED", tiny_run)


@pytest.fixture
def refused(tmp_path, capsys, save):
    """`refused(arguments, status)`: what a command says, in a sentence, that ends with it and leaves nothing behind.

    In the arguments {} is a folder that has a scan, a.npy.
    """

    def run(arguments, status=USAGE):
        save(tmp_path / "a.npy", 9, 9)
        try:
            ended, lines = cli.main([argument.format(tmp_path) for argument in arguments]), 1
        except SystemExit as wrong:  # words that cannot be parsed, and how help is had
            ended, lines = wrong.code, 2
        message = capsys.readouterr().err
        assert ended == status and message.startswith("dlss-tf") and message.count("\n") == lines
        assert os.listdir(tmp_path) == ["a.npy"]
        return message

    return run


@pytest.fixture
def several(tmp_path):
    """Path, as text, of a file of two images: BF of 64x60 px, HAADF of 60x64 px."""
    import tifffile

    random = np.random.default_rng(0)
    with tifffile.TiffWriter(tmp_path / "several.ome.tif", ome=True) as file:
        for name, shape in (("BF", (64, 60)), ("HAADF", (60, 64))):
            file.write(random.random(shape, np.float32), metadata={"Name": name})
    return str(tmp_path / "several.ome.tif")
