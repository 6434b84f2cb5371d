import os

import numpy as np
import pytest

from dlss_tf import cli
from dlss_tf.cli.exits import FAILED


def test_a_downsampled_image_is_every_nth_sample_of_it(save, tmp_path, capsys):
    image = save(tmp_path / "image.npy", 64, 51)
    assert cli.main(["downsample", image, "--factor", "5", "--format", "npy"]) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "image-every5.npy"), np.load(image)[2::5, ::5])
    assert cli.main(["downsample", save(tmp_path / "small.npy", 3, 3), "--factor", "9", "--format", "npy"]) == 0
    assert np.load(tmp_path / "small-every9.npy").shape == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["downsample", "{}/a.npy", "--factor", "0"], "factor: expected a whole number from 2 to 16, found 0"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


def test_what_is_there_is_skipped_if_asked(save, tmp_path, capsys):
    command = ["downsample", save(tmp_path / "a.npy", 9, 9), "--factor", "4", "--format", "npy"]
    assert [cli.main(command), cli.main(command), cli.main([*command, "--skip-existing"])] == [0, FAILED, 0]
    assert capsys.readouterr().out.endswith("a-every4.npy: there already, skipped\n")


def test_which_image_of_a_file(several, tmp_path, capsys):
    command = ["downsample", several, "--factor", "4", "--format", "npy"]
    assert cli.main(command) == 0
    said = "found 2 images, took image 2 (HAADF), 60x64 px, pixel size unknown, float32; --image 1|2 chooses"
    assert capsys.readouterr().err == f"dlss-tf: warning: {several}: {said}\n"
    assert np.load(tmp_path / "several-every4.npy").shape == (15, 16)
    assert cli.main([*command, "--image", "bf", "--overwrite"]) == 0
    assert np.load(tmp_path / "several-every4.npy").shape == (16, 15)
    assert cli.main([*command, "--image", "all", "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err == ""
    assert sorted(os.listdir(tmp_path / "out")) == ["several-1-BF-every4.npy", "several-2-HAADF-every4.npy"]


def test_images_of_a_file_do_not_become_one(several, tmp_path, capsys):
    command = ["downsample", several, "--factor", "4", "--image"]
    assert cli.main([*command, "all", "--out", str(tmp_path / "a.npy")]) == FAILED
    assert "a.npy: expected a folder for 2 files, found a file's name" in capsys.readouterr().err
    assert cli.main([*command, "DF4"]) == FAILED
    assert "expected an image called DF4, found 1 (BF), 2 (HAADF)" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["several.ome.tif"]


def test_an_image_that_fails_does_not_stop_the_others_of_its_file(several, tmp_path, capsys):
    (tmp_path / "several-1-BF-every4.npy").write_bytes(b"")
    assert cli.main(["downsample", several, "--factor", "4", "--format", "npy", "--image", "all"]) == FAILED
    assert capsys.readouterr().err.count("expected no file, found one") == 1
    assert np.load(tmp_path / "several-2-HAADF-every4.npy").shape == (15, 16)
