import json

import pytest

from dlss_tf.errors import InputError
from dlss_tf.formats import ome_zarr


@pytest.fixture
def store(tmp_path):
    """`store(attributes)`: a folder as our writer leaves one, with these attributes beside the level."""

    def make(**attributes):
        folder = tmp_path / "a.ome.zarr"
        (folder / "0").mkdir(parents=True)
        levels = {"multiscales": [{"version": "0.4", "datasets": [{"path": "0"}]}]}
        (folder / ".zattrs").write_text(json.dumps({**levels, **attributes}))
        (folder / "0" / ".zarray").write_text(json.dumps({"shape": [2, 8, 9], "dtype": "<f4"}))
        return folder

    return make


def test_what_is_in_it_and_where_it_came_from(store):
    path = str(store(dlss_tf={"factor": 4}))
    assert ome_zarr.contents(path) == ["  1  level 0  2x8x9 px, f4"]
    assert ome_zarr.provenance(path) == {"factor": 4}


@pytest.mark.parametrize("found", [{}, {"dlss_tf": 3}, {"dlss_tf": {"a": [1]}}])
def test_another_says_nothing_of_that(store, found):
    assert ome_zarr.provenance(str(store(**found))) == {}


@pytest.mark.parametrize(
    "attributes",
    [
        {"multiscales": []},
        {"multiscales": 3},
        {"multiscales": [{"datasets": [{"path": "../secrets"}]}]},
        {"multiscales": [{"datasets": [{"path": ".."}]}]},
        {"multiscales": [{"datasets": [{"path": "\0"}]}]},
        {"padding": "x" * ome_zarr.MOST_BYTES},
    ],
)
def test_what_is_none_is_refused_in_a_sentence(store, attributes):
    with pytest.raises(InputError, match=r"a\.ome\.zarr: expected OME-Zarr 0\.4 \(Zarr 2\), found something else"):
        ome_zarr.contents(str(store(**attributes)))


def test_links_out_of_it_are_not_followed(store, tmp_path):
    folder = store(dlss_tf={"factor": 4})
    (folder / ".zattrs").rename(tmp_path / "other")
    (folder / ".zattrs").symlink_to(tmp_path / "other")
    assert ome_zarr.provenance(str(folder)) == {}
    with pytest.raises(InputError, match="found something else"):
        ome_zarr.contents(str(folder))


def test_nothing_and_a_file_are_none(tmp_path):
    (tmp_path / "a.zarr").touch()
    for name in ("a.zarr", "b.zarr"):
        assert ome_zarr.provenance(str(tmp_path / name)) == {}
        with pytest.raises(InputError, match="found something else"):
            ome_zarr.contents(str(tmp_path / name))
