"""`dlss-tf info`."""

from __future__ import annotations

import argparse

from ..config import CHOICES, PRESETS, preset
from ..errors import InputError
from ..progress import say
from ..weights import PAPERS
from .exits import each
from .options import OR_FOLDER, add_images
from .tensorflow import start_tensorflow

SUMMARY = "what files hold, and where results came from; how a generator was trained; what is installed"
EXAMPLES = (
    "dlss-tf info scan.emd           # its images: number, detector, size, units",
    "dlss-tf info scan-x5.tif        # where it came from, and what makes it again",
    "dlss-tf info --weights runs/mine",
    "dlss-tf info --preset small --schedule",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Files, or a run's weights, or a preset."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help=f"a scan: its images, * the one that is taken without --image; a result: where it came from{OR_FOLDER}",
    )
    made = parser.add_argument_group("in place of files")
    made.add_argument("--weights", metavar="RUN", help="a generator's configuration, by its name or run directory")
    made.add_argument("--preset", choices=PRESETS, metavar="NAME", help=f"a preset's: {', '.join(PRESETS)}")
    networks = CHOICES["network"]
    made.add_argument("--network", choices=networks, metavar="NAME", help=f"of it: {', '.join(networks)} (two-stage)")
    made.add_argument("--schedule", action="store_true", help="the schedule of rates and momenta instead")
    add_images(made, "val", required=False, data_help=f"count channels of --weights ({PAPERS}) that are silent there")


def run(arguments: argparse.Namespace) -> int:
    """What the files hold, or the configuration, or the schedule.

    Raises:
        InputError: options that contradict one another.
    """
    _check_agree(arguments)
    if arguments.files:
        from ..interfaces.inputs import sources

        return each(sources(arguments.files, None), _print_contents)
    if arguments.data:
        _print_silence(arguments)
        return 0
    from .. import weights

    if not any(getattr(arguments, name) for name in ("weights", "preset", "network", "schedule")):
        _print_installed()
        return 0
    if arguments.weights is None:
        config, arrays = preset(arguments.preset or "quick", arguments.network), None
    else:
        config, arrays = weights.load(arguments.weights)
    if arguments.schedule:
        start_tensorflow()
        from ..training.schedules import format_table

        print(format_table(config))
        return 0
    print(config.to_json(), end="")
    if arrays is not None:
        print(f"{sum(array.size for array in arrays.values())} generator weights in {arguments.weights}")
    return 0


def _check_agree(arguments: argparse.Namespace) -> None:
    """InputError for options of which one would be passed over."""
    for option in ("weights", "preset", "network", "schedule", "data"):
        if arguments.files and getattr(arguments, option):
            raise InputError(f"--{option}: expected none with files, found {getattr(arguments, option)}")
    without = {"--weights": ("preset", "network"), "--data": ("preset", "network", "schedule")}
    for option, others in without.items():
        for other in others:
            found = getattr(arguments, other)
            if getattr(arguments, option[2:]) and found:
                raise InputError(f"--{other}: expected none with {option}, found {other if found is True else found}")


def _print_contents(source: str) -> None:
    from ..interfaces.origins import contents

    for line in (f"{source}:", *contents(source)):
        say(line)


def _print_installed() -> None:
    from .installed import describe

    for line in describe():
        say(line)
    print("\ndlss-tf info FILE tells what a file holds; dlss-tf info --help what else there is.")


def _print_silence(arguments: argparse.Namespace) -> None:
    start_tensorflow()
    from ..evaluation.silence import format_silence, measure

    print(
        format_silence(measure(arguments.weights or PAPERS, arguments.data, split=arguments.split, size=arguments.size))
    )
