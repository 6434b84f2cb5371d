"""Every snippet of the pages is run, on data and networks of the smallest size; what is not says why not.

Blocks of a page run in order, in one folder that holds what they name. `make` runs dry, and the commands that it
would run are looked at; commands within sentences are parsed.
"""

import contextlib
import dataclasses
import functools
import glob
import os
import re
import runpy
import shutil
import subprocess
import sys
from argparse import ArgumentParser

import numpy as np
import pages
import pytest

from dlss_tf import cli
from dlss_tf.errors import InputError

#: Commands that are parsed, not run, and Python blocks that are compiled, not run, by their first line.
NOT_RUN = {
    "pip install .[all]": "installs",
    "pip install .[lazy]": "installs",
    "pip install .[hyperspy]": "installs",
    "pip install .[napari]": "installs",
    "pip install --no-deps .": "installs",
    "pip install ./light[files]": "installs",
    "~/dlss/bin/pip install .": "installs",
    "python3 -m venv ~/dlss": "makes an environment",
    ". ~/dlss/bin/activate": "is the shell's",
    "openssl rand -hex 24 > token": "is OpenSSL's",
    "pip install .[serve,files]": "installs",
    "from bioimageio.core import load_model_description, predict": "wants bioimageio.core, in no environment of ours",
    "napari": "opens a window",
    "dlss-tf finetune --data DATA": "minutes; its own tests run it",
    "dlss-tf finetune --data my_scans": "the same",
    "dlss-tf prepare micrographs --out DATA": "wants microscopes' files; its own tests run it",
    "conda env create --file environment.yml": "wants conda",
    "docker build --file deploy/Dockerfile --target cli --tag dlss-tf-cli .": "wants Docker",
    "docker run --rm --user $(id -u):$(id -g) --volume $PWD:/data --network none dlss-tf-cli "
    "supersample scan.dm4 --factor 5": "the same",
    "dlss-tf serve": "serves until it is stopped; its own tests run it",
    "dlss-tf serve --host 0.0.0.0 --token-file token": "the same",
    "docker compose --file deploy/docker-compose.yml up --detach": "wants Docker and an image of TensorFlow Serving",
    "xvfb-run -a python -m pytest -n 0 tests/interfaces/napari": "wants napari and a display",
    "tensorboard --logdir runs/mixed/logs": "serves until it is stopped",
    "dlss-tf watch scans --factor 5 --out images": "runs until it is stopped; its own tests run it",
    "dlss-tf watch /microscope/scans --factor 5 --out /data/supersampled": "the same",
    "python -m experiments.deconvolution DATA/val/*.tif --sides 512 4096": "minutes; its own tests run it",
    "dlss-tf train --run runs/scan --preset small --network scan-grid --data stem_real --data stem_more "
    "--data simulated --set balance_data=true --set augment=true --set batch=32 "
    "--iterations 15300 --seed 1": "wants crops of 96 px",
    "python -m tools.revive --weights runs/wide --data stem_real --data simulated --out runs/revived": "the same",
}
#: The one training that is done; others are configured and checked, and leave a run trained before.
TRAINED = "runs/mixed"
#: What is added to make a command small.
SMALL = {
    "prepare": ["--size", "64"],
    "simulate": ["--train", "2", "--val", "1", "--test", "1", "--size", "64"],
    "train": ["--iterations", "8", "--set", "width=0.05", "--set", "size=64", "--set", "batch=1"],
    "evaluate": ["--size", "64", "--limit", "1"],
    "fit-p": ["--size", "64"],
    "export": ["--size", "64"],
    "fit-uncertainty": ["--iterations", "2"],
    "experiments.fig06": ["--size", "64", "--limit", "1"],
    "tools.widen": ["--width", "0.1"],
    "tools.publish": ["--out", "published"],
}
#: Microscopes' files, which nothing writes, are HyperSpy's here.
STAND_INS = {".dm4": ".hspy", ".ser": ".hspy"}
FOLDERS = ("DATA", "my_scans", "stem_real", "stem_more")
RUNS = ("RUN", "runs/wide", "runs/finetuned")
SCAN_GRID_RUN = "runs/scan"
SERVER = "localhost:8501"  # what pages call a server, for which there is a real one at another port

BLOCKS = {page: blocks for page, text in pages.PAGES.items() if (blocks := pages.fences(text))}


def plain(command: str) -> str:
    """A command as NOT_RUN has it: without comment, quotes and variables set for it."""
    return " ".join(pages.arguments(command))


def commands(code: str) -> list[str]:
    """Those of a shell block, with the values of variables that it sets."""
    values, found = {}, []
    for line in pages.command_lines(code):
        if assigned := re.fullmatch(r'(\w+)="(.*)"', line):
            values["$" + assigned[1]] = assigned[2]
            continue
        for name, value in values.items():
            line = line.replace(name, value)
        found.append(line)
    return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, tiny_data, tiny_run, tiny_scan_grid_run, rng_module):
    """The folder that snippets run in, with the files, data and runs that they name."""
    from dlss_tf import read, write

    root = tmp_path_factory.mktemp("snippets")
    for name in FOLDERS:
        os.symlink(tiny_data, root / name)
    for name in RUNS:
        shutil.copytree(tiny_run, root / name)
    shutil.copytree(tiny_scan_grid_run, root / SCAN_GRID_RUN)
    shutil.copytree(os.path.join(tiny_data, "train"), root / "micrographs")
    (root / "scans").mkdir()
    names = {"scan": 16, "image": 80, "survey": 80, "BTO_crystal_1": 104, "scans/1": 16, "scans/2": 16}
    for name, side in names.items():
        np.save(root / "scratch.npy", rng_module.random((side, side), np.float32))
        scan = dataclasses.replace(read(str(root / "scratch.npy")), pixel_size=(0.03, 0.03), units="nm")
        write(str(root / f"{name}{'.tif' if name == 'survey' else '.hspy'}"), scan)
    np.save(root / "scans.npy", rng_module.random((2, 16, 16), np.float32))
    (root / "token").write_text("of-a-server-that-asks-for-none")
    (root / "scan.u16").write_bytes(rng_module.integers(0, 65535, (103, 103), np.uint16).tobytes())
    return root


@pytest.fixture(scope="module")
def rng_module():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def tells_its_errors(tmp_path_factory, tiny_scan_grid_run, tiny_data):
    """A tiny run with error bars."""
    run = str(tmp_path_factory.mktemp("telling") / "run")
    shutil.copytree(tiny_scan_grid_run, run)
    assert cli.main(["fit-uncertainty", "--weights", run, "--data", tiny_data, "--iterations", "2"]) == 0
    return run


@pytest.fixture(scope="module")
def server(tiny_scan_grid_run):
    """Where a server is, as `SERVER` says it, once it is asked for."""
    from serving.conftest import running

    with contextlib.ExitStack() as stack:

        @functools.cache
        def start():
            return stack.enter_context(running("--weights", tiny_scan_grid_run))[1].split("/")[2]

        yield start


@pytest.fixture
def small(monkeypatch, workspace, tiny_run, tiny_scan_grid_run):
    """A tiny generator is the pretrained one; only TRAINED is trained."""
    from dlss_tf import weights
    from dlss_tf.training import trainer

    train = trainer.train

    def train_or_copy(config, run, **kwargs):
        if run == TRAINED and not kwargs.get("resume"):
            return train(config, run, **kwargs)
        shutil.copytree(tiny_scan_grid_run if config.network == "scan-grid" else tiny_run, run, dirs_exist_ok=True)
        return "complete"

    monkeypatch.setattr(weights, "pretrained", lambda name="": tiny_run)
    monkeypatch.setattr(trainer, "train", train_or_copy)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(workspace)


def run_command(command: str, monkeypatch) -> None:
    """Run a line of a shell block, or at least check it."""
    pages.check(command)
    words = pages.arguments(command)
    if words[0] == "make":
        return  # checked: run dry
    if os.path.basename(words[0]) == "python" and words[1] == "-m":
        run_module(words[2], words[3:], monkeypatch, only_parse=plain(command) in NOT_RUN)
        return
    if plain(command) in NOT_RUN:
        return
    if words[0] == "curl":
        done = subprocess.run(["curl", "--fail", "--silent", "--show-error", *expanded(words[1:])], capture_output=True)
        assert done.returncode == 0, f"{command}: {done.stderr.decode()}"
        return
    assert words[0] == "dlss-tf", f"{command}: neither run nor in NOT_RUN"
    words = expanded(words[1:])
    extra = SMALL.get(words[0], []) if not {"--resume", "onnx"} & set(words) else []
    assert cli.main([*words, *extra]) == 0


def expanded(words: list[str]) -> list[str]:
    """Words with stand-ins, and patterns as a shell expands them."""
    for suffix, other in STAND_INS.items():
        words = [word.replace(suffix, other) for word in words]
    return [path for word in words for path in (sorted(glob.glob(word)) if "*" in word else [word])]


class Parsed(Exception):
    """A module's arguments were parsed, and no more was asked for."""


def run_module(name: str, words: list[str], monkeypatch, only_parse: bool) -> None:
    parse = ArgumentParser.parse_args

    def parse_only(self, *args, **kwargs):
        parse(self, *args, **kwargs)
        raise Parsed

    with monkeypatch.context() as patch:
        if only_parse:
            patch.setattr(ArgumentParser, "parse_args", parse_only)
        patch.setattr(sys, "argv", [name, *words, *SMALL.get(name, [])])
        try:
            runpy.run_module(name, run_name="__main__")
        except Parsed:
            return
        except SystemExit as ended:
            assert not ended.code, f"python -m {name} {' '.join(words)}: status {ended.code}"


def run_python(code: str, namespace: dict) -> None:
    for suffix, other in STAND_INS.items():
        code = code.replace(f'{suffix}"', f'{other}"')
    compiled = compile(code, "snippet", "exec")
    if code.strip().splitlines()[0] not in NOT_RUN:
        exec(compiled, namespace)


def test_the_list_of_what_is_not_run_has_no_more_than_is_there():
    blocks = [block for blocks in BLOCKS.values() for block in blocks]
    found = {plain(line) for language, code in blocks if language == "" for line in commands(code)}
    found |= {code.strip().splitlines()[0] for language, code in blocks if language == "python"}
    assert set(NOT_RUN) - found == set()


def test_languages_are_known():
    assert {language for blocks in BLOCKS.values() for language, _ in blocks} <= {"", "python", "text"}


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted(page for page, blocks in BLOCKS.items() if any(b[0] != "text" for b in blocks)))
def test_snippets_run(page, small, tells_its_errors, server, monkeypatch, capsys):
    from dlss_tf import weights

    scan, images = np.random.default_rng(1).random((16, 16), np.float32), np.random.default_rng(2).random((2, 32, 32))
    paper = weights.pretrained(weights.PAPERS)
    namespace = {"__name__": "snippet", "scan": scan, "images": images.astype(np.float32)}
    for language, code in BLOCKS[page]:
        if SERVER in code:
            code = code.replace(SERVER, server())
        if any(words in code for words in ("uncertainty", "dlss-tf demo", "--format onnx")):  # of such a generator
            monkeypatch.setattr(
                weights, "pretrained", lambda name="": paper if name == weights.PAPERS else tells_its_errors
            )
        if language == "python":
            run_python(code, namespace)
        elif language == "":
            for command in commands(code):
                try:
                    run_command(command, monkeypatch)
                except (AssertionError, InputError) as error:
                    printed = "".join(capsys.readouterr())[-1000:]
                    raise AssertionError(f"{page}: {command}\n{error}\n{printed}") from error


@pytest.mark.parametrize("page", sorted(pages.PAGES))
def test_commands_in_sentences_can_be_given(page):
    for command in filter(pages.is_command, pages.code_spans(pages.PAGES[page])):
        pages.check(command, mentioned=True)


def test_a_snippet_that_is_wrong_or_in_no_list_is_found(monkeypatch):
    """The tests above can fail."""
    for bad in ("rm -r data", "dlss-tf paint", "dlss-tf train --colour red", "make tea", "python -m experiments.tea"):
        with pytest.raises(AssertionError):
            run_command(bad, monkeypatch)
