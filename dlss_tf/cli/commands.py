"""The commands, and how one is run."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from absl.flags import argparse_flags

from .._version import __version__
from .exits import status

#: A module of this package each, with SUMMARY, `add_options(parser)` and `run(arguments)`, which returns a status.
COMMANDS = (
    *("simulate", "train", "evaluate", "fit-p", "fit-uncertainty", "export", "serve"),
    *("supersample", "watch", "downsample", "check", "info"),
)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; what it parses has `run`, the function of the command."""
    top = argparse_flags.ArgumentParser(
        prog="dlss-tf",
        inherited_absl_flags=None,
        description="Deep learning supersampling of scanning transmission electron micrographs: scan every s-th point, "
        "let a generator complete the image.",
    )
    top.add_argument("--version", action="version", version=f"dlss-tf {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f".{name.replace('-', '_')}", __package__)
        sub = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY, inherited_absl_flags=None)
        sub.set_defaults(run=module.run)
        module.add_options(sub)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the command line; returns its exit status."""

    def run() -> int | None:
        arguments = parser().parse_args(argv)
        return arguments.run(arguments)

    return status("dlss-tf", run)


if __name__ == "__main__":
    sys.exit(main())
