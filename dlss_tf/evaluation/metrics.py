"""What Tables 2 and 3 report: root means and root standard deviations of MSEs over images (method.md section 9).

All MSEs are means over pixels in the crop's [0, 1] intensity scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ..errors import InputError

#: Table 2's names for the methods of `results/table2.json`; a method that is not here goes by its own name.
METHOD_NAMES = {
    "nearest": "Nearest Neighbour",
    "area": "Area",
    "bilinear": "Bilinear",
    "bicubic": "Bicubic",
    "lanczos": "Lanczos",
    "dlss": "DLSS",
    "individual": "DLSS-Individual",
    "dlss_refined": "DLSS, refined",
    "dlss_ensemble": "DLSS, ensemble",
    "dlss_ensemble_refined": "DLSS, ensemble, refined",
    "lattice_bilinear": "Bilinear, true lattice",
    "lattice_bicubic": "Bicubic, true lattice",
    "smoothed": "Bilinear + Gaussian",
    "biharmonic": "Biharmonic",
    "non_local_means": "Non-local means",
}
#: First of `table_rows`.
TABLE_HEADER = ("coverage", "method", "root_mean_mse", "root_std_mse", "ratio_to_bilinear")


def mse(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over pixels of (a - b)^2, in float64; NaN if a pixel is.

    Raises:
        InputError: the shapes differ, or there are no pixels.
    """
    if a.shape != b.shape or not a.size:
        raise InputError(f"mse: expected two images of one shape, found {a.shape} and {b.shape}")
    return float(np.mean(np.square(a.astype(np.float64) - b)))


def root_mean(mses: Iterable[float]) -> float:
    """The "Mean" of Tables 2 and 3: sqrt(mean_i MSE_i). InputError if there are none or one is not finite."""
    return float(np.sqrt(np.mean(_finite(mses))))


def root_std(mses: Iterable[float]) -> float:
    """The "Std Dev" of Tables 2 and 3: sqrt(std_i MSE_i), the population's. InputError as `root_mean`."""
    return float(np.sqrt(np.std(_finite(mses))))


def summarize(
    per_image: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> dict[str, dict[str, dict[str, float]]]:
    """`coverages` of results/table2.json from its `per_image`.

    Args:
        per_image: image name -> coverage ("1/16") -> method -> MSE; the same coverages and methods for every image.

    Returns:
        coverage -> method -> {"mean": root mean, "std": root standard deviation}, in the first image's order.

    Raises:
        InputError: no images, an image whose coverages or methods differ from the first one's, or a MSE not finite.
    """
    if not per_image:
        raise InputError("per_image: expected at least one image, found none")
    first = next(iter(per_image.values()))
    for name, coverages in per_image.items():
        _check_image(name, coverages, first)
    summary: dict[str, dict[str, dict[str, float]]] = {}
    for coverage, methods in first.items():
        summary[coverage] = {}
        for method in methods:
            mses = [image[coverage][method] for image in per_image.values()]
            summary[coverage][method] = {"mean": root_mean(mses), "std": root_std(mses)}
    return summary


def table_rows(results: Mapping) -> list[tuple[str, str, float, float, float | None]]:
    """Rows for csv.writer, to follow TABLE_HEADER, from results/table2.json.

    Args:
        results: the JSON's dictionary; only `coverages` is read.

    Returns:
        (coverage, method, root mean, root standard deviation, root mean over bilinear's or None without bilinear).
    """
    rows = []
    for coverage, methods in results["coverages"].items():
        bilinear = methods.get("bilinear", {}).get("mean")
        for method, value in methods.items():
            ratio = value["mean"] / bilinear if bilinear else None
            rows.append((coverage, method, value["mean"], value["std"], ratio))
    return rows


def format_table(results: Mapping) -> str:
    """Table 2 for a terminal, from results/table2.json: a row a method; per coverage Mean, Std Dev, ratio to bilinear.

    A method that a coverage lacks shows dashes there.
    """
    cells = {(coverage, method): values for coverage, method, *values in table_rows(results)}
    coverages = list(results["coverages"])
    methods = list(dict.fromkeys(method for _, method in cells))
    names = [METHOD_NAMES.get(method, method) for method in methods]
    width = max(map(len, [*names, "Method"]))
    lines = [
        " " * width + "".join(f" | {coverage:^21}" for coverage in coverages),
        f"{'Method':{width}}" + f" | {'Mean':>6} {'Std Dev':>7} {'ratio':>6}" * len(coverages),
        "-" * width + ("-+-" + "-" * 21) * len(coverages),
    ]
    for method, name in zip(methods, names):
        lines.append(f"{name:{width}}" + "".join(" | " + _cell(cells.get((c, method))) for c in coverages))
    images = results.get("images")
    count = "" if images is None else f" over {images} image{'' if images == 1 else 's'}"
    lines += ["", f"Root mean and root standard deviation of MSE{count}; ratio: mean over bilinear's."]
    return "\n".join(lines)


def _cell(values: list[float | None] | None) -> str:
    if values is None:
        return f"{'-':>6} {'-':>7} {'-':>6}"
    mean, std, ratio = values
    return f"{mean:6.4f} {std:7.4f} " + (f"{ratio:6.3f}" if ratio is not None else f"{'-':>6}")


def _finite(mses: Iterable[float]) -> np.ndarray:
    values = np.asarray(list(mses), np.float64)
    if not values.size or not np.all(np.isfinite(values)):
        bad = np.count_nonzero(~np.isfinite(values))
        raise InputError(f"mses: expected at least one and all finite, found {values.size}, {bad} of them not finite")
    return values


def _check_image(name: str, coverages: Mapping, first: Mapping) -> None:
    """InputError unless an image has the first image's coverages and methods, and finite MSEs."""
    expected, found = ({(c, m) for c, methods in each.items() for m in methods} for each in (first, coverages))
    if expected != found:
        odd = sorted(f"{method} at {coverage}" for coverage, method in expected ^ found)
        raise InputError(f"{name}: expected the methods and coverages of the first image, differs in {', '.join(odd)}")
    for coverage, method in sorted(found):
        if not np.isfinite(coverages[coverage][method]):
            value = coverages[coverage][method]
            raise InputError(f"{name}: expected a finite MSE for {method} at {coverage}, found {value}")
