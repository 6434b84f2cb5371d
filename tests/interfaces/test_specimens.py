import numpy as np
import pytest

from dlss_tf.interfaces.specimens import specimens


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("scans/1", "scans/gold/1", "scans/gold/deep/2", "scans/STO/1", "split/train/a", "split/val/b/c"):
        target = tmp_path / f"{path}.npy"
        target.parent.mkdir(parents=True, exist_ok=True)
        np.save(target, np.zeros((2, 2)))


def found(*named, by=None, out="DATA"):
    return [(source.specimen, source.split) for source in specimens(named, out, by)]


def test_folders_within_a_folder_are_specimens_and_files_in_none(tree):
    assert found("scans") == [(f"scans/{name}", None) for name in ("1.npy", "STO", "gold", "gold")]
    assert found("scans/gold") == [("gold/1.npy", None), ("gold/deep", None)]
    assert found("./scans/") == found("scans")


def test_by_file_and_by_folder(tree):
    names = ["scans/1.npy", "scans/STO/1.npy", "scans/gold/1.npy", "scans/gold/deep/2.npy"]
    assert found("scans", by="file") == [(name, None) for name in names]
    folders = ["scans", "scans/STO", "scans/gold", "scans/gold/deep"]
    assert found("scans", by="folder") == [(name, None) for name in folders]


def test_files_and_patterns_are_named_by_their_folder(tree):
    assert found("scans/gold/1.npy", "scans/*/1.npy") == [("gold/1.npy", None), ("STO/1.npy", None)]


def test_splits_that_are_there_are_kept(tree):
    assert found("split") == [("split/train/a.npy", "train"), ("split/val/b", "val")]
    assert found("split/train") == [("train/a.npy", None)]


def test_what_is_written_is_not_read(tree):
    assert found("scans", out="scans/gold") == found("scans/1.npy", "scans/STO/1.npy")[:1] + [("scans/STO", None)]
