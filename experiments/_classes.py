"""Images by class: names for patterns of file names, on the command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch

from dlss_tf.errors import InputError


def add_classes(parser: argparse.ArgumentParser) -> None:
    """`--class`, as often as there are classes: `classes`, a list of names with their patterns."""
    parser.add_argument("--class", action="append", default=[], type=_class, dest="classes", metavar="NAME=PATTERN,...")


def _class(text: str) -> tuple[str, list[str]]:
    """NAME=PATTERN,PATTERN: a name and patterns of file names."""
    name, equals, patterns = text.partition("=")
    if not (name and equals and patterns):
        raise argparse.ArgumentTypeError(f"expected NAME=PATTERN,PATTERN, found {text!r}")
    return name, patterns.split(",")


def by_class(
    per_image: Mapping[str, dict], classes: Sequence[tuple[str, Sequence[str]]]
) -> dict[str, Mapping[str, dict]]:
    """What is known of images by their names: of "all" of them, and of each class; InputError for one without any."""
    return {"all": per_image, **{name: _of(per_image, name, patterns) for name, patterns in classes}}


def _of(per_image: Mapping[str, dict], name: str, patterns: Sequence[str]) -> dict[str, dict]:
    found = {
        image: each
        for image, each in per_image.items()
        if any(fnmatch(os.path.basename(image), pattern) for pattern in patterns)
    }
    if not found:
        raise InputError(f"--class {name}: expected images called {', '.join(patterns)}, found none")
    return found
