import json

import numpy as np
import pytest
from PIL import Image

from dlss_tf.errors import InputError
from experiments import _entries
from experiments._items import Item
from experiments.gallery import write_gallery
from experiments.picture import WIDEST


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Of two items: one made, with a picture and a figure that the paper prints, one in want of a run."""
    made = (
        Item("Section VI", "laplacian"),
        Item("Fig. 10", "fig10", needs="one_stage", command="make train-one-stage"),
    )
    monkeypatch.setattr(_entries, "ITEMS", made)
    folder = tmp_path / "results"
    folder.mkdir()
    noted = {"known": {"command": ["-m", "experiments.laplacian"]}, "status": 0, "seconds": 1.0}
    (folder / "figures.json").write_text(json.dumps({"Section VI": noted, "Fig. 10": {"needs": "one_stage"}}))
    (folder / "laplacian.json").write_text(json.dumps({"images": 3, "ratio": {"here": 0.62}, "weights": {"a": "w"}}))
    Image.fromarray(np.zeros((100, 2 * WIDEST), np.uint8)).save(folder / "laplacian.png")
    return folder


def test_page_has_pictures_figures_and_what_is_missing(results, tmp_path):
    write_gallery(str(results), str(tmp_path / "docs"))
    page = (tmp_path / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert "![Section VI](images/gallery/laplacian.png)" in page and "| ratio | 0.62 / 0.93 (0.67) |" in page
    assert "it needs a run of `make train-one-stage`" in page and "- **Weights**: w" in page
    with Image.open(tmp_path / "docs" / "images" / "gallery" / "laplacian.png") as picture:
        assert picture.size == (WIDEST, 50)


def test_refuses_a_folder_without_results(tmp_path):
    with pytest.raises(InputError, match=r"expected figures.json of `make figures`, found none"):
        write_gallery(str(tmp_path), str(tmp_path / "docs"))
    assert not (tmp_path / "docs").exists()
