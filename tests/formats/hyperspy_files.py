"""Files of HyperSpy's own, of any kind of data, with their arrays in one piece, and one that has no end."""

import struct

import pytest


def write_hspy(path, data, units=("nm", "nm"), navigate=0, kind="", names=None):
    """A file of HyperSpy's own, of any kind of data."""
    hspy = pytest.importorskip("rsciio.hspy")
    axes = [
        {"_type": "UniformDataAxis", "name": f"axis{i}", "units": units[i - navigate] if i >= navigate else "s",
         "navigate": i < navigate, "is_binned": False, "size": size, "scale": 0.5, "offset": 0.0}
        for i, size in enumerate(data.shape)
    ]  # fmt: skip
    signal = {"data": data, "axes": axes, "metadata": {"General": {"title": ""}, "Signal": {"signal_type": kind}},
              "original_metadata": {}, "attributes": {"_lazy": False, "ragged": False}, "learning_results": {},
              "models": {}, "tmp_parameters": {}, "package_info": {"package": "", "package_version": ""}}  # fmt: skip
    hspy.file_writer(str(path), signal, show_progressbar=False)


def make_contiguous(path, shape=None):
    """The array of a .hspy in one piece, as other programs write it, or one of that shape that was never written."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "a") as file:
        group = next(iter(file["Experiments"].values()))
        data = group["data"][:]
        del group["data"]
        if shape is None:
            group["data"] = data
        else:
            group.create_dataset("data", shape, "f4")


def make_endless(path):
    """A .hspy in whose heap an object has no size, so that libhdf5 reads on for ever, and heeds no signal."""
    content = bytearray(path.read_bytes())
    at = content.find(b"GCOL") + 16
    while struct.unpack_from("<H", content, at)[0]:  # to the free object, whose index is 0
        at += 16 + -(-struct.unpack_from("<Q", content, at + 8)[0] // 8) * 8
    struct.pack_into("<Q", content, at + 8, 0)
    path.write_bytes(content)
