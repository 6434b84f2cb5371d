import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from golden import trace

from dlss_tf import Supersampler, weights
from dlss_tf.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 60e6


def test_pretrained_generator_is_found_and_small():
    path = weights.pretrained()
    assert os.path.getsize(os.path.join(path, weights.FILE)) < MOST_BYTES
    config, _ = weights.load(path)
    assert config.network == "scan-grid"
    assert config.factors == tuple(range(2, 13))
    assert config.data == ()  # names no folder of ours


def test_unknown_pretrained_generator():
    with pytest.raises(
        InputError, match="weights huge: expected a run directory or a pretrained generator .*, found nothing"
    ):
        weights.pretrained("huge")


def test_names_of_pretrained_generators():
    names = weights.pretrained_names()
    assert names[0] == weights.PRETRAINED and weights.PAPERS in names
    assert sorted(names) == sorted(path.parent.name for path in (ROOT / "checkpoints").glob("*/config.json"))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("unified-smal", "unified-small"),
        ("{}/runs/mxied", "{}/runs/mixed"),
        ("{}/runs", "{}/runs/mixed"),
        ("{}/runs/mixed/weights", "{}/runs/mixed"),
        ("{}/runs/mixed/weights/generator.npz", "{}/runs/mixed"),
    ],
)
def test_what_may_have_been_meant(tmp_path, given, meant):
    run = tmp_path / "runs" / "mixed"
    (run / "weights").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    (run / "weights" / "generator.npz").touch()
    with pytest.raises(InputError, match=f"; did you mean {meant.format(tmp_path)}" + r"\?$"):
        weights.load(given.format(tmp_path))


@pytest.mark.slow
def test_an_installed_package_brings_the_pretrained_generator_and_its_types(tmp_path):
    build = [sys.executable, "setup.py", "--quiet", "build", "--build-base", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    command = [sys.executable, "-c", "from dlss_tf import weights; print(weights.pretrained())"]
    found = subprocess.run(command, cwd=tmp_path / "lib", check=True, capture_output=True, text=True).stdout.strip()
    assert Path(found) == tmp_path / "lib" / "dlss_tf" / "checkpoints" / weights.PRETRAINED
    assert weights.load(found)[0] == weights.load(weights.pretrained())[0]
    assert (tmp_path / "lib" / "dlss_tf" / "py.typed").is_file()  # so that who uses the package has its types


def edited(offset, value):
    """One byte of the archive's first entry changed: a zip of another kind."""

    def edit(path):
        raw = bytearray(path.read_bytes())
        raw[raw.find(b"PK\x01\x02") + offset] = value
        path.write_bytes(raw)

    return edit


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as file:
        np.save(file, np.zeros(10**7, np.float32))


def endless(path):
    """A header that promises what no memory holds."""
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (10**16,)})


def one(array, name="a"):
    return lambda path: np.savez(path, **{name: array})


DAMAGES = {
    "an array alone": lambda path: np.save(open(path, "wb"), np.zeros(3)),  # noqa: SIM115
    "encrypted": edited(8, 1),
    "unknown method": edited(10, 99),
    "truncated": lambda path: os.truncate(path, 100_000),
    "empty": lambda path: os.truncate(path, 0),
    "zeros": lambda path: path.write_bytes(bytes(1000)),
    "bomb": bomb,
    "endless": endless,
    "text": one(np.array(["a"])),
    "complex": one(np.zeros(3, complex)),
    "not finite": one(np.array([np.nan])),
    "pickle": one(np.array([{}], object)),
    "no array": lambda path: zipfile.ZipFile(path, "w").writestr("a", b"text"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_or_hostile_weights_are_one_sentence(tmp_path, damage):
    source = Path(weights.pretrained())
    (tmp_path / "weights").mkdir()
    for name in ("config.json", weights.FILE):
        shutil.copy(source / name, tmp_path / name)
    DAMAGES[damage](tmp_path / weights.FILE)
    with pytest.raises(InputError, match=r"generator.npz: expected a generator's weights, found") as refusal:
        weights.load(str(tmp_path))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["unified-small", "unified-scan"])
def test_pretrained_generator_gives_the_same_image_on_every_stack(name):
    kept = trace(name)  # made with TensorFlow 2.15
    np.testing.assert_allclose(Supersampler(name)(kept["scan"], 5), kept["image"], atol=1e-4)


def test_without_weights_the_pretrained_generator_is_taken(rng):
    scan = rng.random((13, 13), np.float32)
    image, *same = (Supersampler(name)(scan, 5) for name in (None, weights.pretrained(), weights.PRETRAINED))
    for other in same:
        np.testing.assert_array_equal(other, image)


@pytest.mark.parametrize("name", os.listdir(os.path.dirname(weights.pretrained())))
def test_model_cards_have_the_digest_that_results_have(name):
    directory = os.path.join(os.path.dirname(weights.pretrained()), name)
    if os.path.isdir(directory):
        with open(os.path.join(directory, "MODEL_CARD.md"), encoding="utf-8") as card:
            said = card.read()
        assert f"| SHA-256 of `weights/generator.npz` | `{weights.digest(name)}`" in said
        spread = weights.digest(name, weights.SPREAD_FILE)
        assert not spread or f"| of `weights/spread.npz` | `{spread}` |" in said
        assert weights.identity(name)["sha256"] == weights.digest(name)


def test_which_generator_it_is(tmp_path):
    run = shutil.copytree(weights.pretrained(), str(tmp_path / "run"))
    found = weights.identity(f"{run}/")
    assert (found["name"], found["weights"]) == ("run", f"{run}/")
    assert found["sha256"] == weights.digest() and found["spread_sha256"] == weights.digest(None, weights.SPREAD_FILE)
    shutil.rmtree(os.path.join(run, "weights"))
    assert weights.digest(run) is None and weights.identity(run) == {"name": "run", "weights": run}
