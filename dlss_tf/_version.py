"""The version, for setup.py and every room, and the revision of a checkout."""

from __future__ import annotations

import os

__version__ = "0.1.0"


def git_revision(digits: int = 40) -> str | None:
    """Of the checkout that this package runs from, with -dirty if files differ from it; None if it is in none."""
    import subprocess  # not on every import's way

    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not os.path.exists(os.path.join(root, ".git")):  # an installed package may lie in a checkout of something else
        return None
    try:
        command = ["git", "-C", root, "describe", "--always", "--dirty", f"--abbrev={digits}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def version() -> str:
    """'dlss-tf 0.1.0', and in a checkout ', git 8be45d5'."""
    revision = git_revision(digits=7)
    return f"dlss-tf {__version__}" + (f", git {revision}" if revision else "")
