import os

import numpy as np
import pytest
import tifffile

from dlss_tf.errors import InputError
from dlss_tf.evaluation import passes
from dlss_tf.evaluation.passes import one_pass


@pytest.fixture
def files(tmp_path, rng):
    folder = tmp_path / "images"
    folder.mkdir()
    names = [str(folder / f"{i}.tif") for i in range(7)]
    for name in names:
        tifffile.imwrite(name, rng.random((20, 18), np.float32))
    return names


def measure(crop):
    return {"mean": float(crop.mean()), "nested": {"1/16": [float(crop.std())]}}, {"image": crop, "one": np.ones(())}


def run(tmp_path, files, measure=measure, identity=None, **options):
    return one_pass(str(tmp_path / "result"), identity or {"weights": "a"}, files, 16, measure, **options)


def test_values_of_each_and_sums_over_all(tmp_path, files):
    values, sums = run(tmp_path, files)
    assert list(values) == files and all(0 < each["mean"] < 1 for each in values.values())
    assert sums["one"] == 7 and sums["image"].shape == (16, 16) and sums["image"].dtype == np.float64
    assert sums["image"].mean() / 7 == pytest.approx(np.mean([each["mean"] for each in values.values()]))
    assert os.listdir(tmp_path) == ["images"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_it_goes_on_where_it_was(tmp_path, files, error):
    expected = run(tmp_path, files)
    seen = []

    def fail_at_the_fourth(crop):
        seen.append(crop)
        if len(seen) == 4:
            raise error
        return measure(crop)

    with pytest.raises(error):
        run(tmp_path, files, fail_at_the_fourth)
    values, sums = run(tmp_path, files, fail_at_the_fourth)
    assert len(seen) == 4 + 4  # the fourth again, and three more
    assert values == expected[0] and list(values) == files
    for name, array in sums.items():
        np.testing.assert_allclose(array, expected[1][name], rtol=1e-12)


@pytest.mark.parametrize("kind", ["other identity", "damaged"])
def test_what_does_not_fit_is_begun_anew(tmp_path, files, kind):
    def fail(crop):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(crop)
        return measure(crop)

    seen = []
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, files, fail)
    if kind == "damaged":
        (tmp_path / "result.part.npz").write_bytes(b"no archive")
    seen = []
    counted = []
    values, sums = run(
        tmp_path,
        files,
        lambda crop: counted.append(crop) or measure(crop),
        {"weights": "b"} if kind == "other identity" else None,
    )
    assert len(counted) == len(values) == sums["one"] == 7


def test_killed_it_goes_on_from_what_was_saved(tmp_path, files, monkeypatch):
    """Everything is published and saved after each image when the interval is nothing; a kill leaves that."""
    monkeypatch.setattr(passes, "SAVE_EVERY", 0.0)
    published = []
    kept = str(tmp_path / "kept.npz")

    def publish(values, sums):
        published.append((len(values), float(sums["one"])))
        if len(values) == 5:
            os.link(tmp_path / "result.part.npz", kept)

    run(tmp_path, files, publish=publish)
    assert published == [(i, i) for i in range(1, 8)]
    os.rename(kept, tmp_path / "result.part.npz")
    counted = []
    values, sums = run(tmp_path, files, lambda crop: counted.append(crop) or measure(crop))
    assert len(counted) == 2 and len(values) == sums["one"] == 7


def test_a_second_one_at_the_same_place_is_refused(tmp_path, files):
    refused = []

    def measured(crop):
        if not refused:
            with pytest.raises(InputError, match="result: expected nobody else to write it, found process") as refusal:
                run(tmp_path, files)
            refused.append(refusal)
        return measure(crop)

    values, _ = run(tmp_path, files, measured)
    assert len(values) == 7 and refused
