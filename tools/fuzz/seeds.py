"""Small sound files of the readable formats: what our writers, tifffile and RosettaSciIO write, and what tests build.

`python -m tools.fuzz.seeds FOLDER`, with tests/ on the path, makes a folder a seed in it: a file called scan, to be
read, and what belongs beside it. The same bytes every time.
"""

from __future__ import annotations

import datetime
import importlib
import os
import struct
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from dlss_tf import micrograph
from dlss_tf.micrograph import Micrograph

Write = Callable[[Path], object]

NOON = 1_577_880_000.0  # s, when all of them were written
SHAPE = (20, 24)  # px
#: Where results came from.
MADE = {
    **{"result": "image", "command": "supersample", "factor": 5, "options": {"refine": True, "deblur": "wiener"}},
    **{"generator": {"weights": "none", "sha256": "0a"}, "source": {"file": "scan.dm4", "provenance": {"factor": 2}}},
}
TIME_TAG = 0x4152  # TIA's mark of an image that says when it was taken


def counts(*shape: int, dtype: str = "u2") -> np.ndarray:
    """Noise around a step, in whole numbers."""
    noise = np.random.default_rng(len(shape)).integers(0, 60, shape)
    return (noise + 100 * (np.arange(shape[-1]) > shape[-1] // 2)).astype(dtype)


def _ours(suffix: str, *frames: int, dtype: str = "u2") -> Write:
    """By our own writers."""
    data, history = counts(*frames, *SHAPE, dtype=dtype), ("scanned", "thinned out")
    scan = Micrograph(data, (0.25, 0.5), "nm", "gold", history, provenance=MADE)
    return lambda folder: micrograph.write(str(folder / f"scan{suffix}"), scan)


def _tiff(*frames: int, dtype: str = "u2", **options: Any) -> Write:
    """By tifffile, as `options` say."""
    data = counts(*frames, *SHAPE, dtype=dtype)

    def write(folder: Path) -> None:
        tifffile.imwrite(folder / "scan.tif", data, **options)

    return write


def _instrument(folder: Path) -> None:
    """With the tags of several makers."""
    from formats import tiffs

    fei = "[Scan]\r\nPixelWidth=1e-9\r\nPixelHeight=1e-9\r\n[Beam]\r\nScan=EScan\r\n"
    xml = "<Metadata><PixelsSize><X>1e-9</X><Y>1e-9</Y></PixelsSize></Metadata>"
    atlas = "<Fibics><Scan><Ux>0.001</Ux><Uy>0</Uy><Vx>0</Vx><Vy>0.001</Vy></Scan></Fibics>"
    named = [tiffs.text(34680, fei), tiffs.text(34683, xml), tiffs.text(51023, atlas), tiffs.tvips(0.5, 0.5)]
    tiffs.write(folder / "scan.tif", *named, *tiffs.digital_micrograph(), description="[SemImageFile]\nPixelSize=2")
    (folder / "scan.txt").write_text("[SemImageFile]\nDataSize=20x16\nPixelSize=1.5\n", encoding="utf-8")


def _olympus(folder: Path) -> None:
    from formats import tiffs

    tiffs.write_olympus(folder / "scan.tif", -9, 0.5, 0.5)


def _ome(folder: Path) -> None:
    from formats import tiffs

    tiffs.ome(folder / "scan.ome.tif", ("BF", (16, 20), 0.5, "nm"), ("HAADF", (24, 20), 0.25, "µm"))


def _png(mode: str) -> Write:
    """By Pillow, in one of its modes."""
    from PIL import Image

    return lambda folder: Image.fromarray(counts(*SHAPE, dtype="u1")).convert(mode).save(folder / "scan.png")


def _digital_micrograph(folder: Path) -> None:
    from formats.dm3_files import write_dm3

    images = [("survey", counts(8, 10), "nm", ""), ("HAADF", counts(*SHAPE), "nm", "")]
    write_dm3(folder / "scan.dm3", images, thumbnail=0)


def _velox(folder: Path) -> None:
    from formats.velox_files import write_velox

    write_velox(folder / "scan.emd", {"HAADF": counts(*SHAPE), "BF": counts(2, *SHAPE)})


def _contiguous(folder: Path) -> None:
    from formats.hyperspy_files import make_contiguous, write_hspy

    write_hspy(folder / "scan.hspy", counts(*SHAPE))
    make_contiguous(folder / "scan.hspy")


def _rosetta(
    plugin: str, suffix: str, *frames: int, sides: tuple[int, int] = SHAPE, dtype: str = "u2", unit: str = "nm"
) -> Write:
    """By a writer of RosettaSciIO."""

    def write(folder: Path) -> None:
        writer = importlib.import_module(f"rsciio.{plugin}").file_writer
        writer(str(folder / f"scan{suffix}"), _signal(counts(*frames, *sides, dtype=dtype), unit))

    return write


def _signal(data: np.ndarray, unit: str) -> dict[str, Any]:
    """An image or a stack, as RosettaSciIO's writers take it."""
    axes = [
        {"_type": "UniformDataAxis", "name": name, "units": unit, "navigate": i < data.ndim - 2, "is_binned": False,
         "size": size, "scale": 0.5, "offset": 0.0, "index_in_array": i}
        for i, (name, size) in enumerate(zip("tzyx"[4 - data.ndim :], data.shape))
    ]  # fmt: skip
    general = {"title": "gold", "notes": "scanned\nthinned out", "original_filename": "scan.dm4"}
    metadata = {"General": general, "Signal": {"signal_type": "", "quantity": "counts"}}
    rest: dict[str, Any] = {"learning_results": {}, "models": {}, "tmp_parameters": {}}
    attributes = {"_lazy": False, "ragged": False}
    package = {"package": "", "package_version": ""}
    return {"data": data, "axes": axes, "metadata": metadata, "original_metadata": {"detector": {"gain": 2.5}},
            "attributes": attributes, "package_info": package, **rest}  # fmt: skip


def _tia(folder: Path) -> None:
    """An image of TIA, and the file of its settings."""
    image = counts(*SHAPE)
    dimension = struct.pack("<IddII6sI6s", 1, 0.0, 1.0, 0, 6, b"Number", 6, b"meters")
    start = 30 + len(dimension)
    element = struct.pack("<ddIddIHII", 0, 2e-10, 0, 0, 2e-10, 0, 2, SHAPE[1], SHAPE[0]) + image.tobytes()
    tag = struct.pack("<HHI", TIME_TAG, 0, int(NOON))
    offsets = struct.pack("<II", start + 8, start + 8 + len(element))
    head = struct.pack("<HHHIIIIII", 0x4949, 0x0197, 0x0210, 0x4122, TIME_TAG, 1, 1, start, 1)
    (folder / "scan_1.ser").write_bytes(head + dimension + offsets + element + tag)
    data = "<Data><Label>Stage X</Label><Value>1.5</Value><Unit>um</Unit></Data>"
    xml = f"<ObjectInfo><Uuid>1</Uuid><AcquireDate>Tue Jan 11 16:55:19 2020</AcquireDate><ExperimentalDescription>\
<Root>{data}</Root></ExperimentalDescription></ObjectInfo>"
    (folder / "scan.emi").write_bytes(bytes(100) + xml.encode() + bytes(100))


def _ser(folder: Path) -> None:
    _tia(folder)
    (folder / "scan_1.ser").rename(folder / "scan.ser")
    (folder / "scan.emi").unlink()


def _ali(folder: Path) -> None:
    _ours(".mrc", dtype="i1")(folder)
    (folder / "scan.mrc").rename(folder / "scan.ali")


def _merlin(folder: Path) -> None:
    """Frames of Quantum Detectors."""
    head = "MQ1,000001,00384,01,0024,0020,U16,   1x1,01,2020-01-01 12:00:00.000000,0.001000,0,0,0,1.2E+2,5.1E+2"
    fields = f"{head},2020-01-01T12:00:00.000000000Z,1000000ns,12,".ljust(384, "\0").encode()
    frames = (fields + frame.astype(">u2").tobytes() for frame in counts(3, *SHAPE))
    (folder / "scan.mib").write_bytes(b"".join(frames))


def _empad(folder: Path) -> None:
    xml = '<root><raw_file filename="scan_x1_y2.raw"/><pix_x>1</pix_x><pix_y>2</pix_y>\
<timestamp isoformat="2020-01-01T12:00:00"/></root>'
    (folder / "scan.xml").write_text(xml, encoding="utf-8")
    (folder / "scan_x1_y2.raw").write_bytes(counts(2, 130, 128, dtype="f4").tobytes())


def _hamamatsu(folder: Path) -> None:
    comment = (
        b'[Application],Date="01/01/2020",Time="12:00:00.000"\r\n[Acquisition],ZAxisLabel=Intensity,ZAxisUnit=Count,\
NrExposure=1,AcqMode=2\r\n[Scaling],ScalingXType=1,ScalingXUnit="nm",ScalingXScalingFile="",ScalingYType=1,\
ScalingYUnit="nm",ScalingYScalingFile=""'
    )
    head = struct.pack("<2shhhhhhihhd4s30s", b"IM", len(comment), SHAPE[1], SHAPE[0], 0, 0, 2, 0, 0, 0, NOON, b"", b"")
    (folder / "scan.img").write_bytes(head + comment + counts(*SHAPE).tobytes())


#: What makes each, by its name.
SEEDS: dict[str, Write] = {
    "tif": _ours(".tif"),
    "tif-stack": _ours(".tif", 3, dtype="f4"),
    "tif-instrument": _instrument,
    "tif-olympus": _olympus,
    "tif-tiles": _tiff(dtype="u1", tile=(16, 16), compression="zlib", photometric="minisblack"),
    "tif-lzw": _tiff(2, compression="lzw", predictor=True, bigtiff=True, photometric="minisblack"),
    "tif-palette": _tiff(dtype="u1", photometric="palette", colormap=np.tile(np.arange(256, dtype="u2") * 257, (3, 1))),
    "ome": _ours(".ome.tif", dtype="i2"),
    "ome-images": _ome,
    "png": _ours(".png"),
    "png-palette": _png("P"),
    "png-16": _png("I;16"),
    "npy": _ours(".npy", 2),
    "dm3": _digital_micrograph,
    "velox": _velox,
    "ncem": _rosetta("emd", ".emd", 2),
    "ser": _ser,
    "emi": _tia,
    "mrc": _ours(".mrc", 2, dtype="i2"),
    "ali": _ali,
    "hspy": _ours(".hspy", 2),
    "hspy-contiguous": _contiguous,
    "zspy": _ours(".zspy"),
    "prz": _rosetta("pantarhei", ".prz"),
    "nxs": _rosetta("nexus", ".nxs"),
    "unf": _rosetta("semper", ".unf", dtype="f4"),
    "rpl": _rosetta("ripple", ".rpl"),
    "blo": _rosetta("blockfile", ".blo", 2, 2, sides=(20, 20), dtype="u1", unit="cm"),
    "tvips": _rosetta("tvips", "_000.tvips", 2),
    "sur": _rosetta("digitalsurf", ".sur"),
    "mib": _merlin,
    "xml": _empad,
    "img": _hamamatsu,
}


class _Noon(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        return datetime.datetime.fromtimestamp(NOON, tz or datetime.timezone.utc).replace(tzinfo=tz)


def make(folder: str) -> None:
    """Each seed into a folder of its name. For the whole process the time stands still then."""
    time.time = lambda: NOON
    datetime.datetime = _Noon  # type: ignore[misc]
    uuid.uuid1 = lambda *_: uuid.UUID(int=0)
    for name, write in SEEDS.items():
        place = Path(folder) / name
        os.makedirs(place)
        write(place)


if __name__ == "__main__":
    make(sys.argv[1])
