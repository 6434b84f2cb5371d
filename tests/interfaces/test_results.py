import numpy as np
import pytest

from dlss_tf.config import Config
from dlss_tf.errors import gathered
from dlss_tf.formats.image import Micrograph
from dlss_tf.inference.options import Options
from dlss_tf.interfaces.results import history, made_of, micrographs


@pytest.fixture
def scan():
    data = np.arange(16, dtype=np.uint8).reshape(4, 4)
    return Micrograph(data, pixel_size=(0.5, 0.5), units="nm", title="lattice", history=("scanned",))


def test_history_says_by_what_and_how():
    line = history("mine", Config(width=0.25), 5, Options(refine=True))
    assert line.startswith("supersampled by 5 with dlss_tf ") and "generator mine (two-stage, width 0.25)" in line
    assert line.endswith("; refined by its samples")


def test_images_keep_what_is_known_of_their_scan(scan):
    images = {"image": np.full((20, 20), 2.6, np.float32), "uncertainty": np.ones((20, 20), np.float32)}
    made = micrographs(scan, images, 5, "done", None, "scan.npy")
    assert list(made) == ["image", "uncertainty"] and made["image"].data is images["image"]
    for each in made.values():
        assert each.pixel_size == (0.1, 0.1) and each.units == "nm" and each.history == ("scanned", "done")


def test_in_the_scans_type_values_are_rounded_and_clipped_and_that_is_said(scan):
    image = np.array([[2.6, 300.0], [-4.0, 7.0]], np.float32)
    with gathered() as sentences:
        made = micrographs(scan, {"image": image}, 5, "done", "same", "scan.npy")["image"]
    assert made.data.tolist() == [[3, 255], [0, 7]] and made.data.dtype == np.uint8
    assert made.history[-1] == "done; rounded to uint8"
    assert sentences == ["scan.npy: 2 of 4 values lay beyond uint8's 0 to 255 and were clipped"]


def test_how_much_is_guessed_is_said(scan):
    marks = np.zeros((20, 20), np.float32)
    marks[:5] = 0.9
    with gathered() as sentences:
        made = micrographs(scan, {"image": marks, "guessed": marks}, 5, "done", None, "scan.npy")
    assert "beyond the scan's limit" in made["guessed"].history[-1]
    assert len(sentences) == 1 and sentences[0].startswith("scan.npy: 25% of the image holds detail finer")


@pytest.mark.parametrize(
    ("factor", "share", "words"),
    [
        (4, 0.004, "factor 4 trained for; 0% guessed"),
        (5, 0.337, "factor 5 trained for; 34% guessed"),
        (3, None, "factor 3 not trained for"),
    ],
)
def test_what_can_be_said_without_a_truth(scan, factor, share, words):
    made = made_of(scan, factor, Config(), share)
    assert made.describe() == f"{scan.describe()}; {words}" and made.trust() == words
    assert (made.data, made.history, made.factor_trained) == (scan.data, scan.history, factor >= 4)
