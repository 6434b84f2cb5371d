"""Builds both distributions, and has each supersample scans in new environments of every Python that there is.

`make wheels`, with SCAN for one more file; times are of a scan that ships. Packages are checked by twine. An
environment has nothing but what pip brings with the wheel and its extra `files`; of the last Python the source
distributions are installed as well. Prints what was installed, how large, in which time, and how long one command takes
from start to end. Exits with 1 if anything fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {"light": ROOT / "light", "whole": ROOT}  # what is built
DEMO = ROOT / "dlss_tf" / "simulation" / "demo.tif"
OLDEST, NEWEST = 10, 13  # of Python 3
TIMES = 3  # that a command runs; the first is told apart, since Python compiles what it imports
EXECUTABLES = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")


def pythons(first: int = OLDEST, last: int = NEWEST) -> list[Path]:
    """Executables of the Pythons 3.`first` to 3.`last` that are on the path or pyenv's, oldest first."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = []
    for minor in range(first, last + 1):
        known = [*sorted(root.glob(f"3.{minor}.*/bin/python")), shutil.which(f"python3.{minor}")]
        found += [Path(each) for each in known if each and _runs(each)][:1]
    return found


def _runs(python: str | os.PathLike[str]) -> bool:
    """Whether it does: pyenv's shims stand for Pythons that are not chosen, too."""
    return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


def build(names: Sequence[str], out: Path) -> None:
    """Source distributions, and wheels made of these, in `out`; twine checks them."""
    for name in names:
        _run([sys.executable, "-m", "build", "--outdir", out, SOURCES[name]])
    _run([sys.executable, "-m", "twine", "check", "--strict", *out.iterdir()])


def built(name: str, out: Path, suffix: str = ".whl") -> Path:
    """The wheel, or what else ends so, of a distribution in `out`."""
    pattern = re.compile(rf"dlss_tf{'_light' if name == 'light' else ''}-\d.*{re.escape(suffix)}")
    (found,) = (each for each in out.iterdir() if pattern.fullmatch(each.name))
    return found


def tried(python: Path, package: Path, scans: Sequence[Path] = ()) -> list[str]:
    """Install a package in a new environment and supersample DEMO and `scans` there: a row of the table."""
    with tempfile.TemporaryDirectory(prefix="wheels-") as folder:
        environment = Path(folder) / "environment"
        _run([python, "-m", "venv", environment])
        here, suffix = environment / EXECUTABLES[0], EXECUTABLES[1]
        before = _megabytes(environment)
        install = _seconds([here / f"python{suffix}", "-m", "pip", "install", "--quiet", f"{package}[files]"], folder)
        program = here / f"dlss-tf{suffix}"
        runs = [_seconds(_command(program, DEMO), folder) for _ in range(TIMES)]
        for each in scans:
            _run(_command(program, each), folder)
        if not (Path(folder) / "image.tif").stat().st_size:
            raise SystemExit(f"{package.name}: an empty image")
        helps = [_seconds([program, "--help"], folder) for _ in range(TIMES)]
        version = subprocess.run([python, "--version"], capture_output=True, encoding="utf-8").stdout.split()[1]
        size = _megabytes(environment) - before
    return [
        *(version, package.name, f"{size:.0f} MB", f"{install:.0f} s"),
        *(f"{runs[0]:.1f} s", f"{min(runs[1:]):.2f} s", f"{min(helps):.2f} s"),
    ]


def _command(program: Path, scan: Path) -> list[str]:
    return [str(program), "supersample", str(scan), "--factor", "4", "--overwrite", "--out", "image.tif"]


def _run(command: Sequence[str | os.PathLike[str]], folder: str | os.PathLike[str] | None = None) -> None:
    """A command that must do; what it says is shown if it does not."""
    outside = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=folder, env=outside, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")


def _seconds(command: Sequence[str | os.PathLike[str]], folder: str) -> float:
    began = time.perf_counter()
    _run(command, folder)
    return time.perf_counter() - began


def _megabytes(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scan", type=Path, action="append", help="one more file to supersample, or several")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder for what is built, emptied before")
    parser.add_argument("--only", choices=[*SOURCES], help="one distribution alone")
    parser.add_argument("--python", type=Path, action="append", help="one Python, or several; all that there are")
    arguments = parser.parse_args()
    names = [arguments.only] if arguments.only else [*SOURCES]
    found = arguments.python or pythons()
    if not found:
        sys.exit(f"expected a Python 3.{OLDEST} to 3.{NEWEST}, found none")
    out, scans = arguments.out.resolve(), [each.resolve(strict=True) for each in arguments.scan or []]
    shutil.rmtree(out, ignore_errors=True)
    build(names, out)
    print("| Python | package | installed | in | first image | an image | --help |\n|---|---|---|---|---|---|---|")
    for name in names:
        packages = [(python, built(name, out)) for python in found] + [(found[-1], built(name, out, ".tar.gz"))]
        for python, package in packages:
            print(f"| {' | '.join(tried(python, package, scans))} |", flush=True)


if __name__ == "__main__":
    main()
