"""Every case of this package and of the same network in PyTorch in turn, each in a process of its own.

    python -m benchmarks.bench --peer PYTHON_WITH_TORCH [--rounds 3] [--cases NAME ...]
    python -m benchmarks.bench --profile

Only the ratio of two measurements that follow each other holds on a shared machine, so the programs take turns and
ratios are taken round by round. Writes bench.json and the table of docs/performance.md after every case; with
--profile, a TensorBoard profile of three training steps instead.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from dlss_tf.cli.options import add_results
from dlss_tf.config import PRESETS
from dlss_tf.evaluation.results import results_folder, software, write_json
from dlss_tf.formats.replacing import replacing
from dlss_tf.progress import Progress
from dlss_tf.weights import PAPERS, PRETRAINED

from . import ours, runtimes

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
PROGRAMS = ("ours", "eager", "compiled")  # this package; PyTorch without and with torch.compile
RUNTIMES = runtimes.PASSES[:2]  # those that are always installed here
RUNS = 5  # counted runs of a process, if they do not take long


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of the table; `mode` and the rest are options of `benchmarks.ours`, `peer` the mode of `torch_peer`."""

    name: str
    mode: str
    preset: str = "paper"
    width: float = 1.0
    size: int = 512
    batch: int = 1
    peer: str | None = None
    mixed_precision: bool = False


def _inference() -> list[Case]:
    settings = [
        (mode, width, batch) for mode in ("forward", "savedmodel") for width in (1.0, 0.25) for batch in (1, 4, 16)
    ]
    return [
        Case(f"{mode}-{width}-{batch}", mode, width=width, batch=batch, peer="forward")
        for mode, width, batch in settings
    ]


_QUICK: dict[str, Any] = {"preset": "quick", "width": 0.25, "size": 256, "batch": 4}
CASES = [
    Case("train-paper-1", "train", peer="train"),
    Case("train-paper-4", "train", batch=4, peer="train"),
    *[Case(f"train-0.25-{batch}", "train", width=0.25, batch=batch, peer="train") for batch in (1, 4, 16)],
    Case("train-quick", "train", **_QUICK, peer="train"),
    Case("train-paper-1-bfloat16-to-float32-peer", "train", peer="train", mixed_precision=True),
    Case("adversarial-paper", "adversarial"),
    Case("adversarial-quick", "adversarial", **_QUICK),
    *_inference(),
    Case("scan", "scan"),
    *[Case(f"pass-{name}", name, peer=peer) for name, peer in ((PAPERS, None), (PRETRAINED, "scan-grid"))],
    *[Case(f"{mode}-{batch}", mode, batch=batch) for mode in RUNTIMES for batch in (1, 4)],
    *[Case(mode, mode) for mode in runtimes.COMMANDS],
    Case("load", "load"),
    Case("pipeline", "pipeline"),
    Case("startup-help", "help"),
    Case("startup-import", "import"),
    Case("startup-first-image", "first-image", **_QUICK),
]

# --- Measuring -------------------------------------------------------------------------------------------------------


def command(case: Case, program: str, peer: str | None) -> list[str]:
    """The process that measures a case; `peer` is the Python that has PyTorch."""
    sizes = [f"--{name}={getattr(case, name)}" for name in ("width", "size", "batch")] + [f"--runs={RUNS}"]
    if program == "ours":
        mixed = ["--mixed-precision"] * case.mixed_precision
        return [sys.executable, "-m", "benchmarks.ours", "--mode", case.mode, "--preset", case.preset, *sizes, *mixed]
    assert peer and case.peer  # as `programs_of` has it
    script = [peer, str(ROOT / "benchmarks" / "torch_peer.py"), "--mode", case.peer]
    return [*script, *sizes, f"--threads={len(os.sched_getaffinity(0))}", *["--compile"] * (program == "compiled")]


def run(arguments: list[str]) -> dict:
    """The report that a measuring process prints, or {"error": its last words}."""
    process = subprocess.run(arguments, cwd=ROOT, capture_output=True, encoding="utf-8")
    if process.returncode == 0:
        return json.loads(process.stdout.splitlines()[-1])
    lines = process.stderr.strip().splitlines() or ["nothing on stderr"]
    if process.returncode < 0:
        return {"error": f"ended by signal {-process.returncode}, out of memory if that is 9; {lines[-1]}"}
    return {"error": lines[-1]}


def measure(case: Case, rounds: int, peer: str | None, progress: Progress, done: int) -> list[dict[str, dict]]:
    """Reports by program of each round. A program that has failed is not tried again."""
    reports: list[dict[str, dict]] = []
    programs = programs_of(case, peer)
    for number in range(rounds):
        reports.append({})
        for program in programs:
            progress.update(done, f"{case.name}, {program}, round {number + 1}")
            failed = number > 0 and "error" in reports[-2][program]
            reports[-1][program] = reports[-2][program] if failed else run(command(case, program, peer))
            done += 1
    return reports


def programs_of(case: Case, peer: str | None) -> tuple[str, ...]:
    return PROGRAMS if peer and case.peer else PROGRAMS[:1]


# --- The table -------------------------------------------------------------------------------------------------------


def summary(rounds: list[dict[str, dict]]) -> dict:
    """Median seconds by program, median over rounds of ours / peer, and of ours / floor.

    The floor is the time of the counted operations at the best rate of a matrix product that any of the rounds saw.
    """
    seconds = [{name: median(r["seconds"]) for name, r in reports.items() if "seconds" in r} for reports in rounds]
    measured = {name: [s[name] for s in seconds if name in s] for name in PROGRAMS}
    ratios = {name: [s["ours"] / s[name] for s in seconds if {"ours", name} <= set(s)] for name in PROGRAMS[1:]}
    reports = [report for by_program in rounds for report in by_program.values()]
    counted = [report["gflop"] for report in reports if "gflop" in report]
    floor = counted[0] / max(report["gemm_gflops"] for report in reports if "seconds" in report) if counted else None
    peaks = {name: [r[name]["peak_gib"] for r in rounds if "peak_gib" in r.get(name, {})] for name in PROGRAMS}
    return {
        "seconds": {name: median(values) for name, values in measured.items() if values},
        "ratio": {name: median(values) for name, values in ratios.items() if values},
        "over_floor": median(measured["ours"]) / floor if floor else None,
        "peak_gib": {name: max(values) for name, values in peaks.items() if values},
        "errors": {name: r["error"] for name, r in rounds[-1].items() if "error" in r},
    }


def table(cases: dict[str, dict]) -> str:
    """Markdown from the `cases` of bench.json: a row for each case, then notes and failures."""
    head = ["case", "ours, s", "eager, s", "compiled, s", "ours / eager", "ours / compiled", "ours / floor"]
    head += ["ours, GiB", "eager, GiB", "compiled, GiB"]
    lines = [_row(head), _row(["---"] * len(head))]
    notes = []
    for name, case in cases.items():
        found = case["summary"]
        cells = [_cell(found, "seconds", program) for program in PROGRAMS]
        cells += [_cell(found, "ratio", program) for program in PROGRAMS[1:]]
        cells += [f"{found['over_floor']:.3g}" if found["over_floor"] else ""]
        cells += [_cell(found, "peak_gib", program) for program in PROGRAMS]
        lines.append(_row([name, *cells]))
        notes += [f"- {name}, {program}, failed: {error}" for program, error in found["errors"].items()]
        if case["settings"]["mode"] in _NOTES and "ours" in found["seconds"]:
            notes.append(f"- {name}: {_NOTES[case['settings']['mode']](found['seconds']['ours'])}")
    return "\n".join([*lines, "", *notes]).strip()


_NOTES = {
    "pipeline": lambda s: f"{1 / s:.0f} crops/s on one core; 100 iterations/s at batch 1 need {100 * s:.2g} cores.",
    "scan": lambda s: f"{(ours.SCAN_SIDE * ours.FACTOR) ** 2 / 1e6 / s:.2g} Mpx/s of output.",
}


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(found: dict, what: str, program: str) -> str:
    if program in found[what]:
        return f"{found[what][program]:.3g}"
    return "failed" if what == "seconds" and program in found["errors"] else ""


def replace_table(text: str, new: str) -> str:
    """The document with what stands between its two markers replaced."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{new}\n{END}{after}"


def _write(results: str, report: dict) -> None:
    write_json(os.path.join(results, "bench.json"), report)
    made = f"{report['date']}, {report['processor']}, {report['cores']} cores, "
    made += ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    made += f", revision {report['git_revision']}, {report['rounds']} rounds"
    made += f", {report['load_before']:.1f} processes running before."
    text = replace_table(DOCUMENT.read_text(encoding="utf-8"), f"{made}\n\n{table(report['cases'])}")
    with replacing(DOCUMENT) as beside:
        Path(beside).write_text(text, encoding="utf-8")


# --- Commands --------------------------------------------------------------------------------------------------------


def bench(cases: list[Case], rounds: int, peer: str | None, results: str) -> None:
    """Measure the cases; write bench.json and the table of docs/performance.md after each."""
    made = software()
    versions = {"TensorFlow": made.pop("tensorflow")}
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    report = {
        **made,
        "versions": versions,
        "processor": processor[1] if processor else "unknown processor",
        "cores": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0],
        "rounds": rounds,
        "cases": {},
    }
    if report["load_before"] > 0.5:
        print("bench: other work is running, which slows PyTorch's threads more than TensorFlow's", file=sys.stderr)
    progress = Progress("bench", rounds * sum(len(programs_of(case, peer)) for case in cases))
    done = 0
    for case in cases:
        found = measure(case, rounds, peer, progress, done)
        done += rounds * len(programs_of(case, peer))
        for by_program in found:
            versions.update(("PyTorch", reply["torch"]) for reply in by_program.values() if "torch" in reply)
        report["cases"][case.name] = {"settings": dataclasses.asdict(case), "summary": summary(found), "rounds": found}
        _write(results, report)
        progress.update(done, case.name)


def main() -> int:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="Python that has PyTorch; without it this package is measured alone")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    add_results(parser, "bench.json")
    parser.add_argument("--cases", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--profile", action="store_true", help="profile three paper-preset training steps instead")
    arguments = parser.parse_args()
    with results_folder(arguments.out):
        if not arguments.profile:
            cases = [case for case in CASES if case.name in arguments.cases]
            bench(cases, arguments.rounds, arguments.peer, arguments.out)
            return 0
        folder = os.path.join(arguments.out, "profile")
        for kind, milliseconds in ours.profile(PRESETS["paper"], folder)[:15]:
            print(f"{kind:40s} {milliseconds:9.1f} ms a step")
        print(f"TensorBoard profile: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
