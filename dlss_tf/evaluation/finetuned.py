"""What came of `finetune`: errors before and after, a sheet of both, and a card of what the generator was made from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .. import weights
from .._version import __version__
from ..config import Config
from ..formats.drawing import evenly_spaced
from ..formats.replacing import replacing
from ..inference.supersampler import Supersampler
from .images import blurred, central_crops, completed, label
from .metrics import mse, root_mean
from .sheet import Panel, error_maps, write_sheet

SHEET, CARD = "finetune.png", "MODEL_CARD.md"  # in the run directory
MOST_TESTED, SHEET_IMAGES = 50, 4
TITLES = ("scan, infilled", "before", "after", "truth, blurred", "error before", "error after")

Errors = Mapping[str, float]  # root MSE over images, by coverage as "1/16"


def ratio(before: Errors, after: Errors) -> float:
    """Mean over coverages of errors after over those before."""
    return sum(after[coverage] / before[coverage] for coverage in before) / len(before)


def change(before: Errors, after: Errors) -> str:
    """'-2.3%': of the error, on average over coverages."""
    return f"{100 * (ratio(before, after) - 1):+.1f}%"


def report(record: dict[str, Any], run: str, start: str, config: Config, files: Mapping[str, Sequence[str]]) -> None:
    """Add `validation` and `test`, the errors before and after, to the record; write the card, and the sheet.

    Where the generator is what it started from there is no sheet. Test images are the first 50.
    """
    checks, coverages = record["checks"], list(record["checks"]["0"])
    record["validation"] = {
        "images": record["looked_at"],
        "before": checks["0"],
        "after": checks[str(record["delivered"])],
    }
    factors = [s for s in config.factors if label(s) in coverages]
    generators = [Supersampler(start), *([Supersampler(run)] if record["delivered"] else [])]
    tested = list(files["test"])[:MOST_TESTED]
    if tested:
        errors = [_errors(each, tested, config.size, factors) for each in generators]
        record["test"] = {"images": len(tested), "before": errors[0], "after": errors[-1]}
    if record["delivered"]:
        rows = _rows(generators, tested or files["val"], config.size, factors)
        write_sheet(os.path.join(run, SHEET), rows, TITLES)
    with replacing(os.path.join(run, CARD)) as beside, open(beside, "w", encoding="utf-8") as file:
        file.write(_card(record, run, config))


def format_report(record: Mapping[str, Any]) -> str:
    """Root MSEs before and after, by coverage, for a terminal."""
    lines = []
    for split, words in (("validation", "validation image"), ("test", "test image")):
        if split not in record:
            continue
        images, before, after = (record[split][name] for name in ("images", "before", "after"))
        title = f"{images} {words}{'' if images == 1 else 's'}"
        width = max(20, len(title))
        lines += [f"{title:{width}}" + "".join(f"{coverage:>9}" for coverage in before)]
        for name, errors in (("  before", before), ("  after", after)):
            lines.append(f"{name:{width}}" + "".join(f"{error:9.4f}" for error in errors.values()))
        moved = [f"{100 * (after[coverage] / before[coverage] - 1):+.1f}%" for coverage in before]
        lines.append(f"{'  change':{width}}" + "".join(f"{each:>9}" for each in moved))
    return "\n".join(
        [*lines, "", "Root mean MSE in the crop's [0, 1] against the blurred truth, as `dlss-tf evaluate` has it."]
    )


def _errors(supersampler: Supersampler, files: Sequence[str], size: int, factors: Sequence[int]) -> dict[str, float]:
    found: dict[str, list[float]] = {label(s): [] for s in factors}
    for _, crop in central_crops(files, size):
        for s in factors:
            found[label(s)].append(mse(completed(supersampler, crop, s)[1], blurred(crop)))
    return {coverage: root_mean(mses) for coverage, mses in found.items()}


def _rows(
    generators: Sequence[Supersampler], files: Sequence[str], size: int, factors: Sequence[int]
) -> list[tuple[str, list[Panel]]]:
    """Of some images, at the first and the last factor."""
    rows = []
    chosen = [files[i] for i in sorted(evenly_spaced(SHEET_IMAGES, len(files)))]
    for path, crop in central_crops(chosen, size):
        truth = blurred(crop)
        for s in dict.fromkeys([factors[0], factors[-1]]):
            pairs = [completed(each, crop, s) for each in generators]
            outputs = [output for _, output in pairs]
            panels = [Panel(each, None, f"{mse(each, truth) ** 0.5:.4f}") for each in outputs]
            scan = Panel(pairs[0][0], None, f"{label(s)} px")
            row = [scan, *panels, Panel(truth, None, "root MSE to this"), *error_maps(outputs, truth)]
            rows.append((os.path.basename(path), row))
    return rows


def _card(record: Mapping[str, Any], run: str, config: Config) -> str:
    start, data, iterations = record["start"], record["data"], record["delivered"]
    share = record["shares"][str(iterations)]
    way = "" if share == 1 else f"; of the way from there to these {share:.0%}, since their end was worse at a coverage"
    made = (
        f"`{start['name']}` trained further: {iterations} iterations of {config.batch} crops, {config.size} x "
        f"{config.size} px, at a rate of {config.learning_rate:g}, weights averaged, decay {config.average_weights:g}"
        f"{way}"
        if iterations
        else f"`{start['name']}` as it was: training it further made it no better on the validation images"
    )
    lines = [
        f"# {os.path.basename(os.path.normpath(run))}",
        "",
        f"By `dlss-tf finetune` on {record['date']}.",
        "",
        "| | |",
        "|---|---|",
        f"| how it was made | {made} |",
        f"| started from | `{start['weights']}`, SHA-256 of its weights `{start['sha256']}` |",
        f"| data | {', '.join(f'`{root}`' for root in config.data)} |",
        *(f"| {split} | {each['files']} files; digest of names, sizes and times `{each['digest']}` |"
          for split, each in data.items() if each["files"]),
        *(f"| what came from where | `{root}/prepare.jsonl`, SHA-256 `{digest}` |"
          for root, digest in record["prepared"].items()),
        f"| SHA-256 of `weights/generator.npz` | `{weights.digest(run)}`, as files made with it say |",
        f"| software | dlss_tf {record['git_revision'] or __version__}, TensorFlow {record['tensorflow']} |",
        "",
        "```",
        format_report(record),
        "```",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
