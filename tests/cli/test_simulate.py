import os

import pytest

from dlss_tf import cli
from dlss_tf.simulation.crop import SMALLEST
from dlss_tf.simulation.dataset import MOST


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["simulate", "--out", "{}/data", "--size", "8"], "size"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


def test_help_tells_the_limits(capsys):
    with pytest.raises(SystemExit):
        cli.main(["simulate", "--help"])
    text = capsys.readouterr().out
    assert text.count(f"0 to {MOST} (") == 3 and f"{SMALLEST} px or more" in text


def test_crops_that_are_there_are_kept(tmp_path, capsys):
    out = str(tmp_path / "data")
    command = ["simulate", "--out", out, "--val", "1", "--test", "0", "--size", "64", "--train"]
    assert [cli.main([*command, count]) for count in "12"] == [0, 0]
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{out}: 2 crops written, 0 were there", f"{out}: 1 crops written, 2 were there"]
    assert sorted(os.listdir(tmp_path / "data" / "train")) == ["00000.tif", "00001.tif"]
