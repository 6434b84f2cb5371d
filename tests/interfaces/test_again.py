import dataclasses
import os
import shlex
import subprocess

import pytest

from dlss_tf.cli import options
from dlss_tf.cli.commands import parser
from dlss_tf.inference.options import Options
from dlss_tf.interfaces.again import command

MADE = {
    "command": "supersample",
    "factor": 5,
    "options": {"ensemble": True, "refine": True, "deblur": "adam"},
    "tile": 512,
    "dtype": "same",
    "generator": {"name": "scan", "weights": "runs/scan"},
    "source": {"file": "my scan.dm4", "image": 2},
}


def words(line):
    """What a shell makes of a line, if its program is one that prints them."""
    done = subprocess.run(["bash", "-c", f"dlss-tf() {{ printf '%s\\0' \"$@\"; }}\n{line}"], capture_output=True)
    assert done.returncode == 0 and not done.stderr
    return [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]


def test_of_all_that_it_takes():
    assert command("out/a b-x5.hspy", MADE) == (
        "dlss-tf supersample 'my scan.dm4' --image 2 --factor 5 --weights runs/scan --tile 512 "
        "--ensemble --refine --deblur adam --dtype same --out 'again/a b-x5.hspy'"
    )
    few = {"command": "supersample", "factor": 4, "source": {"file": "a.npy"}}
    assert command("a.tif", few) == "dlss-tf supersample a.npy --factor 4 --out again/a.tif"
    assert command("b.ome.tif", {**few, "command": "downsample"}).endswith(
        "downsample a.npy --factor 4 --out again/b.ome.tif"
    )


def test_what_lies_beside_comes_with_its_image():
    for result in ("uncertainty", "guessed", "preview"):
        assert command(f"a-x5-{result}.tif", {**MADE, "result": result}).endswith("--out again/a-x5.tif")
    assert command("a-guessed.tif", {**MADE, "result": "image"}).endswith("--out again/a-guessed.tif")


@pytest.mark.parametrize("field", dataclasses.fields(Options), ids=lambda field: field.name)
def test_every_option_is_given(field):
    chosen = dataclasses.replace(Options(), **{field.name: "adam" if field.name == "deblur" else True})
    given = {name: value for name, value in vars(chosen).items() if value is not None}
    line = command("a.tif", {**MADE, "options": given})
    arguments = parser().parse_args(shlex.split(line)[1:])
    assert options.options(arguments) == chosen
    found = (arguments.files, arguments.factor, arguments.image, arguments.weights, arguments.tile, arguments.dtype)
    assert found == (["my scan.dm4"], 5, "2", "runs/scan", 512, "same") and arguments.out == "again/a.tif"


@pytest.mark.parametrize(
    "name",
    [
        "a; rm -rf ~",
        "$(reboot)",
        "`id`",
        "a'b\"c\\",
        "-rf",
        "a\nreboot",
        "\x1b[2J",
        "\x1b1'\\n",
        "\udcfe\xe9.dm4",
        "~",
        "!!",
    ],
)
def test_names_are_names_whatever_is_in_them(name):
    generator = {"name": name, "weights": name}
    line = command(name + ".tif", {**MADE, "generator": generator, "source": {"file": name, "image": name}})
    assert line.isprintable()
    found = parser().parse_args(words(line))
    assert os.path.normpath(found.files[0]) == os.path.normpath(name)
    assert found.image == found.weights == name and found.out == f"again/{name}.tif"


@pytest.mark.parametrize(
    "change",
    [
        {"command": "rm"},
        {"command": 3},
        {"factor": 1},
        {"factor": "5; reboot"},
        {"factor": 5.0},
        {"options": {"paint": True}},
        {"options": {"refine": "x; reboot"}},
        {"options": {"deblur": "; reboot"}},
        {"options": {"deblur": True}},
        {"options": {"ensemble": True, "uncertainty": True}},
        {"source": {}},
        {"source": "a.npy"},
        {"source": {"file": 3}},
    ],
)
def test_of_what_this_version_does_not_know_there_is_none(change):
    assert command("a.tif", {**MADE, **change}) == ""
    assert command("a.tif", {}) == ""


def test_what_was_called_in_python():
    made = {**MADE, "command": "supersample_lazily", "options": {"keep_known": True}}
    expected = "supersample_lazily(scans, 5, 'runs/scan', 512, Options(keep_known=True))"
    assert command("a.ome.zarr", made) == expected
    hostile = {**made, "options": {}, "generator": {"weights": "a'\n\x1b"}, "tile": "1); reboot("}
    assert command("a.zarr", hostile) == "supersample_lazily(scans, 5, \"a'\\n\\x1b\", '1); reboot(')"
    assert command("a.hspy", {**made, "command": "supersample_signal", "options": {}}) == (
        "supersample_signal(signal, 5, Supersampler('runs/scan', 512))"
    )
