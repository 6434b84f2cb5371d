"""Files of HyperSpy's own, of any kind of data, and with their arrays in one piece."""

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
