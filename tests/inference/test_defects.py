import numpy as np
import pytest

from dlss_tf.inference import defects


def test_saturated_samples_pile_up_at_the_top(rng):
    image = rng.normal(100, 20, (64, 64))
    assert defects.saturated(np.minimum(image, 120)) == np.count_nonzero(image >= 120)
    assert defects.saturated(np.minimum(image, 120).astype(np.uint8)) == np.count_nonzero(image >= 120)


def test_what_is_not_saturated(rng):
    assert defects.saturated(rng.normal(size=(64, 64))) == 0
    assert defects.saturated(rng.poisson(3, (64, 64))) == 0
    assert defects.saturated(np.ones((8, 8))) == 0
    assert defects.saturated(np.full((4, 4), np.nan)) == 0


def test_clean_scans_stay_as_they_are(rng):
    scan = rng.random((2, 20, 20), np.float32)
    same, sentences = defects.cleaned(scan)
    assert same is scan and sentences == []


def test_a_sentence_for_each_kind_of_defect(rng):
    scan = np.minimum(rng.normal(1000, 20, (40, 40)), 1020).astype(np.float32)
    scan[0, :2] = np.nan
    scan[5, 5], scan[30:] = 65535, 0
    cleaned, sentences = defects.cleaned(scan)
    assert np.isnan(cleaned).sum() == 403
    np.testing.assert_array_equal(cleaned[~np.isnan(cleaned)], scan[~np.isnan(cleaned)])
    assert sentences[0] == "2 of 1600 samples are not finite; they were filled in from their neighbours"
    assert sentences[1].startswith("400 of 1600 samples were not scanned, 1 are outliers; they were filled in")
    assert "of 1600 samples are saturated" in sentences[2]
    kept, sentences = defects.cleaned(scan, keep_outliers=True)
    assert kept is scan and len(sentences) == 1


def test_every_scan_of_a_stack_is_looked_at_by_itself(rng):
    stack = rng.normal(0, 1, (2, 3, 40, 40)).astype(np.float32)
    stack[1] *= 1e4  # what is usual there is none in the others
    stack[0, 2, 7, 9] = 1e4
    cleaned, sentences = defects.cleaned(stack)
    assert np.argwhere(np.isnan(cleaned)).tolist() == [[0, 2, 7, 9]]
    assert sentences[0].startswith("1 of 9600 samples are outliers, far from all others; they were filled in")


def test_warns_of_what_it_is_about():
    with pytest.warns(UserWarning, match="^scan.tif: it is bad$"):
        defects.warn(["it is bad"], "scan.tif")
