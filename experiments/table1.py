"""Table 1: learning rates and momentum decays from each iteration on, and section IV's for the one-stage generator.

As each preset scales them; of the paper's own, `paper`, all boundaries are the published ones.
"""

from __future__ import annotations

from typing import Any

from dlss_tf.config import CHOICES, PRESETS, Config, preset
from dlss_tf.training.schedules import boundaries, format_table, one_stage_boundaries

from ._report import parser, run, write


def intervals(config: Config) -> list[dict[str, Any]]:
    """Rates and first-moment decays from an iteration on; None where a network is not trained."""
    of = one_stage_boundaries if config.network == "one-stage" else boundaries
    rows = []
    for start, schedule in of(config.iterations, config.learning_rate):
        values = {name: float(f"{float(value):.6g}") for name, value in schedule._asdict().items()}
        idle = {name.removesuffix("_rate") for name, value in values.items() if name.endswith("_rate") and value == 0}
        rows.append({"from": start, **{k: None if k.rsplit("_", 1)[0] in idle else v for k, v in values.items()}})
    return rows


def main() -> None:
    """Print it for every network and preset."""
    arguments = parser(__doc__, "table1.json and .csv", split=None).parse_args()
    report: dict[str, Any] = {}
    for network in CHOICES["network"]:
        for name in PRESETS:
            config = preset(name, network)
            print(f"{network}, {name}\n{format_table(config)}\n")
            report.setdefault(network, {})[name] = intervals(config)
    names = ["from", *(name for name in report["two-stage"]["paper"][0] if name != "from"), "rate"]
    rows = [
        (network, name, *(interval.get(column, "") for column in names))
        for network, presets in report.items()
        for name, schedule in presets.items()
        for interval in schedule
    ]
    write("table1", arguments, report, rows=[("network", "preset", *names), *rows])


if __name__ == "__main__":
    run("table1", main)
