"""The commands, and how one is run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from .exits import USAGE, status
from .parsing import Parser, Version

#: A module of this package each, with SUMMARY, EXAMPLES (lines to type), `add_options(parser)` and `run(arguments)`,
#: which returns a status.
COMMANDS = (
    *("demo", "supersample", "watch", "check", "downsample", "info", "serve"),
    *("simulate", "prepare", "train", "finetune", "evaluate", "export", "fit-p", "fit-uncertainty"),
)
#: What to type first, and what comes of it.
FIRST_STEPS = {
    "dlss-tf demo": "a scan that ships, supersampled, and a picture of both: no data needed",
    "dlss-tf supersample scan.dm4 --factor 5": "scan-x5.tif, 5 times as many pixels a side",
    "dlss-tf info scan.dm4": "what a file holds; without a file, what is installed",
    "dlss-tf check image.dm4 --factor 5": "could this have been scanned that much more coarsely?",
    "dlss-tf serve": "a page in the browser to drop scans on",
}


EPILOG = "In parentheses is what is taken if an option is not given.\n\nExamples:\n"
VERSION_HELP = "print the version of dlss_tf, and the revision of a checkout, and end"


def parser() -> Parser:
    """The parser of all commands; what it parses has `run`, the function of the command."""
    top = Parser(
        prog="dlss-tf",
        description="Deep learning supersampling of scanning transmission electron micrographs: scan every s-th point, "
        "let a generator complete the image.",
        epilog=f"What to type first:\n{first_steps()}\ndlss-tf COMMAND --help tells what it takes, with examples.",
    )
    top.add_argument("--version", action=Version, help=VERSION_HELP)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for name in COMMANDS:
        module = importlib.import_module(f".{name.replace('-', '_')}", __package__)
        examples = "".join(f"  {line}\n" for line in module.EXAMPLES)
        sub = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY, epilog=EPILOG + examples)
        sub.set_defaults(run=module.run)
        module.add_options(sub)
        if not sub.knows("--version"):  # which is the number of what one command writes
            sub.add_argument("--version", action=Version, help=VERSION_HELP)
    return top


def first_steps() -> str:
    """FIRST_STEPS, a line each."""
    width = max(map(len, FIRST_STEPS))
    return "".join(f"  {command:{width}}  # {what}\n" for command, what in FIRST_STEPS.items())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the command line; returns its exit status."""
    words = sys.argv[1:] if argv is None else argv
    if not words:
        print(f"dlss-tf: expected a command, found none. What to type first:\n\n{first_steps()}", file=sys.stderr)
        print("dlss-tf --help lists all commands.", file=sys.stderr)
        return USAGE

    def run() -> int | None:
        arguments = parser().parse_args(words)
        return arguments.run(arguments)

    return status("dlss-tf", run)


if __name__ == "__main__":
    sys.exit(main())
