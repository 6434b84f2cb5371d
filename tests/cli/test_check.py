import os

import numpy as np
import pytest

from dlss_tf import cli

pytestmark = pytest.mark.usefixtures("tiny_pretrained")


def test_check_says_whether_detail_is_too_fine(tmp_path, capsys):
    np.save(tmp_path / "fine.npy", np.tile([[0.0, 0, 1, 1]], (96, 32)))
    assert cli.main(["check", str(tmp_path / "fine.npy"), "--factor", "6", "--out", str(tmp_path / "results")]) == 0
    assert "Detail is too fine for factor 6" in capsys.readouterr().out
    assert sorted(os.listdir(tmp_path / "results")) == ["fine-check6.json", "fine-check6.png"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "{}/none.tif", "--factor", "4", "--out", "{}/r"], "none.tif: expected an image file, found nothing"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


def test_all_images_of_a_file(several, tmp_path, capsys):
    results = str(tmp_path / "results")
    assert cli.main(["check", several, "--factor", "4", "--out", results, "--image", "all"]) == 0
    names = [f"several.ome-{part}-check4.{suffix}" for part in ("1-BF", "2-HAADF") for suffix in ("json", "png")]
    assert sorted(os.listdir(results)) == names
