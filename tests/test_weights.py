import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from golden import trace

from dlss_tf import Supersampler, weights
from dlss_tf.errors import InputError
from tools.publish import publish
from tools.widen import widen

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 60e6


def test_pretrained_generator_is_found_and_small():
    path = weights.pretrained()
    assert os.path.getsize(os.path.join(path, weights.FILE)) < MOST_BYTES
    config, _ = weights.load(path)
    assert config.network == "two-stage"
    assert config.factors == (4, 5, 6, 7, 8, 9, 10)
    assert config.data == ()  # names no folder of ours


def test_unknown_pretrained_generator():
    with pytest.raises(
        InputError, match="weights huge: expected a run directory, or a pretrained generator in .*, found nothing"
    ):
        weights.pretrained("huge")


@pytest.mark.slow
def test_an_installed_package_brings_the_pretrained_generator_and_its_types(tmp_path):
    build = [sys.executable, "setup.py", "--quiet", "build", "--build-base", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    command = [sys.executable, "-c", "from dlss_tf import weights; print(weights.pretrained())"]
    found = subprocess.run(command, cwd=tmp_path / "lib", check=True, capture_output=True, text=True).stdout.strip()
    assert Path(found) == tmp_path / "lib" / "dlss_tf" / "checkpoints" / weights.PRETRAINED
    assert weights.load(found)[0] == weights.load(weights.pretrained())[0]
    assert (tmp_path / "lib" / "dlss_tf" / "py.typed").is_file()  # so that who uses the package has its types


def test_published_weights_are_the_runs_in_half_precision(tiny_run, tmp_path, rng):
    publish(tiny_run, str(tmp_path / "checkpoint"))
    config, arrays = weights.load(str(tmp_path / "checkpoint"))
    assert config == weights.load(tiny_run)[0].replace(data=())
    for name, array in weights.load(tiny_run)[1].items():
        np.testing.assert_allclose(arrays[name], array, rtol=1e-3, atol=1e-7)
    with np.load(tmp_path / "checkpoint" / weights.FILE) as file:
        assert {file[name].dtype for name in file.files} == {np.dtype(np.float16)}
    scan = rng.random((13, 13), np.float32)
    images = [Supersampler(directory)(scan, 5) for directory in (tiny_run, str(tmp_path / "checkpoint"))]
    np.testing.assert_allclose(images[1], images[0], atol=0.01)


def test_weights_of_an_earlier_edition_are_published_and_widened_as_such(tiny_run, as_first_edition, tmp_path):
    run = as_first_edition(tiny_run)
    publish(run, str(tmp_path / "published"))
    widen(run, str(tmp_path / "wide"), 0.06)
    assert {weights.load(str(tmp_path / name))[0].rules for name in ("published", "wide")} == {1}


def test_pretrained_generator_gives_the_same_image_on_every_stack():
    kept = trace("unified-small")  # made with TensorFlow 2.15
    np.testing.assert_allclose(Supersampler()(kept["scan"], 5), kept["image"], atol=1e-4)


def test_without_weights_the_pretrained_generator_is_taken(rng):
    scan = rng.random((13, 13), np.float32)
    for same in (weights.pretrained(), weights.PRETRAINED):
        np.testing.assert_array_equal(Supersampler()(scan, 5), Supersampler(same)(scan, 5))
