import dataclasses
import json
import os
import shutil

import pytest

from dlss_tf import micrograph, weights
from dlss_tf.interfaces import origins

MADE = {
    "result": "image",
    "date": "2026-11-26T21:07:03+00:00",
    "command": "supersample",
    "factor": 5,
    "options": {"ensemble": True},
    "version": "0.1.0",
    "revision": "8be45d5",
    "tensorflow": "2.15.1",
    "generator": {"name": "unified-small", "weights": "unified-small", "sha256": "0a"},
    "source": {"file": "scan.dm4", "sha256": "0b", "image": 2},
}


def told(made):
    """What is told of an image.tif, by the first word of each line."""
    lines = [line.split(maxsplit=1) for line in origins.told("image.tif", made)]
    return dict(lines)


def test_where_it_came_from_is_told(image, tmp_path):
    path = str(tmp_path / "image.tif")
    micrograph.write(path, dataclasses.replace(image, provenance=MADE))
    here = weights.digest("unified-small")
    assert origins.contents(path) == [
        "  1* gold on carbon  20x24 px of 0.25 nm, float32",
        "  made       2026-11-26T21:07:03+00:00 by dlss_tf 0.1.0, revision 8be45d5, TensorFlow 2.15.1",
        "  what       image, supersampled by 5; mean of 8 flips and rotations",
        f"  generator  unified-small, SHA-256 0a (NOT those of that name here, which have {here})",
        "  source     scan.dm4, image 2, SHA-256 0b",
        "  again      dlss-tf supersample scan.dm4 --image 2 --factor 5 --weights unified-small "
        "--runtime tensorflow --ensemble --out again/image.tif",
    ]
    micrograph.write(path, image)
    assert origins.contents(path) == ["  1* gold on carbon  20x24 px of 0.25 nm, float32"]


def test_whether_the_generator_is_the_one_that_is_here(tmp_path):
    run = str(tmp_path / "run")
    shutil.copytree(weights.pretrained("unified-scan"), run)
    made = {**MADE, "generator": weights.identity(run)}
    assert told(made)["generator"].count("(the same as here)") == 2
    os.remove(os.path.join(run, weights.SPREAD_FILE))
    with open(os.path.join(run, weights.FILE), "ab") as file:
        file.write(b"trained further")
    found = told(made)["generator"]
    assert f"SHA-256 {made['generator']['sha256']} (NOT those of that name here, which have " in found
    assert found.endswith("(there are none of that name here)")
    shutil.rmtree(run)
    assert told(made)["generator"].count("(there are none of that name here)") == 2


def test_no_other_machine_is_asked(monkeypatch):
    monkeypatch.setattr(weights, "digest", None)
    for name in ("//server/share", "\\\\server\\share", "/\\server"):
        made = {**MADE, "generator": {"weights": name, "sha256": "0a"}}
        assert told(made)["generator"] == f"{name}, SHA-256 0a (not looked for)"


def test_a_pipe_is_no_weights(tmp_path):
    os.makedirs(tmp_path / "run" / "weights")
    os.mkfifo(tmp_path / "run" / weights.FILE)
    made = {**MADE, "generator": {"weights": str(tmp_path / "run"), "sha256": "0a"}}
    assert told(made)["generator"].endswith("(there are none of that name here)")


def test_what_was_made_elsewhere():
    served = {**MADE, "server": True, "depth": "uint8", "source": {"sha256": "0b", "dtype": "uint16", "shape": "9,9"}}
    found = told(served)
    assert " by a server's dlss_tf 0.1.0" in found["made"] and found["what"].endswith("; sent as uint8")
    assert found["source"] == "numbers of type uint16, shape 9,9, SHA-256 0b"
    assert found["again"].startswith("by no command: ")
    assert told({**MADE, "source": {}})["source"] == "an array; no file is known"


def test_a_source_that_was_made_itself():
    before = {"command": "downsample", "factor": 4, "version": "0.1.0", "source": {"file": "full.dm4"}}
    made = {**MADE, "source": {"file": "in/scan.tif", "provenance": before}}
    assert origins.told("image.tif", made)[-5:] == [
        "  before     in/scan.tif was itself made of another:",
        "    made       at an unknown time by dlss_tf 0.1.0",
        "    what       every 4th sample of a row and of a column",
        "    source     full.dm4",
        "    again      dlss-tf downsample full.dm4 --factor 4 --out again/scan.tif",
    ]


@pytest.mark.parametrize(
    "made",
    [
        {"generator": 3, "source": "a", "options": 5},
        {"generator": {}, "source": {"file": {"a": 1}, "provenance": 3}, "options": {"a": {"b": 1}}},
        {"generator": {"weights": "\0", "sha256": {"a": "b"}}, "version": {"a": 1}},
        {"command": {"a": 1}, "factor": {"a": 1}, "result": {"a": 1}, "dtype": {"a": 1}, "depth": {"a": 1}},
        {"generator": {"weights": "/dev/zero", "sha256": "0"}, "tile": {"a": 1}, "source": {"file": "a", "image": {}}},
    ],
)
def test_whatever_a_file_says_is_told(made):
    for each in (made, {**MADE, **made}, {"source": {"provenance": made}}):
        assert all(line.isprintable() for line in origins.told("image.tif", each))


def test_an_ome_zarr_tells_too(tmp_path):
    folder = tmp_path / "a.ome.zarr"
    (folder / "0").mkdir(parents=True)
    levels = {"multiscales": [{"datasets": [{"path": "0"}]}], "dlss_tf": MADE}
    (folder / ".zattrs").write_text(json.dumps(levels))
    (folder / "0" / ".zarray").write_text(json.dumps({"shape": [8, 9], "dtype": "<f4"}))
    found = origins.contents(f"{folder}/")
    assert found[0] == "  1  level 0  8x9 px, f4" and found[1].startswith("  made ")
