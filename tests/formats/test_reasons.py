import pytest

from dlss_tf.errors import InputError
from dlss_tf.formats import reasons


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModuleNotFoundError("No module named 'mrcz'", name="mrcz"), "needs mrcz; pip install mrcz"),
        (ModuleNotFoundError("No module named 'PIL'", name="PIL"), r"needs Pillow; pip install '.*' mrcfile pillow"),
        (ModuleNotFoundError("No module named 'h5py._x'", name="h5py._x"), r"needs h5py; pip install 'rosettasciio\["),
        (
            ModuleNotFoundError("The 'sparse' library was not found. To load"),
            r"needs sparse; pip install 'rosettasciio\[",
        ),
        (ValueError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package"), "imagecodecs; pip install imagecodecs"),
        (
            OSError("Can't synchronously read data (can't open directory (/x/plugin))"),
            "hdf5plugin; pip install hdf5plug",
        ),
    ],
)
def test_a_missing_package_is_named_with_what_brings_it(error, sentence):
    assert reasons.refusal("a.tif", ".tif", error).args == (str(reasons.refusal("a.tif", ".tif", error)),)
    with pytest.raises(InputError, match=rf"^a\.tif: reading this \.tif needs .*{sentence.removeprefix('needs ')}"):
        raise reasons.refusal("a.tif", ".tif", error)


@pytest.mark.parametrize(
    "error",
    [
        NotImplementedError("Reading data of this type"),
        KeyError("COMPRESSION.EER_V0"),
        ImportError("could not import name 'lzw_decode'"),
        OSError("The file is not a supported EMD file."),
        ValueError("Could not recognize as a valid tvips file"),
        OSError("Unsupported Empad file: the scan parameters cannot be imported."),
    ],
)
def test_what_no_reader_knows_is_not_damaged(error):
    sentence = str(reasons.refusal("a.emd", ".emd", error))
    assert sentence.startswith("a.emd: expected a .emd image, found a kind of file that is not supported (")


def test_hdf5_and_xml_that_open_are_not_damaged(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["data"] = [1]
    assert "not supported ('scale')" in str(reasons.refusal(str(path), ".h5", KeyError("scale")))
    assert "damaged" in str(reasons.refusal(str(path), ".h5", OSError("Can't read data")))
    (tmp_path / "a.xml").write_text("<a/>")
    assert "not supported" in str(reasons.refusal(str(tmp_path / "a.xml"), ".xml", IndexError("list index")))
    (tmp_path / "a.xml").write_text("<a")
    assert "damaged" in str(reasons.refusal(str(tmp_path / "a.xml"), ".xml", IndexError("list index")))


def test_anything_else_is_damage_and_the_reason_is_short():
    sentence = str(reasons.refusal("a.rpl", ".rpl", ValueError("no separator in " + "text " * 1000 + "\nmore")))
    assert sentence.startswith("a.rpl: expected a .rpl image, found a damaged file (no separator in text")
    assert len(sentence) < 300 and "\n" not in sentence
    assert "(EOFError)" in str(reasons.refusal("a.rpl", ".rpl", EOFError()))
    own = InputError("a.rpl: a sentence")
    assert reasons.refusal("a.rpl", ".rpl", own) is own


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        OSError("Can't synchronously read data (memory allocation failed for type conversion)"),
        ValueError("Unable to allocate 1.00 TiB for an array"),
    ],
)
def test_a_lack_of_memory_is_called_that(error):
    assert reasons.lacks_memory(error)
    assert str(reasons.refusal("a.tif", ".tif", error)) == (
        "a.tif: expected an image that fits, found one that needs more memory than there is"
    )
    assert str(reasons.too_large("a.tif", 3 * 10**8)).endswith("than the 300 MB that a file of its size may take")
