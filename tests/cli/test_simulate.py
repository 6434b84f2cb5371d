import os

import pytest

from dlss_tf import cli


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["simulate", "--out", "{}/data", "--size", "8"], "size"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


def test_crops_that_are_there_are_kept(tmp_path, capsys):
    out = str(tmp_path / "data")
    command = ["simulate", "--out", out, "--val", "1", "--test", "0", "--size", "64", "--train"]
    assert [cli.main([*command, count]) for count in "12"] == [0, 0]
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{out}: 2 crops written, 0 were there", f"{out}: 1 crops written, 2 were there"]
    assert sorted(os.listdir(tmp_path / "data" / "train")) == ["00000.tif", "00001.tif"]
