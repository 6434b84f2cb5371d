"""Table 3: errors at 1/25 of scans cast to fewer bits before the network, and how many bytes such scans are."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from dlss_tf import Supersampler, lattice
from dlss_tf.data.examples import make_example, to_crop_scale
from dlss_tf.evaluation.images import blurred
from dlss_tf.evaluation.metrics import ABOUT, mse, root_mean, root_std

from ._published import printed
from ._report import over_images, parser, run, write

FACTOR = 5
SIZES = ("raw", "zlib", "png", "jpeg_xl")  # all without loss


class Cast(NamedTuple):
    """What goes over the wire for samples in [0, 1], and what the network gets of it, float32."""

    there: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]


def _float(kind: type) -> Cast:
    return Cast(lambda x: x.astype(kind), lambda x: x.astype(np.float32))


def _unsigned(bits: int, kind: type) -> Cast:
    """Rounded to the nearest of 2^bits levels."""
    most = np.float32(2**bits - 1)
    return Cast(lambda x: np.rint(np.clip(x, 0, 1) * most).astype(kind), lambda x: x.astype(np.float32) / most)


def _published(x: np.ndarray) -> np.ndarray:
    """256 x - 127, clipped to [-127, 128] and cut to a signed byte, in which 128 is -128: white turns black."""
    return np.clip(256 * x - 127, -127, 128).astype(np.int16).astype(np.int8)


CASTS = {
    "float32": _float(np.float32),
    "float16": _float(np.float16),
    "8-bit, published cast": Cast(_published, lambda x: (x.astype(np.float32) + 127) / 256),
    "8-bit, saturating": _unsigned(8, np.uint8),
    "12-bit": _unsigned(12, np.uint16),  # two bytes each, raw
}


def sizes(wire: np.ndarray) -> dict[str, int | None]:
    """Bytes of a scan [h, w]; None where a format does not hold its type, or there is no encoder."""
    grey = wire.view(np.uint8) if wire.dtype == np.int8 else wire
    png = _png(grey) if grey.dtype.kind == "u" else None
    return dict(zip(SIZES, (wire.nbytes, len(zlib.compress(wire.tobytes())), png, _jpeg_xl(grey))))


def _png(grey: np.ndarray) -> int:
    with io.BytesIO() as file:
        Image.fromarray(grey).save(file, format="PNG")
        return file.tell()


def _jpeg_xl(grey: np.ndarray) -> int | None:
    try:
        from imagecodecs import jpegxl_encode

        return len(jpegxl_encode(grey, lossless=True))
    except ImportError:  # of imagecodecs, or of the codec when it is called
        return None


def measure(supersampler: Supersampler, crop: np.ndarray) -> dict[str, dict[str, Any]]:
    """MSE of crop [N, N] in its [0, 1], and bytes of its scan, by cast."""
    reference = supersampler.config.intensity_reference
    example = make_example(tf.constant(crop[None, :, :, None]), tf.constant([FACTOR]), reference)
    scan, target = lattice.downsample(example.inputs.numpy()[0, :, :, 0], FACTOR), blurred(crop)
    found = {}
    for name, cast in CASTS.items():
        wire = cast.there(scan)
        infilled = lattice.infill(cast.back(wire), crop.shape, FACTOR)[None, :, :, None]
        completed = tf.constant(supersampler.complete(infilled, factor=FACTOR))
        output = to_crop_scale(completed, example, reference).numpy()[0, :, :, 0]
        found[name] = {"mse": mse(output, target), **sizes(wire)}
    return found


def summarize(images: list[dict[str, Any]]) -> dict[str, Any]:
    """Root mean and root standard deviation of MSEs of one cast, and mean bytes."""
    mses = [each["mse"] for each in images]
    held = {size: [each[size] for each in images if each[size] is not None] for size in SIZES}
    means = {size: float(np.mean(found)) if found else None for size, found in held.items()}
    return {"mean": root_mean(mses), "std": root_std(mses), "bytes": means}


def main() -> None:
    """Write it."""
    arguments = parser(__doc__, "table3.json and .csv").parse_args()
    supersampler = Supersampler(arguments.weights)
    supersampler.check_factor(FACTOR)
    values, _ = over_images("table3", arguments, lambda crop: (measure(supersampler, crop), {}), factor=FACTOR)
    here = {name: summarize([each[name] for each in values.values()]) for name in CASTS}
    paper = printed("table3")
    beside = [(name, each, paper["mean"].get(name), paper["std"].get(name)) for name, each in here.items()]
    rows = [(name, each["mean"], each["std"], *others, *each["bytes"].values()) for name, each, *others in beside]
    for name, mean, std, *others in rows:
        print(f"{name:22} {mean:.4f} {std:.4f}  paper {others[0]} {others[1]}  bytes {others[2:]}")
    header = ("input", "root_mean_mse", "root_std_mse", "paper_mean", "paper_std", *(f"{size}_bytes" for size in SIZES))
    report = {"images": len(values), "about": ABOUT, "inputs": here, "paper": paper}
    write("table3", arguments, report, None, [header, *rows])


if __name__ == "__main__":
    run("table3", main)
