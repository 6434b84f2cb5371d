import numpy as np
import pytest
from data.prepare.pictures import specimen
from PIL import Image

from dlss_tf.data.prepare import sheet
from dlss_tf.data.prepare.dataset import prepare_dataset

NOISE = np.random.default_rng(0).normal(100, 10, (64, 64)).astype(np.float32)


def prepared(scans, root, **images):
    prepare_dataset(scans(**images), root, 64)
    return np.asarray(Image.open(f"{root}/sheet.png"))


def test_crops_of_each_split_and_what_was_left_out(scans, tmp_path):
    few = prepared(scans, str(tmp_path / "few"), **{f"a{number}": specimen(number) for number in range(3)})
    assert few.dtype == np.uint8 and few.ndim == 2
    (tmp_path / "more").mkdir()
    images = {f"b{number}": specimen(number, (64, 128)) for number in range(20)}
    more = prepared(scans, str(tmp_path / "more"), **images, noise=NOISE)
    line = sheet.SIDE + sheet.GAP + sheet.WORDS
    assert few.shape[0] == 3 * (sheet.WORDS + line) + sheet.GAP
    assert more.shape[0] > 4 * (sheet.WORDS + line) and more.shape[1] == few.shape[1]


def test_a_crop_fills_its_place_with_its_own_greys(scans, tmp_path):
    image = specimen(0, (64, 64), "float32") * 1e-3 - 7
    picture = prepared(scans, str(tmp_path / "data"), a=image, b=specimen(1), c=specimen(2))
    part = picture[sheet.GAP + sheet.WORDS :, sheet.GAP :][:64, :64]
    assert part.min() == 0 and part.max() == 255


def test_what_cannot_be_drawn_is_a_warning(scans, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "_drawn", lambda record, size: 1 / 0)
    with pytest.warns(UserWarning, match="cannot be drawn"):
        prepare_dataset(scans(a=specimen(0), b=specimen(1)), str(tmp_path / "data"), 64)
    assert (tmp_path / "data" / "train").is_dir() and not (tmp_path / "data" / "sheet.png").exists()


def test_a_crop_that_was_removed_leaves_a_gap(scans, tmp_path):
    root = tmp_path / "data"
    prepare_dataset(scans(a=specimen(0), b=specimen(1)), str(root), 64)
    next((root / "train").iterdir()).unlink()
    prepare_dataset(scans(c=specimen(2)), str(root), 64)
    assert Image.open(root / "sheet.png").size[0] > 0
