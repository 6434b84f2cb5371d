import os
import subprocess
import sys
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


def test_pretrained_generator_gives_the_same_image_on_every_stack():
    kept = trace("unified-small")  # made with TensorFlow 2.15
    np.testing.assert_allclose(Supersampler()(kept["scan"], 5), kept["image"], atol=1e-4)


def test_without_weights_the_pretrained_generator_is_taken(rng):
    scan = rng.random((13, 13), np.float32)
    image, *same = (Supersampler(name)(scan, 5) for name in (None, weights.pretrained(), weights.PRETRAINED))
    for other in same:
        np.testing.assert_array_equal(other, image)
