"""Three people's paths, each in a folder of its own: what they type stands in the pages so, and what they get is there.

Others of the pages' commands run in test_snippets.py, whose stand-ins and small networks these are.
"""

import glob
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pages
import pytest
from docs.test_snippets import (  # noqa: F401  fixtures among them
    SERVER,
    SMALL,
    commands,
    plain,
    rng_module,
    run_command,
    run_module,
    run_python,
    server,
    small,
    tells_its_errors,
    workspace,
)

from dlss_tf import cli, micrograph, weights

pytestmark = pytest.mark.slow


def typed(page: str, whole: str) -> str:
    """The one command of a page with these words, or the block of Python that has them for a line."""
    blocks = pages.fences(pages.PAGES[page])
    lines = [line for language, code in blocks if language == "" for line in commands(code)]
    found = [line for line in lines if plain(line) == whole]
    found += [code for language, code in blocks if language == "python" and whole in code.splitlines()]
    assert len(found) == 1, f"{page}: expected {whole} once, found it {len(found)} times"
    return found[0]


@pytest.fixture
def pretrained(tells_its_errors, monkeypatch, small):  # noqa: F811
    """The generator that ships tells its errors."""
    monkeypatch.setattr(weights, "pretrained", lambda name="": tells_its_errors)


def test_a_microscopist_from_a_dm4_to_a_figure(pretrained, monkeypatch, capsys):
    for command in (
        "dlss-tf demo",
        "dlss-tf supersample scan.dm4 --factor 5",
        "dlss-tf supersample scan.dm4 --factor 5 --format png",
        "dlss-tf supersample scan.dm4 --factor 5 --uncertainty --out told",
        "dlss-tf check image.dm4 --factor 5",
    ):
        run_command(typed("README.md", command), monkeypatch)
    told = capsys.readouterr().out
    assert os.path.exists("demo/scan-x5.tif") and "Look at demo/scan-x5-preview.png" in told
    for made in ("scan-x5.tif", "scan-x5.png", "told/scan-x5.tif", "told/scan-x5-uncertainty.tif"):
        assert micrograph.read(made).describe() == "80x80 px of 0.006 nm", made
    assert os.path.exists("scan-x5-preview.png") and "\nClosest" in told
    assert os.path.exists(re.search(r"^Picture: (\S+)$", told, re.MULTILINE)[1])
    run_python(typed("docs/supersample.md", "import matplotlib.pyplot as plt"), {})
    assert os.path.exists("BTO-x4.png") and micrograph.read("BTO-x4.hspy").describe() == "416x416 px of 0.0075 nm"


def test_a_student_and_the_papers_table_2_and_figure_6(small, monkeypatch, capsys):  # noqa: F811
    make = shlex.split(typed("README.md", "make eval-table2 WEIGHTS=unified-small DATA=my_scans"), comments=True)
    done = subprocess.run([*make, "-n"], cwd=pages.ROOT, capture_output=True, text=True, check=True)
    (table,) = (pages.arguments(line) for line in done.stdout.splitlines() if " -m experiments." in line)
    monkeypatch.setitem(SMALL, "experiments.table2", ["--size", "64", "--limit", "1"])
    run_module(table[2], table[3:], monkeypatch, only_parse=False)
    assert "DLSS is unified-small.\nThe paper's means" in capsys.readouterr().out
    figure = ".venv/bin/python -m experiments.fig06 --weights unified-small --data my_scans"
    run_command(typed("README.md", figure), monkeypatch)
    ours, drawn = (json.loads(Path(f"results/{name}.json").read_text("utf-8")) for name in ("table2", "fig06"))
    assert ours["paper"]["mean"]["unified"] == drawn["paper"]["mean"]
    assert ours["coverages"]["1/16"]["dlss"]["mean"] == pytest.approx(drawn["coverages"]["1/16"]["mean"])
    assert all(os.path.exists(f"results/{name}.png") for name in ("table2", "fig06"))


def test_facility_staff_and_a_folder_of_files_on_a_server(pretrained, server, monkeypatch):  # noqa: F811
    def here(command):
        return typed("docs/serve.md", command).replace(SERVER, server())

    run_command(
        here("curl --data-binary @scan.dm4 http://localhost:8501/api/supersample?factor=5&name=scan.dm4 -o curled.tif"),
        monkeypatch,
    )
    run_command(
        here("dlss-tf supersample scan.dm4 --factor 5 --server http://localhost:8501 --out served"), monkeypatch
    )
    folder = (
        "dlss-tf supersample scans --factor 5 --server http://localhost:8501 --token-file token --out by-the-server"
    )
    run_command(here(folder), monkeypatch)
    scan = np.zeros((16, 16), np.float32)
    run_python(here("from dlss_tf.serving.client import Client"), {"scan": scan})
    ways = [micrograph.read(path).data for path in ("curled.tif", "served/scan-x5.tif", "served.tif")]
    assert ways[0].shape == (80, 80) and ways[0].std() > 0
    np.testing.assert_allclose(ways[1:], np.stack([ways[0]] * 2), atol=1e-4)
    from dlss_tf.interfaces import watch

    monkeypatch.setattr(watch, "arrivals", lambda folder, existing: iter(sorted(glob.glob(f"{folder}/*"))))
    live = typed("README.md", "dlss-tf watch scans --factor 5 --out images")
    assert cli.main(pages.arguments(live)[1:]) == 0
    names = ["1-x5-preview.png", "1-x5.tif", "2-x5-preview.png", "2-x5.tif"]
    assert sorted(os.listdir("images")) == sorted(os.listdir("by-the-server")) == names
