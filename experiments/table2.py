"""Table 2: root mean and root standard deviation of MSEs, traditional methods against DLSS, at five coverages.

Options are those of `dlss-tf evaluate`; `--individual RUN`, once for each generator of one coverage, adds their row.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from typing import Any

from dlss_tf import Supersampler, cli
from dlss_tf.evaluation.images import label
from dlss_tf.evaluation.metrics import format_table
from dlss_tf.evaluation.results import write_json
from dlss_tf.weights import PAPERS, PRETRAINED

from ._errors import errors, root_means
from ._published import printed
from ._report import run


def individual(arguments: argparse.Namespace, run_directory: str) -> tuple[str, dict[str, float]]:
    """Coverage and errors of a generator for one coverage, on the images that the command line names."""
    supersampler = Supersampler(run_directory)
    (factor,) = supersampler.config.factors
    named = argparse.Namespace(**{**vars(arguments), "weights": run_directory})
    found = errors(f"{arguments.name}-individual-{factor}", named, supersampler, [factor])
    return label(factor), root_means(found, [factor])[label(factor)]


def beside_the_paper(report: Mapping[str, Any]) -> str:
    """Which generator DLSS is in a report, and what the paper prints of the rows to be compared, for people."""
    weights = report["weights"]
    ours = f", not the paper's, which is --weights {PAPERS}" if weights == PRETRAINED else ""
    means, images = printed("table2")["mean"], "its own 20000 test images"
    rows = {"Bilinear": means["bilinear"], "DLSS-Unified": means["unified"]}
    told = [f"  {name:13}" + "".join(f" {each} {mean:.4f}" for each, mean in row.items()) for name, row in rows.items()]
    return "\n".join([f"DLSS is {weights}{ours}.", f"The paper's means, over {images}:", *told])


def main() -> int:
    """Evaluate, add the individual generators' row and the paper's values, print all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--individual", action="append", default=[], help="run directory of a one-coverage generator")
    own, rest = parser.parse_known_args()
    command = ["evaluate", "--name", "table2", *rest]
    code = cli.main(command)
    arguments = cli.parser().parse_args(command)
    if code:
        return code
    path = os.path.join(arguments.out, f"{arguments.name}.json")
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    for directory in own.individual:
        coverage, errors = individual(arguments, directory)
        report["coverages"].setdefault(coverage, {})["individual"] = errors
    write_json(path, {**report, "individual": own.individual, "paper": printed("table2")})
    if own.individual:
        print(format_table(report))
    print(beside_the_paper(report))
    return 0


if __name__ == "__main__":
    run("table2", main)
