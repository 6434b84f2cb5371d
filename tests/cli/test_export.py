import os

import pytest

from dlss_tf import cli


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "--weights", "{}/none", "--out", "{}"], "expected a run directory"),
        (["export", "--weights", "{}", "--out", "{}", "--size", "7"], "size: expected a multiple of 32"),
        (
            ["export", "--out", "{}/a.onnx", "--format", "onnx", "--size", "64"],
            "--size: expected none with --format onnx",
        ),
        (["export", "--out", "{}/a.pb", "--format", "onnx"], "expected a file's name that ends in .onnx"),
        (["export", "--out", "{}", "--overwrite"], "--overwrite: expected it with --format onnx alone"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


def test_an_onnx_file_is_named(tmp_path, capsys):
    path = str(tmp_path / "model.onnx")
    assert cli.main(["export", "--format", "onnx", "--weights", "unified-small", "--out", path]) == 0
    assert capsys.readouterr().out == f"{path}\n" and os.path.getsize(path) > 1e6
