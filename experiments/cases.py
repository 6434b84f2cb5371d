"""Good cases and bad: a row for each of scan, what the best rival and we make of it, and what was there.

python -m experiments.cases crystal aliased --picture docs/images/opening.png

Simulated cases go by name; of any image that was scanned in full every `--factor`-th sample is taken. Numbers are root
MSEs over the whole image, in units of its range, against it blurred as in training; in brackets what the generator
told of itself, and printed beside them how much of the image it marked as guessed. The middle of each image is shown.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from typing import NamedTuple

import numpy as np

from dlss_tf import Options, Supersampler, lattice, micrograph, weights
from dlss_tf.cli import status
from dlss_tf.errors import InputError
from dlss_tf.evaluation import interpolation
from dlss_tf.evaluation.metrics import mse
from dlss_tf.evaluation.sheet import Panel, write_sheet
from dlss_tf.inference import scaling
from dlss_tf.inference.deconvolution import blur
from dlss_tf.inference.guessed import MARKED
from dlss_tf.inference.refinement import refine
from dlss_tf.simulation.crop import simulate_crop
from dlss_tf.simulation.dataset import SPLITS

from ._spoiled import SPOILS
from .picture import shrink

RIVALS = {"lattice_bilinear": "bilinear", "lattice_bicubic": "bicubic", "non_local_means": "NLM"}
SIDE, SHOWN = 512, 256  # px of a simulated image, and of the part that is shown


class Case(NamedTuple):
    """A test image of `dlss-tf simulate`, how coarsely it is scanned, and what befalls the scan ("" nothing)."""

    number: int
    factor: int
    spoil: str = ""

    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """What is there, and what the beam meets: [H, W] each."""
        image = in_unit(simulate_crop(np.random.default_rng([0, SPLITS.index("test"), self.number]), SIDE))
        return image, SPOILS[self.spoil](image, self.factor) if self.spoil else image


CASES = {
    "crystal": Case(19, 5),
    "atoms": Case(12, 4),
    "missed": Case(12, 10),
    "aliased": Case(17, 8),
    "drift": Case(6, 5, "drift"),
    "dose": Case(6, 5, "dose"),
    "saturation": Case(6, 5, "saturation"),
    "hum": Case(20, 5, "hum"),
    "charging": Case(6, 5, "charging"),
}


def in_unit(image: np.ndarray) -> np.ndarray:
    """Image [H, W] in [0, 1], float32, what is not finite filled in."""
    whole = scaling.finite(image.astype(np.float32)[None])
    return scaling.to_unit(whole, *scaling.limits(whole))[0]


def row(supersampler: Supersampler, image: np.ndarray, met: np.ndarray, factor: int, refined: bool) -> list[Panel]:
    """Panels of a scan of `met`, as the beam meets it, when `image` is there: [H, W] each, in units of its range."""
    truth, scan = blur(image[None])[0], lattice.downsample(met, factor)
    made = {name: getattr(interpolation, way)(scan, truth.shape, factor) for way, name in RIVALS.items()}
    rival = min(made, key=lambda name: mse(made[name], truth))
    first = lattice.offset(truth.shape[0], factor), lattice.offset(truth.shape[1], factor)
    ours = supersampler.image(scan[None], (truth.shape[0], truth.shape[1]), factor, first)
    images = {f"{rival} ": made[rival], "": ours[0]}
    if refined:
        images["refined "] = refine(ours, scan[None], factor, first)[0]
    panels = [Panel(each, caption=f"{name}{mse(each, truth) ** 0.5:.4f}") for name, each in images.items()]
    panels[1] = panels[1]._replace(caption=panels[1].caption + _told(supersampler, scan, factor))
    return [_middle(each) for each in (Panel(lattice.infill(scan, truth.shape, factor)), *panels, Panel(truth))]


def _told(supersampler: Supersampler, scan: np.ndarray, factor: int) -> str:
    """The root mean square of the deviations that the generator tells, if it tells them."""
    try:
        made = supersampler.run(scan, factor, Options(uncertainty=True))
    except InputError:
        return ""
    assert made.uncertainty is not None and made.guessed is not None  # which were asked for
    told = float(np.sqrt(np.mean(np.square(made.uncertainty, dtype=np.float64))))
    print(f"told {told:.4f}, guessed {np.mean(made.guessed > MARKED):.0%}", end="; ")
    return f" ({told:.4f})"


def _middle(panel: Panel) -> Panel:
    top, left = (max(0, (side - SHOWN) // 2) for side in panel.image.shape)
    return panel._replace(image=panel.image[top : top + SHOWN, left : left + SHOWN])


def draw(names: list[str], factor: int, supersampler: Supersampler, refined: bool, picture: str) -> None:
    """Write `picture`: a row for each of CASES, or of image files at that factor; print what is in it."""
    rows = []
    for name in names:
        if name in CASES:
            title, every = name, CASES[name].factor
            image, met = CASES[name].images()
        else:
            title, every = os.path.splitext(os.path.basename(name))[0], factor
            image = met = in_unit(_image(name))
        rows.append((f"every {every}: {title}", row(supersampler, image, met, every, refined)))
        print(rows[-1][0], *(panel.caption for panel in rows[-1][1] if panel.caption))
    titles = ["scan", "best rival", "ours", *(["ours, refined"] if refined else []), "truth"]
    with tempfile.TemporaryDirectory() as folder:
        sheet = os.path.join(folder, "sheet.png")
        write_sheet(sheet, rows, titles)
        shrink(sheet, picture)


def _image(path: str) -> np.ndarray:
    data = micrograph.read(path).data
    if data.ndim != 2:
        raise InputError(f"{path}: expected one image, found a stack of shape {list(data.shape)}")
    return data


def main() -> None:
    """Draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", metavar="CASE|IMAGE", help=f"{', '.join(CASES)}, or an image file")
    parser.add_argument(
        "--factor", type=int, default=5, help="of image files: every which sample is kept (%(default)s)"
    )
    parser.add_argument("--weights", default=weights.PRETRAINED, help="run, or a generator's name (%(default)s)")
    parser.add_argument("--refine", action="store_true", help="a column of images refined by their samples, too")
    parser.add_argument("--picture", required=True, help="where the picture goes")
    arguments = parser.parse_args()
    supersampler = Supersampler(arguments.weights)
    draw(arguments.cases, arguments.factor, supersampler, arguments.refine, arguments.picture)


if __name__ == "__main__":
    sys.exit(status("cases", main))
