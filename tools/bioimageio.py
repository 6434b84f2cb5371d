"""A scan-grid generator as a bioimage.io model package, for Fiji and others that read such (docs/bioimageio.md).

    python -m tools.bioimageio --factor 5 --out exports/unified-scan-x5.zip

A package is for one factor: the format has no size of an output that depends on a number that is put in.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

try:
    from bioimageio.spec import save_bioimageio_package
    from bioimageio.spec.model import v0_5 as rdf
    from PIL import Image
except ImportError as error:
    raise SystemExit(f"bioimageio: expected to find {error.name}; pip install './light[bioimageio]'") from None

from dlss_tf import Supersampler, __version__, micrograph, software, weights
from dlss_tf.cli import status
from dlss_tf.errors import InputError
from dlss_tf.formats.image import grey_limits
from dlss_tf.formats.replacing import replacing
from dlss_tf.inference.requirements import check_factor
from dlss_tf.models.onnx.generators import of_scans
from dlss_tf.models.onnx.graph import OPSET
from dlss_tf.simulation.dataset import DEMO

LEAST = 16  # samples a side that are promised to be taken
COVER = (1024, 512)  # px
WHOLE = 2048  # px, more than a side of the example's image: it is no mosaic of tiles
WEIGHTS, SCAN, IMAGE, SAMPLE = "weights.onnx", "scan.npy", "image.npy", "scan.tif"  # files' names
PICTURE, PAGE = "cover.png", "README.md"
PAPER = rdf.CiteEntry(
    text="Ede, J. M. Deep Learning Supersampled Scanning Transmission Electron Microscopy. arXiv:1910.10467 (2019)",
    doi="10.48550/arXiv.1910.10467",
)
TAGS = (
    *("electron-microscopy", "2d", "image-restoration", "image-reconstruction", "denoising", "fiji", "deepimagej"),
    *("stem", "supersampling", "compressed-sensing", "materials-science"),
)
CLOSE = 1e-4  # of the image's range, that its values are the same within
DESCRIPTION = (
    "Completes a scanning transmission electron micrograph (STEM) of which every {0}th probing location a side was "
    "scanned, 1/{1} of the points: in goes the scan in any units, out comes the image, {0} times larger a side, in "
    "those units. Trained on STEM and SEM images of materials; output is about as sharp as a full scan under a "
    "Gaussian of 2.5 px. Whole images only, no tiles."
)
DOCUMENTATION = """# {name}: every {0}th probing location

Deep learning supersampling of scanning transmission electron micrographs, arXiv 1910.10467, by a network on the scan's
grid.

- **In**: `scan`, float32 [batch, 1, h, w], of which every sample is {0} px of the image from the next; finite values in
  any units. The network scales each scan to [0, 1] by its lowest and highest value, and its image back, so that nothing
  is to be done before or after. Hot and dead pixels take from that range and come out as spots: remove them first.
- **Out**: `image`, float32 [batch, 1, {0} h, {0} w], in the scan's units. Sample [i, j] is pixel [{0} i, {0} j]; pixels
  are 1/{0} of the scan's in size.
- **Whole images**: each tile would have a scale of its own, and show it.

## Validation

Take an image at full resolution, of it each {0}th pixel of each {0}th row, run the model on these, and compare its
image with the whole one under a 5x5 Gaussian of 2.5 px, which is what it was trained for; `dlss-tf check` does this.
The test tensors are a simulated crystal and what `dlss_tf.Supersampler` makes of it.
"""


def package(path: str, factor: int, weights_or_name: str | None = None) -> str:
    """Write the package of a scan-grid generator for scans of that factor to `path`, a .zip; the path.

    What is there is replaced.

    Raises:
        InputError: missing weights, another generator, a factor that it was not trained for, or another suffix.
    """
    if os.path.splitext(path)[1].lower() != ".zip":
        raise InputError(f"{path}: expected a file's name that ends in .zip, found another")
    config, arrays = weights.load(weights_or_name)
    if config.network != "scan-grid":
        raise InputError(f"weights {weights_or_name}: expected a scan-grid generator, found a {config.network} one")
    factor = check_factor(config, factor)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        made_by = {**software.described(), **weights.identity(weights_or_name), "factor": str(factor)}
        model = of_scans(config, arrays, factor, {**made_by, "config": config.to_json()})
        Path(folder, WEIGHTS).write_bytes(model.SerializeToString())
        scan, image = _example(weights_or_name, factor)
        np.save(os.path.join(folder, SCAN), scan[None, None])
        np.save(os.path.join(folder, IMAGE), image[None, None])
        shutil.copy(DEMO, os.path.join(folder, SAMPLE))
        _cover(scan, image, factor).save(os.path.join(folder, PICTURE))
        card = os.path.join(weights.find(weights_or_name), "MODEL_CARD.md")
        Path(folder, PAGE).write_text(documentation(made_by["name"], factor, card), encoding="utf-8")
        described = description(Path(folder), made_by, factor, float(np.ptp(image)))
        with replacing(path) as beside:
            save_bioimageio_package(described, output_path=Path(beside))
    return path


def _example(weights_or_name: str | None, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """The scan that ships, and its image as `Supersampler` makes it."""
    scan = micrograph.read(DEMO).data.astype(np.float32)
    return scan, Supersampler(weights_or_name, WHOLE)(scan, factor, keep_outliers=True)


def _cover(scan: np.ndarray, image: np.ndarray, factor: int) -> Image.Image:
    """Both side by side, in the same greys."""
    both = np.concatenate([np.kron(scan, np.ones((factor, factor), np.float32)), image], 1)
    greys = np.interp(both, grey_limits(both), (0, 255)).astype(np.uint8)
    return Image.fromarray(greys).resize(COVER, Image.Resampling.LANCZOS)


def documentation(name: str, factor: int, card: str) -> str:
    """The package's page: how to use it, then what the model card says of scores and failures, without its links."""
    page = DOCUMENTATION.format(factor, name=name)
    if not os.path.isfile(card):
        return page
    said = Path(card).read_text(encoding="utf-8")
    parts = re.findall(r"^## (?:Score|Known failures)\n.*?(?=^## |\Z)", said, re.DOTALL | re.MULTILINE)
    return page + re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", "\n" + "".join(parts))


def description(folder: Path, made_by: dict[str, str], factor: int, scale: float) -> rdf.ModelDescr:
    """The model of the files in `folder`, whose test image has the range `scale`."""
    tolerance = rdf.ReproducibilityTolerance(
        relative_tolerance=0, absolute_tolerance=CLOSE * scale, mismatched_elements_per_million=0
    )
    about = rdf.BioimageioConfig(
        reproducibility_tolerance=[tolerance],
        architecture_type="U-Net on the scan's grid",
        modality="scanning transmission electron microscopy",
        task="supersampling, denoising",
        out_of_scope_use="Measuring detail finer than about two probing intervals: it is lost, or guessed.",
    )
    return rdf.ModelDescr(
        name=f"STEM supersampling {factor}x ({made_by['name']})",
        description=DESCRIPTION.format(factor, factor**2),
        version=__version__,
        authors=[rdf.Author(name="The dlss_tf authors")],
        cite=[PAPER],
        license="MIT",
        tags=[*TAGS],
        covers=[rdf.FileDescr(source=folder / PICTURE)],
        documentation=rdf.FileDescr(source=folder / PAGE),
        inputs=[_input(folder, factor)],
        outputs=[_output(folder, factor)],
        weights=rdf.WeightsDescr(onnx=rdf.OnnxWeightsDescr(source=folder / WEIGHTS, opset_version=OPSET)),
        config=rdf.Config(bioimageio=about, dlss_tf=made_by),
    )


def _input(folder: Path, factor: int) -> rdf.InputTensorDescr:
    """In units of its own, in which an output's pixel is `factor`; see `_output`."""
    size = rdf.ParameterizedSize(min=LEAST, step=1)
    return rdf.InputTensorDescr(
        id="scan",
        description="Every probing location that was scanned, in any units.",
        sample_tensor=rdf.FileDescr(source=folder / SAMPLE),
        **_images(folder / SCAN, [rdf.SpaceInputAxis(id=each, size=size, scale=factor**2) for each in "yx"]),
    )


def _output(folder: Path, factor: int) -> rdf.OutputTensorDescr:
    """By the format a side is the scan's times both scales' ratio; by JDLL, which Fiji runs, times this scale alone."""
    sizes = {axis: rdf.SizeReference(tensor_id="scan", axis_id=axis) for axis in "yx"}
    return rdf.OutputTensorDescr(
        id="image",
        description="The completed image, in the scan's units.",
        **_images(folder / IMAGE, [rdf.SpaceOutputAxis(id=each, size=sizes[each], scale=factor) for each in "yx"]),
    )


def _images(example: Path, sides: Sequence[Any]) -> dict[str, Any]:
    """What both are: a batch of images of one channel, with those two axes, and one that is tested with."""
    return {
        "axes": [rdf.BatchAxis(), rdf.ChannelAxis(channel_names=["intensity"]), *sides],
        "data": rdf.IntervalOrRatioDataDescr(type="float32"),
        "test_tensor": rdf.FileDescr(source=example),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", help="run directory or pretrained generator, a scan-grid one (unified-scan)")
    parser.add_argument("--factor", type=int, default=5, help="of the scans that it is for (%(default)s)")
    parser.add_argument("--out", required=True, help="file, as exports/unified-scan-x5.zip")
    arguments = parser.parse_args()
    print(package(arguments.out, arguments.factor, arguments.weights))


if __name__ == "__main__":
    sys.exit(status("bioimageio", main))
