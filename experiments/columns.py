"""Atomic columns of lattice images: how far those that trackpy finds in outputs are from those in the truth."""

import argparse
import os
import sys

import numpy as np
import trackpy
from scipy.spatial import cKDTree
from skimage.feature import peak_local_max
from skimage.restoration import estimate_sigma

from dlss_tf.cli import status
from dlss_tf.cli.options import add_results
from dlss_tf.errors import InputError
from dlss_tf.evaluation.images import blurred, central_crops, completed, label, refined
from dlss_tf.evaluation.results import provenance, results_folder, write_json
from dlss_tf.inference.supersampler import Supersampler

LEAST_DISTANCE = 8.0  # px between a column and its nearest neighbour in the truth
LEAST_CORRELATION = 0.1  # of the image with itself, one lattice vector away
BACKGROUND = 10  # percentile of the blurred truth that lies between columns
BORDER = 16  # px at the border where columns do not count


def lattice_vector(image: np.ndarray) -> float:
    """Length in px of the shortest lattice vector of image [N, N]: the nearest peak of its autocorrelation.

    Raises:
        InputError: no peak reaches 0.1 of the correlation at distance 0.
    """
    centred = blurred(image) - image.mean()
    correlation = np.fft.fftshift(np.fft.irfft2(np.abs(np.fft.rfft2(centred)) ** 2, image.shape))
    middle = np.array(image.shape) // 2
    correlation /= correlation[tuple(middle)]
    peaks = peak_local_max(correlation, min_distance=3, threshold_abs=LEAST_CORRELATION)
    distances = np.sort(np.hypot(*(peaks - middle).T))
    distances = distances[distances >= LEAST_DISTANCE / 2]
    if not len(distances) or distances[0] > min(image.shape) / 4:
        raise InputError("columns: expected a lattice, found no peak in the image's autocorrelation")
    return float(distances[0])


def columns(image: np.ndarray, spacing: float) -> np.ndarray:
    """Positions (row, column) of bright columns in image [N, N] by trackpy, [n, 2]."""
    diameter = 2 * int(0.35 * spacing) + 1
    found = trackpy.locate(image, diameter, separation=0.6 * spacing, preprocess=True, engine="python")
    return found[["y", "x"]].to_numpy()


def cramer_rao_bound(truth: np.ndarray, expected: np.ndarray, factor: int) -> float:
    """The least rms error an axis, px, of an isolated column's position from a scan of every `factor`-th px.

    In a background of noise n, a column of height A is located to sqrt(2 / pi) factor n / A at best, whatever its width
    (method.md section 10). A is the columns' mean height in the blurred truth [N, N], at positions [n, 2], over the
    tenth percentile of that; n is estimated from the truth.
    """
    smooth = blurred(truth)
    rows, columns = np.round(expected).astype(int).T
    height = float(np.mean(smooth[rows, columns]) - np.percentile(smooth, BACKGROUND))
    return float(np.sqrt(2 / np.pi) * factor * estimate_sigma(truth) / height)


def compare_columns(truth: np.ndarray, output: np.ndarray, factor: int) -> dict[str, float]:
    """Columns of the truth that count, the part found in the output, and rms distances in px, both [N, N].

    A column counts if its nearest neighbour in the truth is at least 8 px away. It is found if the output has one
    within a third of the lattice vector. Distances an axis also over `cramer_rao_bound`, which a lattice's order can
    beat.
    """
    spacing = lattice_vector(truth)
    expected, found = columns(truth, spacing), columns(output, spacing)
    inside = ((expected >= BORDER) & (expected < np.array(truth.shape) - BORDER)).all(1)
    apart = cKDTree(expected).query(expected, k=2)[0][:, 1] >= LEAST_DISTANCE
    expected = expected[inside & apart]
    distances, nearest = cKDTree(found).query(expected)
    matched = distances < spacing / 3
    shifts = found[nearest[matched]] - expected[matched]
    rms = float(np.sqrt((shifts**2).mean())) if matched.any() else float("nan")
    bound = cramer_rao_bound(truth, expected, factor) if len(expected) else float("nan")
    return {
        "lattice_vector_px": spacing,
        "columns": len(expected),
        "found": float(matched.mean()) if len(expected) else 0.0,
        "rms_px": float(np.sqrt((shifts**2).sum(1).mean())) if matched.any() else float("nan"),
        "rms_px_an_axis": rms,
        "bound_px_an_axis": bound,
        "rms_over_bound": rms / bound if bound else float("nan"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="+", help="TIFFs of lattices, at least 512x512 px")
    parser.add_argument("--weights", help="run directory (the pretrained generator)")
    parser.add_argument("--factor", type=int, default=4, help="s; coverage is 1/s^2 (%(default)s)")
    parser.add_argument("--dark", action="store_true", help="columns are dark, as in bright field")
    parser.add_argument("--refine", action="store_true", help="refine outputs by their samples")
    add_results(parser, "columns.json")
    arguments = parser.parse_args()
    supersampler = Supersampler(arguments.weights)
    found = {}
    for path, crop in central_crops(arguments.images, 512):
        output = completed(supersampler, crop, arguments.factor)[1]
        if arguments.refine:
            output = refined(output, crop, arguments.factor)
        truth, made = (1 - crop, 1 - output) if arguments.dark else (crop, output)
        found[path] = compare_columns(truth, made, arguments.factor)
        print(os.path.basename(path), {name: round(value, 3) for name, value in found[path].items()})
    report = {
        "coverage": label(arguments.factor),
        "refined": arguments.refine,
        "images": found,
        **provenance(arguments.images, "", 512),
    }
    with results_folder(arguments.out):
        write_json(os.path.join(arguments.out, "columns.json"), report)


if __name__ == "__main__":
    sys.exit(status("columns", main))
