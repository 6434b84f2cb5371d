"""All tables and figures that the given runs allow, one after another, and results/report.html of them.

What is there already, made by the same command of the same weights, images and code, is not made again: interrupted,
the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from typing import Any

from dlss_tf import weights
from dlss_tf.cli.options import add_results
from dlss_tf.data.files import digest_of_files, list_files
from dlss_tf.errors import InputError
from dlss_tf.evaluation.results import results_folder, software, write_json
from dlss_tf.formats import locks
from dlss_tf.progress import duration

from ._entries import RECORD, load
from ._items import ITEMS, Item
from ._report import run
from .adversarial import SHIPPED
from .report import write_report


def command(item: Item, runs: argparse.Namespace) -> list[str] | None:
    """What makes an item; None if the run that it needs is not given."""
    if item.needs and not getattr(runs, item.needs):
        return None
    made = ["-m", f"experiments.{item.module}", *item.options(runs), "--out", runs.out]
    if item.split:
        of = runs.adversarial if item.needs == "adversarial" else runs.weights
        made += ["--weights", of] if item.generator else []
        made += [*(text for root in runs.data for text in ("--data", root)), "--split", item.split]
    return made


def states(runs: argparse.Namespace) -> dict[str, Any]:
    """What items depend on beside their options: the weights of each run, the files of each split, the code."""
    given = [runs.weights, runs.adversarial, runs.no_blur, runs.one_stage, *(runs.individual or ()), *(runs.seed or ())]
    files = {}
    for split in {item.split for item in ITEMS if item.split}:
        with contextlib.suppress(InputError):  # told by the items that need it
            files[split] = digest_of_files(list_files(runs.data, split))
    return {
        "weights": {each: weights.digest(each) for each in given if each},
        "files": files,
        "code": software()["git_revision"],
    }


def depends_on(item: Item, line: list[str], now: dict[str, Any]) -> dict[str, Any]:
    """What an item that `line` makes depends on; where any of it has changed, the item is made again."""
    named = {word.rpartition("=")[2] for word in line}
    weights_of = {each: state for each, state in now["weights"].items() if each in named}
    return {"command": line, "weights": weights_of, "files": now["files"].get(item.split), "code": now["code"]}


def make(item: Item, runs: argparse.Namespace, now: dict[str, Any], record: dict[str, Any]) -> None:
    """Make an item unless it is there, of what there is `now`, and note how that ended."""
    line = command(item, runs)
    if line is None:
        record[item.title] = {"needs": item.command}
        return
    known = depends_on(item, line, now)
    before = record.get(item.title, {})
    there = os.path.exists(os.path.join(runs.out, f"{item.file}.json"))
    if before.get("known") == known and before.get("status") == 0 and there:
        return
    print(f"{item.title}: python {' '.join(line)}", file=sys.stderr)
    began = time.monotonic()
    status = subprocess.run([sys.executable, *line]).returncode
    if status in (130, -2):
        raise KeyboardInterrupt
    record[item.title] = {"known": known, "status": status, "seconds": time.monotonic() - began}


def given() -> argparse.Namespace:
    """The command line; unified-small has an adversarial one of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default=weights.PAPERS, help="of the unified generator (%(default)s)")
    parser.add_argument("--adversarial", help="run trained with --adversarial (the pretrained)")
    parser.add_argument("--individual", action="append", help="run of a one-coverage generator, once for each")
    parser.add_argument("--no-blur", help="run trained with --objective no-blur")
    parser.add_argument("--one-stage", help="run trained with --network one-stage")
    parser.add_argument("--seed", action="append", help="run of `make train-seeds`, once for each seed")
    parser.add_argument("--data", action="append", required=True, help="folder with train, val and test TIFFs")
    add_results(parser, "all JSON, CSV, PNG and report.html")
    runs = parser.parse_args()
    if runs.adversarial is None and runs.weights == weights.PAPERS:
        runs.adversarial = SHIPPED
    return runs


def main() -> int:
    """Make all; 1 if one of them failed."""
    runs = given()
    path = os.path.join(runs.out, RECORD)
    with results_folder(runs.out), locks.of(path):
        record, now = load(runs.out), states(runs)
        began = time.monotonic()
        for number, item in enumerate(ITEMS, 1):
            print(f"figures: {number}/{len(ITEMS)} | {duration(time.monotonic() - began)} so far", file=sys.stderr)
            make(item, runs, now, record)
            write_json(path, record)
            write_report(runs.out, record)
    failed = [title for title, each in record.items() if each.get("status", 0)]
    print(f"written to {runs.out}/report.html" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    run("figures", main)
