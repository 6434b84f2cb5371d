import numpy as np
import pytest

from dlss_tf import cli


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
