import json
import os

import pytest
import tensorflow as tf

from dlss_tf.errors import InputError
from dlss_tf.evaluation import results


def test_where_numbers_come_from_is_written(tmp_path):
    report = results.provenance(("a", "b"), "test", 64)
    results.write_json(str(tmp_path / "report.json"), report)
    assert os.listdir(tmp_path) == ["report.json"]
    written = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert written == report
    assert (written["data"], written["split"], written["size"]) == (["a", "b"], "test", 64)
    assert written["tensorflow"] == tf.__version__ and len(written["date"]) == 10


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    with results.results_folder(str(tmp_path / "new" / "results")):
        assert os.listdir(tmp_path / "new") == ["results"]
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="file: expected a folder that can be written, found: File exists"),
        results.results_folder(str(tmp_path / "file")),
    ):
        pass
    with pytest.raises(InputError, match="found: No space left"), results.results_folder(str(tmp_path)):
        raise OSError(28, "No space left on device")
