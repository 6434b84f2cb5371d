"""What tests of the documentation share: the pages, the commands in them, and whether a command could be given."""

import argparse
import os
import re
import shlex
import subprocess
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Every page that a user reads, by its path in the repository.
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/*.md", "checkpoints/**/*.md")
    for path in sorted(ROOT.glob(pattern))
}
PROGRAMS = ("dlss-tf", "make", "python", "tensorboard", "pip", "python3", "napari")
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`((?:[^`\n]|\n(?!\n))+)`(?!`)")


def fences(text: str) -> list[tuple[str, str]]:
    """Language and contents of each fenced block of a page."""
    return [(language, code) for _, language, code in _FENCE.findall(text)]


def code_spans(text: str) -> list[str]:
    """What a page has in single backticks, outside its fenced blocks; a line's end in it is a space."""
    return [" ".join(span.split()) for span in _CODE.findall(_FENCE.sub("", text))]


def command_lines(code: str) -> list[str]:
    """The commands of a shell block, one a line once lines that end in a backslash are joined; no comments."""
    lines = code.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def arguments(command: str) -> list[str]:
    """A command's words, without variables set for it and without a comment at its end."""
    words = shlex.split(command, comments=True)
    while words and re.fullmatch(r"\w+=\S*", words[0]):
        words = words[1:]
    return words


def is_command(text: str) -> bool:
    """Whether code in a sentence is a command to type, not a program's bare name."""
    words = text.split()
    return len(words) > 1 and Path(words[0]).name in PROGRAMS


def check(command: str, mentioned: bool = False) -> None:
    """AssertionError unless the command could be given: its options, make target or module exist.

    One that is only `mentioned`, in a sentence, may lack what it cannot do without.
    """
    words = arguments(command)
    program = Path(words[0]).name
    if program == "dlss-tf":
        (check_mention if mentioned else parse)(words[1:])
    elif program == "make":
        check_make(words[1:])
    elif "-m" in words:
        name, *rest = words[words.index("-m") + 1 :]
        check_module(name, rest)


def parse(words: list[str]):
    """Arguments of `dlss-tf`, parsed. An option by a name that is going away is an error, too."""
    check_mention(words)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return _parser().parse_args(words)
        except SystemExit as ended:
            assert ended.code == 0, f"dlss-tf {' '.join(words)}: no such command or option"
        except Warning as warning:
            raise AssertionError(f"dlss-tf {' '.join(words)}: {warning}") from None


def check_mention(words: list[str]) -> None:
    """AssertionError unless the command of `dlss-tf` exists and has the options; others may be missing."""
    parser = _parser()
    commands = next(action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    known = commands.get(words[0])
    assert known or words[0].startswith("-"), f"dlss-tf {words[0]}: no such command"
    for word in words[1:]:
        if word.startswith("--"):
            action = known._option_string_actions.get(word.partition("=")[0])
            assert action, f"dlss-tf {words[0]} {word}: no such option"
            assert action.help != argparse.SUPPRESS, f"dlss-tf {words[0]} {word}: an option that is going away"


def _parser() -> argparse.ArgumentParser:
    from dlss_tf import cli

    return cli.parser()


def check_make(words: list[str]) -> None:
    """AssertionError unless targets and variables exist and the commands that make would run could be given."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name, given, _ in (word.partition("=") for word in words):
        if given:
            assert re.search(rf"^{name} \?=", makefile, re.MULTILINE), f"make {' '.join(words)}: no variable {name}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, f"make {' '.join(words)}: {done.stderr}"
    for line in done.stdout.replace("\\\n", " ").splitlines():
        command = re.search(r"(?:^|\|\| )\S*\b((?:dlss-tf|python3? -m) .*)$", line)
        if command and not line.startswith("echo"):
            check(command[1])


def check_module(name: str, words: list[str]) -> None:
    if name.partition(".")[0] in ("experiments", "tools", "benchmarks"):
        assert (ROOT / f"{name.replace('.', '/')}.py").exists(), f"python -m {name}: no such module"
    if name == "pytest":
        missing = [word for word in words if word.startswith("tests") and not (ROOT / word).exists()]
        assert not missing, f"python -m pytest: no such tests {missing}"
