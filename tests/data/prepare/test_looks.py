import numpy as np
import pytest
from data.prepare.pictures import specimen

from dlss_tf.data.prepare import looks

IMAGE = specimen(0, (128, 128), "float32")


def test_means_over_areas():
    image = np.arange(35.0).reshape(5, 7)
    assert looks.area_means(image, 1) == image.mean()
    assert (looks.area_means(np.kron(image[:4, :4], np.ones((3, 3))), 4) == image[:4, :4]).all()


@pytest.mark.parametrize(
    "same",
    [
        3 * IMAGE - 1e6,
        np.rint(IMAGE / IMAGE.max() * 255),
        IMAGE[::2, ::2],
        IMAGE + 20 * np.arange(128),  # a slope of brightness
        np.where(np.random.default_rng(0).random(IMAGE.shape) < 1e-3, np.nan, IMAGE),
    ],
)
def test_the_same_image_looks_alike(same):
    pairs = [("a", looks.looks(IMAGE)), ("b", looks.looks(same)), ("c", looks.looks(specimen(1, (128, 128))))]
    assert set(looks.alike(pairs)) in ({("a", "b")}, {("a", "b"), ("b", "a")})


def test_other_images_do_not(rng):
    images = [specimen(seed) for seed in range(20)] + [rng.normal(size=(64, 64)) for _ in range(20)]
    slopes = [rng.normal(size=(64, 64)) + slope * np.arange(64) for slope in (1, 2)] + [np.ones((64, 64))] * 2
    assert not list(looks.alike((str(number), looks.looks(each)) for number, each in enumerate(images + slopes)))


def test_images_of_one_specimen_are_no_pair(monkeypatch):
    monkeypatch.setattr(looks, "_BLOCK", 2)  # also over blocks
    same = looks.looks(IMAGE)
    found = set(looks.alike([("a", same), ("a", same), ("b", looks.looks(specimen(1))), ("c", same)]))
    assert {frozenset(pair) for pair in found} == {frozenset("ac")}
    assert list(looks.alike([])) == []
