import logging
import os
import struct
import sys
import warnings

import numpy as np
import pytest
from formats.hyperspy_files import make_contiguous, write_hspy

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import guards


def lying_npy(path):
    with open(path, "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (50_000, 50_000)}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(b"\0" * 100)


def lying_hspy(path):
    h5py = pytest.importorskip("h5py")
    write_hspy(path, np.zeros((8, 9)))
    with h5py.File(path, "a") as file:
        group = next(iter(file["Experiments"].values()))
        del group["data"]
        group.create_dataset("data", (50_000, 50_000), "f4", chunks=(64, 64))  # 10 GB, none of it written


def lying_hdf5_in_one_piece(path):
    write_hspy(path, np.zeros((8, 9)))
    make_contiguous(path, (50_000, 50_000))


def lying_tiff(path):
    import tifffile

    tifffile.imwrite(path, np.zeros((8, 9), np.float32))
    content = bytearray(path.read_bytes())
    offset = struct.unpack_from("<I", content, 4)[0]
    for i in range(struct.unpack_from("<H", content, offset)[0]):
        entry = offset + 2 + 12 * i
        if struct.unpack_from("<H", content, entry)[0] in (256, 257):  # width and height
            struct.pack_into("<HIi", content, entry + 2, 4, 1, 50_000)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("suffix", "make"),
    [(".npy", lying_npy), (".hspy", lying_hspy), (".hspy", lying_hdf5_in_one_piece), (".tif", lying_tiff)],
)
def test_headers_that_promise_10_gb_are_not_believed(tmp_path, suffix, make):
    make(tmp_path / f"lie{suffix}")
    with pytest.raises(InputError, match=rf"lie\{suffix}: expected .*, found"):
        micrograph.read(str(tmp_path / f"lie{suffix}"))


def test_a_full_disk_is_told_before_hdf5_begins(image, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    pytest.importorskip("rsciio")
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(InputError, match=r"image\.hspy: expected a place .*, found: No space left on device"):
        micrograph.write(str(tmp_path / "image.hspy"), image)
    assert os.listdir(tmp_path) == []


def test_what_a_header_promises_is_weighed_against_all_files_of_a_folder(tmp_path):
    (tmp_path / "store.zspy").mkdir()
    for name in "ab":
        (tmp_path / "store.zspy" / name).write_bytes(b"x" * 1000)
    path = str(tmp_path / "store.zspy")
    assert guards.bytes_on_disk(path) == 2000
    guards.check_bytes(path, (1000, 2000), np.dtype("u1"))
    with pytest.raises(InputError, match="expected 2002000 bytes of image as it says, found a file of 2000 bytes"):
        guards.check_bytes(path, (1001, 2000), np.dtype("u1"))


def test_links_that_lead_nowhere_have_no_bytes_of_others(tmp_path):
    (tmp_path / "store.zspy").mkdir()
    (tmp_path / "store.zspy" / "a").symlink_to("/dev/zero")
    (tmp_path / "store.zspy" / "b").symlink_to("none")
    assert guards.bytes_on_disk(str(tmp_path / "store.zspy")) < 100


def test_a_missing_package_is_named():
    with pytest.raises(InputError, match=r"writing needs no_such_package, which is not installed"):
        guards.needed("no_such_package")


def test_readers_are_quiet_and_what_they_say_is_kept(capsys, recwarn, monkeypatch):
    logger = logging.getLogger("tifffile")
    before = logger.propagate, logger.level
    own = logging.StreamHandler(sys.stderr)  # as RosettaSciIO's logger has
    monkeypatch.setattr(logger, "handlers", [own])
    with guards.quiet() as messages:
        warnings.warn("odd", stacklevel=1)
        logger.error("a corrupt %s", "page")
        logger.warning("a strange one")
    assert messages == ["a corrupt page"] and not recwarn and capsys.readouterr() == ("", "")
    assert (logger.propagate, logger.level) == before and logger.handlers == [own]
