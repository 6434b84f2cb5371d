import json
import os
import shutil

import numpy as np
import pytest
import tifffile

from dlss_tf import weights
from dlss_tf.config import Config
from dlss_tf.errors import InputError
from dlss_tf.training.settings import finetuning


@pytest.fixture
def image(tmp_path):
    """`image(height, width)`: path of a TIFF of that size."""

    def write(*shape):
        path = str(tmp_path / f"{'x'.join(map(str, shape))}.tif")
        tifffile.imwrite(path, np.zeros(shape, np.uint8))
        return path

    return write


def test_same_network_trained_gently(tiny_scan_grid_run, image):
    """For as long as one likes, its weights averaged, on varied crops; what makes the network stays."""
    config, begun = (
        finetuning(tiny_scan_grid_run, ["a", "b"], [image(512, 600)], 3),
        weights.load(tiny_scan_grid_run)[0],
    )
    assert (config.start_from, config.data, config.seed) == (tiny_scan_grid_run, ("a", "b"), 3)
    assert (config.schedule, config.average_weights, config.freeze_at) == ("constant", 0.999, 0)
    assert config.learning_rate < begun.learning_rate and config.augment
    for name in ("network", "width", "factors", "size", "bias", "intensity_reference", "p_coefficients"):
        assert getattr(config, name) == getattr(begun, name)


@pytest.mark.parametrize(("sides", "size"), [([(600, 700), (512, 512)], 512), ([(600, 700), (1, 150, 131)], 128)])
def test_crops_fit_into_the_smallest_image(image, sides, size):
    files = [image(*each) for each in sides]
    assert finetuning(weights.PRETRAINED, ["data"], files, 0).size == size


def test_a_damaged_file_is_told_when_it_is_read(image, tmp_path):
    (tmp_path / "damaged.tif").write_bytes(b"half")
    files = [str(tmp_path / "damaged.tif"), image(300, 300)]
    assert finetuning(weights.PRETRAINED, ["data"], files, 0).size == 288


def test_refuses_images_that_are_too_small(image):
    small = image(90, 200)
    with pytest.raises(InputError, match=r"at least 96 x 96 px .*, found .*90x200.tif with a side of 90"):
        finetuning(weights.PRETRAINED, ["data"], [image(300, 300), small], 0)


@pytest.mark.parametrize(
    ("changes", "found"),
    [({"adversarial": True}, "found an adversarial one"), ({"objective": "no-blur"}, "found one of objective no-blur")],
)
def test_refuses_generators_that_are_trained_by_more(tiny_run, tmp_path, changes, found):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    config = Config.load(os.path.join(run, "config.json"))
    (run / "config.json").write_text(json.dumps({**json.loads(config.to_json()), **changes}))
    with pytest.raises(InputError, match=f"{found}; `dlss-tf train --start-from`"):
        finetuning(str(run), ["data"], [], 0)
