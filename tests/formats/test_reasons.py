import struct

import pytest

from dlss_tf.errors import InputError
from dlss_tf.formats import reasons


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ModuleNotFoundError("No module named 'mrcz'", name="mrcz"), "needs mrcz; pip install .*mrcz"),
        (ModuleNotFoundError("No module named 'PIL'", name="PIL"), r"needs Pillow; pip install .* mrcfile pillow"),
        (
            ModuleNotFoundError("No module named 'h5py._x'", name="h5py._x"),
            r"needs h5py; pip install .*'rosettasciio\[",
        ),
        (
            ModuleNotFoundError("The 'sparse' library was not found. To load"),
            r"needs sparse; pip install .*'rosettasciio\[",
        ),
        (
            ValueError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package"),
            "imagecodecs; pip install .*imagecodecs",
        ),
        (
            OSError("Can't synchronously read data (can't open directory (/x/plugin))"),
            "hdf5plugin; pip install .*hdf5plug",
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
    layout = r"not supported (no reader knows where its image is; datasets: data 1)"
    assert layout in str(reasons.refusal(str(path), ".h5", KeyError("scale")))
    assert layout in str(reasons.refusal(str(path), ".h5", OSError("'a.h5' is not a Tofwerk TofDAQ HDF5 file")))
    assert "not supported (EMD 3 is not supported)" in str(
        reasons.refusal(str(path), ".h5", NotImplementedError("EMD 3 is not supported"))
    )
    assert "damaged" in str(reasons.refusal(str(path), ".h5", OSError("Can't read data")))
    (tmp_path / "a.xml").write_text("<a/>")
    sentence = str(reasons.refusal(str(tmp_path / "a.xml"), ".xml", IndexError("list index")))
    assert sentence.endswith("not supported (no reader knows its element a)")
    (tmp_path / "a.xml").write_text("<a")
    assert "damaged" in str(reasons.refusal(str(tmp_path / "a.xml"), ".xml", IndexError("list index")))


def test_anything_else_is_damage_and_the_reason_is_short():
    sentence = str(reasons.refusal("a.rpl", ".rpl", ValueError("no separator in " + "text " * 1000 + "\nmore")))
    assert sentence.startswith("a.rpl: expected a .rpl image, found a damaged file (no separator in text")
    assert len(sentence) < 300 and "\n" not in sentence
    sentence = str(reasons.refusal("a.rpl", ".rpl", KeyError("width")))
    assert sentence.endswith("found a damaged file (its parts do not fit together, KeyError: 'width')")
    own = InputError("a.rpl: a sentence")
    assert reasons.refusal("a.rpl", ".rpl", own) is own


ENDS = "a damaged or truncated file, which ends before all is read; copy it again"
ANOTHER = "a file that is damaged, or of another kind"


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (EOFError(), ENDS),
        (struct.error("unpack requires a buffer of 8 bytes"), ENDS),
        (OSError("image file is truncated"), ENDS),
        (ValueError("setting an array element with a sequence."), ENDS),
        (
            OSError("Unable to open file (truncated file: eof = 1062, sblock->base_addr = 0, stored_eof = 2125400)"),
            "a truncated file: 1062 of its 2125400 bytes are there; copy it again",
        ),
        (OSError("Unable to synchronously open file (file signature not found)"), ANOTHER),
        (ValueError("not a TIFF file: header=b'\\x00'"), ANOTHER),
        (ValueError("Could not recognize as a valid tvips file"), ANOTHER),
        (NotImplementedError("Currently we only support DM 3 and 4 but this file seems to be version 0"), ANOTHER),
    ],
)
def test_readers_words_are_put_into_plain_ones(error, found):
    assert str(reasons.refusal("a.dm4", ".dm4", error)) == f"a.dm4: expected a .dm4 image, found {found}"


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
