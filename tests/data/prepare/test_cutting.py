import numpy as np
import pytest
import tifffile
from data.prepare.pictures import specimen

from dlss_tf.data.files import read_tiff
from dlss_tf.data.prepare.cutting import cut_file
from dlss_tf.data.prepare.index import Index
from dlss_tf.data.prepare.record import Record
from dlss_tf.errors import InputError


@pytest.fixture
def cut(tmp_path):
    """`cut(source)`: what is recorded of a file, in crops of 64 px, after those that were cut before."""
    (tmp_path / "cut").mkdir()
    index = Index(Record(str(tmp_path)))

    def run(source, image=None):
        entry = cut_file(source, str(tmp_path / "cut"), 64, image, index)
        index.add(entry)
        return entry

    return run


@pytest.mark.parametrize("dtype", ["uint8", "int16", ">u2", "uint32", "int64", "float32", ">f4", "float64"])
def test_types_and_values_are_kept(scans, cut, tmp_path, dtype):
    image = (specimen(0, (64, 64), "float64") / 10).astype(dtype)
    entry = cut(scans(a=image)[0])
    path = tmp_path / "cut" / entry["crops"][0]["name"]
    written = tifffile.imread(path)
    assert written.dtype == np.dtype(dtype).newbyteorder("=") and (written == image).all()
    assert (read_tiff(str(path)) == image.astype(np.float32)).all()  # as training reads it


def test_what_is_recorded(scans, cut, tmp_path):
    stack = specimen(0, (2, 70, 130))
    stack[1, :, :64] = 5
    entry = cut(scans(a=stack)[0])
    assert entry["specimen"] == "a" and entry["split"] is None and len(entry["sha256"]) == 64
    assert entry["images"][0] | {"looks": ""} == {
        **{"number": None, "shape": [2, 70, 130], "dtype": "uint16", "pixel_size": None, "units": None, "looks": ""}
    }
    places = [(crop["frame"], crop["row"], crop["column"], crop.get("left_out")) for crop in entry["crops"]]
    assert places == [(0, 3, 1, None), (0, 3, 65, None), (1, 3, 1, "near-empty"), (1, 3, 65, None)]
    names = [crop["name"] for crop in entry["crops"] if "name" in crop]
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == sorted(names)
    assert names[2].startswith("a-f1-3-65-")


def test_crops_that_are_there_are_not_written_again_whatever_their_type(scans, cut, tmp_path):
    image = specimen(0, (64, 128))
    first, second = (cut(each) for each in scans(a=image, b=image[:, 64:].astype(np.float32)))
    assert second["crops"][0]["left_out"] == "duplicate" and second["crops"][0]["of"] == first["crops"][1]["name"]
    assert second["like"] == ["a"] and "like" not in first and len(list((tmp_path / "cut").iterdir())) == 2


def test_a_crop_twice_in_one_file(scans, cut):
    entry = cut(scans(a=np.stack([specimen(0)] * 2))[0])
    assert [crop.get("left_out") for crop in entry["crops"]] == [None, "duplicate"] and "like" not in entry


def test_a_file_of_the_same_bytes_is_a_copy(scans, cut):
    first, second = (cut(each) for each in scans(a=specimen(0), b=specimen(0)))
    assert (second["left_out"], second["of"], second["like"], second["crops"]) == ("copy", first["file"], ["a"], [])


def test_small_images(scans, cut):
    entry = cut(scans(a=specimen(0, (63, 200)))[0])
    assert entry["left_out"] == "small" and entry["crops"] == [] and "looks" not in entry["images"][0]


def test_all_images_of_a_file(tmp_path, scans, cut):
    path = str(tmp_path / "several.ome.tif")
    with tifffile.TiffWriter(path, ome=True) as file:
        for number, shape in enumerate([(64, 64), (64, 80), (60, 90)]):
            file.write(specimen(number, shape), metadata={"Name": f"BF {number}"})
    source = scans(a=specimen(9))[0]._replace(path=path)
    entry = cut(source, "all")
    assert [image["number"] for image in entry["images"]] == [1, 2, 3]
    assert [(crop["image"], crop["column"]) for crop in entry["crops"]] == [(1, 0), (2, 8)]


@pytest.mark.parametrize("content", [b"", b"no image", None])
def test_what_cannot_be_read_is_one_sentence(scans, cut, tmp_path, content):
    source = scans(a=specimen(0))[0]
    path = tmp_path / "scans" / "a.npy"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.npy: expected"):
        cut(source)
