import os

import pytest

from dlss_tf.data.prepare.index import Index, state_of
from dlss_tf.data.prepare.record import Record
from dlss_tf.errors import InputError
from dlss_tf.formats import digests


@pytest.fixture
def index(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"values")
    record = Record(str(tmp_path))
    crops = [{"name": "a.tif", "sha256": "0f" * 32}, {"left_out": "near-empty"}, {"left_out": "duplicate", "of": "b"}]
    entry = {"file": str(path), "sha256": digests.of_file(str(path)), "specimen": "gold", "crops": crops}
    record.add({**entry, **state_of(str(path))})
    return Index(record)


def test_files_and_crops_that_are_there(index, tmp_path):
    assert index.holds(str(tmp_path / "a.npy"), "data") and not index.holds(str(tmp_path / "b.npy"), "data")
    assert index.twin_of("0f" * 32) == ("a.tif", "gold") and index.twin_of("00" * 32) is None
    assert index.copy_of(digests.of_file(str(tmp_path / "a.npy"))) == (str(tmp_path / "a.npy"), "gold")
    assert index.copy_of(None) is None and index.specimens == {"gold"} and index.files == 1


def test_a_file_that_was_touched_is_the_same(index, tmp_path):
    os.utime(tmp_path / "a.npy", ns=(1, 1))
    assert index.holds(str(tmp_path / "a.npy"), "data")


def test_a_file_that_is_gone_is_there(index, tmp_path):
    os.remove(tmp_path / "a.npy")
    assert index.holds(str(tmp_path / "a.npy"), "data")


def test_a_file_that_has_changed_is_one_sentence(index, tmp_path):
    (tmp_path / "a.npy").write_bytes(b"others")
    os.utime(tmp_path / "a.npy", ns=(1, 1))
    with pytest.raises(InputError, match=r"a.npy: expected the file that data was prepared from, found that it has ch"):
        index.holds(str(tmp_path / "a.npy"), "data")
