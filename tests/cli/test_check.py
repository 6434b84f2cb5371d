import os

import numpy as np
import pytest

from dlss_tf import cli
from dlss_tf.cli.exits import FAILED

pytestmark = pytest.mark.usefixtures("tiny_pretrained")


def test_check_says_whether_detail_is_too_fine(tmp_path, capsys):
    np.save(tmp_path / "fine.npy", np.tile([[0.0, 0, 1, 1]], (96, 32)))
    assert cli.main(["check", str(tmp_path / "fine.npy"), "--factor", "6", "--out", str(tmp_path / "results")]) == 0
    assert "Detail is too fine for factor 6" in capsys.readouterr().out
    assert sorted(os.listdir(tmp_path / "results")) == ["fine-check6.json", "fine-check6.png"]


def test_two_images_of_one_name(save, tmp_path, capsys):
    images = []
    for folder in "ab":
        (tmp_path / folder).mkdir()
        images.append(save(tmp_path / folder / "image.npy", 96, 96))
    assert cli.main(["check", *images, "--factor", "6", "--out", str(tmp_path / "results")]) == FAILED
    sentence = f"{images[1]}: expected a name of its own for the results, found that of {images[0]}"
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "{}/none.tif", "--factor", "4", "--out", "{}/r"], "none.tif: expected an image file, found nothing"),
    ],
)
def test_a_file_that_cannot_be_checked_is_one_sentence_and_status_3(refused, arguments, sentence):
    assert sentence in refused(arguments, FAILED)


def test_a_folder_stands_for_the_images_in_it(save, tmp_path, capsys):
    (tmp_path / "images").mkdir()
    for name in "ab":
        save(tmp_path / "images" / f"{name}.npy", 96, 96)
    results = str(tmp_path / "results")
    assert cli.main(["check", str(tmp_path / "images"), "--factor", "6", "--out", results]) == 0
    out = capsys.readouterr().out
    assert all(f"{tmp_path}/images/{name}.npy:\n" in out for name in "ab")
    assert sorted(os.listdir(results)) == [f"{name}-check6.{suffix}" for name in "ab" for suffix in ("json", "png")]


def test_all_images_of_a_file(several, tmp_path, capsys):
    results = str(tmp_path / "results")
    assert cli.main(["check", several, "--factor", "4", "--out", results, "--image", "all"]) == 0
    names = [f"several.ome-{part}-check4.{suffix}" for part in ("1-BF", "2-HAADF") for suffix in ("json", "png")]
    assert sorted(os.listdir(results)) == names


def test_an_image_of_a_file_and_a_file_of_its_name(several, save, tmp_path, capsys):
    (tmp_path / "other").mkdir()
    other = save(tmp_path / "other" / "several.ome-1-BF.npy", 64, 60)
    command = ["check", several, other, "--factor", "4", "--out", str(tmp_path / "results"), "--image", "all"]
    assert cli.main(command) == FAILED
    sentence = f"{other}: expected a name of its own for the results, found that of {several}"
    assert sentence in capsys.readouterr().err
