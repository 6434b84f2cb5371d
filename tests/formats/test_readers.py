import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import readers, remarks, wire
from dlss_tf.formats.contents import entry_of
from dlss_tf.formats.image import Axis
from dlss_tf.micrograph import Micrograph

FULL = Micrograph(
    np.ones((2, 4, 5), "u2"),
    (0.5, 0.25),
    "nm",
    "title",
    ("a note", "another"),
    (1.5, 2.0),
    (Axis("t", "s", 2.0, 1.0),),
    {"Acquisition_instrument": {"TEM": {"beam_energy": np.float64(200.0)}}},
    {"tags": [1, (2, b"\x00"), np.arange(3)]},
    {"factor": 5, "source": {"file": "scan.dm4"}},
)


@pytest.fixture
def reads(monkeypatch):
    """A suffix whose reader is the function that is given."""

    def set_reader(function):
        monkeypatch.setitem(readers.READERS, ".test", function)

    return set_reader


def test_an_image_is_the_same_on_the_other_side(reads, tmp_path):
    import io

    reads(lambda path: [entry_of(FULL)])
    stream = io.BytesIO()
    wire.send(stream, readers.answer("images", "a.test", ".test", "a"))
    stream.seek(0)
    (fields,), said = wire.receive(stream)["found"]
    found = readers.micrograph_of("a.test", fields)
    assert said is None and repr(found) == repr(FULL) and found.metadata == FULL.metadata
    np.testing.assert_array_equal(found.data, FULL.data)
    np.testing.assert_array_equal(found.original_metadata["tags"][2], np.arange(3))
    assert found.provenance == FULL.provenance and found.number is None
    assert found.original_metadata["tags"][:2] == [1, (2, b"\x00")] and found.data.dtype == np.uint16


def test_what_it_says_comes_once_with_the_answer(reads):
    def read(path):
        for _ in range(2):
            remarks.say("odd")
        return [entry_of(Micrograph(np.eye(4)))]

    reads(read)
    answer = readers.answer("images", "a.test", ".test", "the name")
    assert answer["remarks"] == ["odd"] and answer["found"][0][0]["title"] == "the name"
    assert readers.answer("listing", "a.test", ".test", "")["found"] == ["  1*   4x4 px, pixel size unknown, float64"]
    assert readers.answer("names", "a.test", ".test", "")["found"] == [(1, "1-")]
    assert readers.answer("provenances", "a.test", ".test", "")["found"] == []


def test_of_several_each_has_its_number_and_where_it_came_from(reads):
    reads(lambda path: [entry_of(Micrograph(np.eye(4))), entry_of(FULL)])
    images, _ = readers.answer("images", "a.test", ".test", "a", "all")["found"]
    assert [fields["number"] for fields in images] == [1, 2]
    assert readers.answer("provenances", "a.test", ".test", "a")["found"] == [(2, FULL.provenance)]


@pytest.mark.parametrize("told", ["a", {"a": [1]}, {1: 2}, {"a": "x" * 10_000}])
def test_where_it_came_from_is_plain_data_or_nothing(told):
    fields = {field: getattr(FULL, field) for field in Micrograph.__dataclass_fields__} | {"frames": []}
    assert readers.micrograph_of("a.test", fields | {"provenance": told}).provenance == {}


@pytest.mark.parametrize(
    ("error", "raised", "sentence"),
    [
        (ValueError("odd"), InputError, r"^a\.test: expected a \.test image, found a damaged file \(odd\)$"),
        (MemoryError(), MemoryError, "^$"),
        (InputError("a.test: own"), InputError, r"^a\.test: own$"),
    ],
)
def test_whatever_a_reader_raises(reads, error, raised, sentence):
    def read(path):
        raise error

    reads(read)
    with pytest.raises(raised, match=sentence):
        readers.answer("images", "a.test", ".test", "a")


def test_data_that_are_no_image_are_refused(reads):
    for data in (np.zeros(4), np.zeros((0, 4)), np.zeros((4, 4), complex)):
        reads(lambda path, data=data: [entry_of(Micrograph(data))])
        with pytest.raises(InputError, match=r"a\.test: expected "):
            readers.answer("images", "a.test", ".test", "a")


def test_the_size_of_a_file_of_several_is_that_of_all(tmp_path):
    for name in ("a.rpl", "a.raw"):
        (tmp_path / name).write_bytes(b"x" * 1000)
    assert readers.bytes_there(str(tmp_path / "a.rpl"), ".rpl") >= 2000
    assert readers.bytes_there(str(tmp_path / "a.raw"), ".dm4") == 1000


def test_what_is_not_installed_can_be_prepared_for_too():
    for suffix in (*micrograph.READABLE, ".none"):
        readers.warm(suffix)


@pytest.mark.parametrize(
    "change",
    [
        {"data": "none"},
        {"data": np.zeros((4, 4), "c8")},
        {"pixel_size": (1, 2, 3)},
        {"pixel_size": ("a", 1)},
        {"origin": None},
        {"history": 5},
        {"frames": [("t", "s")]},
        {"metadata": "a"},
        {"number": "a"},
    ],
)
def test_what_is_no_image_of_another_process_is_refused(change):
    fields = {field: getattr(FULL, field) for field in Micrograph.__dataclass_fields__} | {"frames": []}
    assert repr(readers.micrograph_of("a.test", fields).data) == repr(FULL.data)
    with pytest.raises(InputError, match=r"a\.test: expected "):
        readers.micrograph_of("a.test", fields | change)
