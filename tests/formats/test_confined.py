import json
import os
import pickle
import shutil

import numpy as np
import pytest
from formats.hyperspy_files import write_hspy

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import confined
from dlss_tf.micrograph import Micrograph

REFERENCE = "found a reference to another one"
OME = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="float" SizeX="20" SizeY="20" SizeZ="2" SizeC="1"
SizeT="1" BigEndian="false"><TiffData IFD="0" FirstZ="0" PlaneCount="1"><UUID FileName="a.ome.tif">urn:uuid:1</UUID>
</TiffData><TiffData IFD="0" FirstZ="1" PlaneCount="1"><UUID FileName="{}">urn:uuid:2</UUID></TiffData></Pixels></Image>
</OME>"""


@pytest.fixture
def hspy(tmp_path):
    """A .hspy, another HDF5 file and a secret; what changes the first."""
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "a.hspy"
    write_hspy(path, np.zeros((16, 16), np.float32))
    (tmp_path / "secret.txt").write_bytes(b"secret" * 200)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.full((16, 16), 7, np.float32)

    def changed(make):
        with h5py.File(path, "a") as file:
            group = next(iter(file["Experiments"].values()))
            del group["data"]
            make(h5py, file, group)
        return str(path)

    return changed


def external_storage(h5py, file, group):
    secret = os.path.join(os.path.dirname(file.filename), "secret.txt")
    group.create_dataset("data", (16, 16), "u1", external=[(secret, 0, 256)])


def external_link(h5py, file, group):
    group["data"] = h5py.ExternalLink("other.h5", "/x")


def soft_link_through_an_external_one(h5py, file, group):
    file["out"] = h5py.ExternalLink("other.h5", "/")
    group["data"] = h5py.SoftLink("/out/x")


def virtual_data(h5py, file, group):
    layout = h5py.VirtualLayout((16, 16), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (16, 16))
    group.create_virtual_dataset("data", layout)


@pytest.mark.parametrize("make", [external_storage, external_link, soft_link_through_an_external_one, virtual_data])
def test_hdf5_that_takes_data_from_elsewhere_is_refused_by_name(hspy, make):
    path = hspy(make)
    for ask in (micrograph.read, micrograph.contents):
        with pytest.raises(InputError, match=rf"a\.hspy: expected .*, {REFERENCE}, .*(secret\.txt|other\.h5)$"):
            ask(path)


def test_links_and_virtual_data_within_a_file_are_read(hspy):
    def soft(h5py, file, group):
        file["x"] = np.ones((16, 16), np.float32)
        group["data"] = h5py.SoftLink("/x")

    def virtual(h5py, file, group):
        layout = h5py.VirtualLayout((16, 16), "f4")
        layout[:] = h5py.VirtualSource(".", "x", (16, 16))
        group.create_virtual_dataset("data", layout)

    for make in (soft, virtual):
        assert (micrograph.read(hspy(make)).data == 1).all()


@pytest.mark.parametrize("name", ["b.ome.tif", "a_2.tif", "below/b.tif", "{}/b.tif", "/no/such.tif"])
def test_ome_that_takes_planes_from_other_files_is_refused_by_name(tmp_path, name):
    tifffile = pytest.importorskip("tifffile")
    name = name.format(tmp_path)
    (tmp_path / "below").mkdir()
    if not name.startswith("/no"):
        tifffile.imwrite(tmp_path / name, np.full((20, 20), 7, np.float32))
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, np.zeros((20, 20), np.float32), description=OME.format(name), metadata=None)
    with pytest.raises(InputError, match=rf"a\.ome\.tif: expected .*, {REFERENCE}, .*{name}$"):
        micrograph.read(str(path))
    tifffile.imwrite(path, np.zeros((2, 20, 20), np.float32), description=OME.format("a.ome.tif"), metadata=None)
    assert micrograph.read(str(path)).data.shape == (2, 20, 20)


@pytest.fixture
def store(tmp_path):
    """A .zspy, and where its array is."""
    pytest.importorskip("zarr")
    path = str(tmp_path / "a.zspy")
    micrograph.write(path, Micrograph(np.eye(16, dtype=np.float32), title="t"))
    return path, os.path.join(path, "Experiments", "t", "data")


def test_a_zarr_store_whose_chunk_is_a_link_out_of_it(store, tmp_path):
    path, array = store
    shutil.move(os.path.join(array, "0", "0"), tmp_path / "chunk")
    os.symlink(tmp_path / "chunk", os.path.join(array, "0", "0"))
    with pytest.raises(InputError, match=rf"a\.zspy: expected .*, {REFERENCE}, .*0.0$"):
        micrograph.read(path)
    shutil.move(tmp_path / "chunk", os.path.join(array, "1"))
    os.remove(os.path.join(array, "0", "0"))
    os.symlink(os.path.join(array, "1"), os.path.join(array, "0", "0"))  # within it
    np.testing.assert_array_equal(micrograph.read(path).data, np.eye(16))


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_zarr_array_of_pickles_makes_nothing(store, tmp_path, monkeypatch):
    path, array = store
    monkeypatch.setenv("NUMCODECS_ALLOW_UNSAFE_PICKLE_DECODE", "1")  # as older ones are without it
    with open(os.path.join(array, ".zarray"), encoding="utf-8") as file:
        metadata = json.load(file)
    metadata.update(dtype="|O", filters=[{"id": "pickle", "protocol": 4}], compressor=None, fill_value=None)
    with open(os.path.join(array, ".zarray"), "w", encoding="utf-8") as file:
        json.dump(metadata, file)
    os.remove(os.path.join(path, ".zmetadata"))
    with open(os.path.join(array, "0", "0"), "wb") as file:
        pickle.dump(Touch(str(tmp_path / "made")), file)
    with pytest.raises(InputError, match=r"a\.zspy: expected "):
        micrograph.read(path)
    assert not (tmp_path / "made").exists()


def test_what_is_part_of_a_file_by_its_name(tmp_path):
    (tmp_path / "link.tif").symlink_to(tmp_path / "elsewhere" / "b.tif")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a.hdr").symlink_to(tmp_path / "elsewhere" / "a.hdr")

    def holds(path, suffix, other):
        return confined._File(str(tmp_path / path), suffix).holds(str(tmp_path / other))

    assert all(holds("a.tif", ".tif", other) for other in ("a.tif", "a-tif.hdr", "a.tif.txt"))
    assert holds("link.tif", ".tif", "elsewhere/b.tif") and holds("link.tif", ".tif", "link.txt")
    assert not any(holds("a.tif", ".tif", other) for other in ("a1.tif", "a.tiff", "b.txt", "elsewhere/a.txt", "a.hdr"))
    assert holds("a.emi", ".emi", "a_1.ser") and not holds("a.emi", ".emi", "../a_1.ser")
    assert holds("elsewhere", ".zspy", "elsewhere/0/0") and not holds("elsewhere", ".zspy", "elsewhere2")


def test_a_file_of_several_is_read_with_the_others(tmp_path):
    pytest.importorskip("rsciio")
    values = {"width": 20, "height": 16, "depth": 1, "offset": 0, "data-length": 4, "data-type": "float"}
    values |= {"key": "value", "byte-order": "little-endian", "record-by": "dont-care"}
    (tmp_path / "a.rpl").write_text("".join(f"{key}\t{value}\n" for key, value in values.items()))
    np.ones((16, 20), "<f4").tofile(tmp_path / "a.raw")
    assert micrograph.read(str(tmp_path / "a.rpl")).data.shape == (16, 20)


def test_only_readers_are_kept_from_other_files(tmp_path, monkeypatch):
    (tmp_path / "a.dm3").write_text("")
    monkeypatch.setattr(confined, "_inside", confined._File(str(tmp_path / "a.dm3"), ".dm3"))
    (tmp_path / "b").write_text("")
    confined._watch("open", (str(tmp_path / "b"), "r", 0))  # a test is none
    confined._watch("open", (3, "r", 0))
    monkeypatch.setitem(globals(), "__name__", "rsciio.test")
    with pytest.raises(PermissionError, match="another file"):
        confined._watch("open", (str(tmp_path / "b"), "r", 0))
    with pytest.raises(PermissionError, match="pickled"):
        confined._watch("pickle.find_class", ("os", "system"))
    confined._watch("open", (str(tmp_path / "a.dm3"), "r", 0))


def test_metadata_in_a_companion_are_not_read_which_is_said(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    path = str(tmp_path / "a.ome.tif")
    xml = '<BinaryOnly MetadataFile="a.ome" UUID="urn:uuid:1"/></OME>'
    xml = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">' + xml
    tifffile.imwrite(path, np.zeros((20, 20), np.float32), description=xml, metadata=None)
    with pytest.warns(UserWarning, match=r"a\.ome\.tif: found its metadata to be in another file, a\.ome,"):
        assert micrograph.read(path).data.shape == (20, 20)
