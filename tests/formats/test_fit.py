import os

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import fit, remarks
from dlss_tf.formats.image import Axis
from dlss_tf.formats.units import METRES
from dlss_tf.micrograph import Micrograph

DATA = np.random.default_rng(0).random((9, 12)).astype(np.float32)
LARGEST = DATA.max() == DATA
FORMATS = (".tif", ".ome.tif", ".png", ".npy", ".mrc", ".hspy", ".zspy")

TEXTS = ("", "µ", "\u03bcm", "Å", "ü", "纳米", "🔬", "a\0b", "a\nb", "a\r\tb", "\x1b[31m", "\udcfe", "\x85", "\u2028")
TEXTS = (*TEXTS, "\uffff", "\ufeffa", "<a&b>\"']]>", "a=b", "..", "a/b", "a\\b", "%s{}", "x" * 10_000, "ä" * 70_000)
SIZES = (0.0, -1.0, np.nan, np.inf, 5e-324, 1e-300, 1e-30, 1e-11, 1 / 3, 1e10, 1e30, 1e300)
VALUES = (np.nan, np.inf, -np.inf, 1e-45, 1e38, -3e38)
TYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f8", "g", ">u2", ">i4", ">f8")

HOSTILE = {
    **{f"unit {text[:9]!a}": Micrograph(DATA, (0.5, 0.5), text) for text in TEXTS},
    **{f"title {text[:9]!a}": Micrograph(DATA, (0.5, 0.5), "nm", text) for text in TEXTS},
    **{f"note {text[:9]!a}": Micrograph(DATA, (0.5, 0.5), "nm", "t", (text, "more")) for text in TEXTS},
    **{f"{size} {unit}": Micrograph(DATA, (size, size), unit) for size in SIZES for unit in ("m", "nm", "px", "foo")},
    "one side of two": Micrograph(DATA, (0.5, np.nan), "nm"),
    "oblong": Micrograph(DATA, (1e-12, 1e6), "m"),
    **{f"value {value}": Micrograph(np.where(LARGEST, np.float32(value), DATA)) for value in VALUES},
    **{f"all {value}": Micrograph(np.full_like(DATA, value), (1.0, 1.0), "nm") for value in VALUES},
    "beyond float32": Micrograph(np.where(LARGEST, 1e300, DATA.astype("f8"))),
    **{dtype: Micrograph((100 * DATA).astype(dtype), (1.0, 1.0), "nm") for dtype in TYPES},
    **{f"largest {t}": Micrograph(np.full((9, 12), np.iinfo(t).max, t)) for t in TYPES if np.dtype(t).kind in "iu"},
    "many notes": Micrograph(DATA, (0.5, 0.5), "nm", "t", tuple(f"note {i}" for i in range(3000))),
    "nothing": Micrograph(DATA, (1, 2), None, None),
    "no numbers": Micrograph(DATA, ("a", None), 5, 5, (5, None)),
    "origin": Micrograph(DATA, (1, 1), "nm", origin=(np.nan, np.inf)),
    "frames": Micrograph(np.ones((2, 9, 12), "f4"), frames=(Axis("a\0\ud800", "x" * 999, np.nan, 1e300),)),
    "not in one piece": Micrograph(DATA[::2, ::-1]),
    "columns first": Micrograph(np.asfortranarray(DATA)),
    "3 columns": Micrograph(np.ones((4, 9, 3), np.float32)),
    "metadata": Micrograph(DATA, metadata={"General": {"a\0": "b\0", "": 1}, "x": {"y": object()}}),
    "vendor's": Micrograph(DATA, original_metadata={1: {2: "\udcfe"}, "a/b": [{"c": (1, "d")}], ".": None}),
}
NO_IMAGES = {
    **{dtype: Micrograph(np.zeros((9, 12), dtype)) for dtype in ("c8", "O", "S3", "U3", "M8[s]", "u1,u1,u1")},
    **{str(shape): Micrograph(np.ones(shape)) for shape in ((), (5,), (0, 5), (5, 0), (2, 0, 5))},
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("suffix", FORMATS)
def test_no_writer_is_surprised(suffix, tmp_path):
    """Whatever an image is called and holds, a file comes of it that can be read, with the same values and size."""
    for name, image in HOSTILE.items():
        path = str(tmp_path / f"image{suffix}")
        if image.data.ndim > micrograph.MOST_AXES.get(suffix, 9):
            continue
        if suffix == ".zspy" and not name.startswith(("title", "metadata", "vendor's")):  # it is slow, and like hspy
            continue
        micrograph.write(path, image)
        found = micrograph.read(path)
        assert os.listdir(tmp_path) == [f"image{suffix}"], name
        if suffix != ".png":
            with np.errstate(over="ignore"):
                same = image.data.astype(np.float32 if found.data.dtype == np.float32 else found.data.dtype)
            np.testing.assert_array_equal(found.data, same, name)
        if image.pixel_size and found.pixel_size and {image.units, found.units} <= set(METRES):
            sizes = [side * METRES[found.units] for side in found.pixel_size]
            assert sizes == pytest.approx([side * METRES[image.units] for side in image.pixel_size], rel=1e-6), name


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", NO_IMAGES)
def test_what_is_no_image_is_refused(suffix, name, tmp_path):
    with pytest.raises(InputError, match=rf"image\{suffix}: expected a(n| real) image.*, found (values|shape)"):
        micrograph.write(str(tmp_path / f"image{suffix}"), NO_IMAGES[name])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("image", "remark"),
    [
        (Micrograph(DATA, title="a\0b"), "the title has characters that cannot be written; others stand for them"),
        (Micrograph(DATA, history=("a\tb",)), "the notes have characters that cannot be written"),
        (Micrograph(DATA, (1, 1), "f\noo"), "the unit of the pixel size has characters that cannot be written"),
        (Micrograph(DATA, (1, 1), "x" * 99), f"the unit of the pixel size was shortened to {'x' * 39}…"),
        (
            Micrograph(DATA, (0, 1), "nm"),
            "expected positive numbers as the pixel size, found 0 nm x 1 nm; it is left out",
        ),
        (Micrograph(DATA, (2, 2), "mm"), "expected a pixel size between 1 fm and 1 mm, found 2 mm x 2 mm; it is left"),
        (Micrograph(DATA, (2, 2), "1/nm"), "expected a pixel size in units of length, found 2 1/nm x 2 1/nm, as of a"),
        (Micrograph(DATA, (0.1, 0.1), "\u03bcm", " gold ", ("", " a ")), None),
    ],
)
def test_a_word_of_what_was_changed(image, remark):
    with remarks.gathered() as said:
        fit.fit(image)
    assert len(said) == (remark is not None) and all(sentence.startswith(remark) for sentence in said)


@pytest.mark.parametrize(
    ("suffix", "image", "remark"),
    [
        (".tif", Micrograph(DATA, (1e-11, 1e-11), "m"), "the pixel size 1e-11 m is given as 10 pm"),
        (".tif", Micrograph(DATA, (1e-20, 1), "foo"), "the pixel size 1e-20 x 1 foo cannot be given as a resolution"),
        (".tif", Micrograph(np.full((9, 9), 1e300)), "81 of 81 values are beyond float32 and became infinite"),
        (".mrc", Micrograph(DATA, title="µ"), "title and notes were shortened to 9 lines of 79 ASCII characters"),
        (".png", Micrograph(DATA, (1, 1), "foo"), "PNG has no unit foo; the pixel size is left out"),
        (".mrc", Micrograph(DATA, (1, 1), "foo"), "MRC has no unit foo; the pixel size is left out"),
        (".zspy", Micrograph(DATA, title="x" * 999), "the title was shortened or changed to x"),
    ],
)
def test_warnings_name_the_file(suffix, image, remark, tmp_path):
    path = str(tmp_path / f"image{suffix}")
    with pytest.warns(UserWarning) as warned:
        micrograph.write(path, image)
    assert [str(each.message)[: len(path) + 2 + len(remark)] for each in warned] == [f"{path}: {remark}"]


def test_what_a_writer_raises_is_a_sentence(tmp_path, monkeypatch):
    def broken(path, _):
        open(path, "w", encoding="utf-8").close()
        raise KeyError("deep within")

    monkeypatch.setitem(micrograph.WRITERS, ".npy", broken)
    with pytest.raises(InputError, match=r"a\.npy: expected what \.npy can hold, found .*KeyError: 'deep within'"):
        micrograph.write(str(tmp_path / "a.npy"), Micrograph(DATA))
    assert os.listdir(tmp_path) == []
