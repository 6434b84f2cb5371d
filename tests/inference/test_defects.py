import numpy as np

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


def test_report_names_each_kind_of_defect(rng):
    scan = np.minimum(rng.normal(100, 20, (20, 20)), 120)
    scan[0, :2] = np.nan
    sentences = defects.report(scan)
    assert sentences[0].startswith("2 of 400 samples are not finite")
    assert "of 400 samples are saturated" in sentences[1]
    assert defects.report(rng.random((4, 4))) == []
