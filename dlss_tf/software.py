"""The code that makes results: its version, and the git revision where it runs from a checkout."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import subprocess
import sys

from ._version import __version__

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # of the checkout, if it is one


def described() -> dict[str, str]:
    """`version`, and `revision` if there is one."""
    return {"version": __version__, **({"revision": found} if (found := revision()) else {})}


def version_of(package: str) -> str | None:
    """Of one that is installed, whatever its distribution is called; None of another."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return getattr(sys.modules.get(package), "__version__", None)


@functools.cache
def revision() -> str | None:
    """Of the checkout that this package runs from, if it is one, and not of another that it is installed in."""
    if not os.path.exists(os.path.join(ROOT, ".git")):  # a folder, or of a worktree a file
        return None
    try:
        command = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None
