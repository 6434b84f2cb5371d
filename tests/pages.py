"""What tests of the documentation share: the pages, the commands in them, and whether a command could be given."""

import re
import shlex
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
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_RULE = re.compile(r"^([a-zA-Z0-9_./ $(){}:=%-]+?)\s*:(?!=)", re.MULTILINE)


def fences(text: str) -> list[tuple[str, str]]:
    """Language and contents of each fenced block of a page."""
    return [(language, code) for _, language, code in _FENCE.findall(text)]


def code_spans(text: str) -> list[str]:
    """What a page has in single backticks, outside its fenced blocks."""
    return _CODE.findall(_FENCE.sub("", text))


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
    return len(words) > 1 and words[0] in PROGRAMS


def check(command: str) -> None:
    """AssertionError unless the command could be given: its options, make target or module exist."""
    words = arguments(command)
    program = Path(words[0]).name
    if program == "dlss-tf":
        parse(words[1:])
    elif program == "make":
        check_make(words[1:])
    elif program.startswith("python") and words[1:2] == ["-m"]:
        check_module(words[2])


def parse(words: list[str]):
    """Arguments of ``dlss-tf``, parsed. An option by a name that is going away is an error, too."""
    from dlss_tf.cli import parser

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return parser().parse_args(words)
        except SystemExit as ended:
            assert ended.code == 0, f"dlss-tf {' '.join(words)}: no such command or option"
        except Warning as warning:
            raise AssertionError(f"dlss-tf {' '.join(words)}: {warning}") from None


def check_make(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {name for names in _RULE.findall(makefile) for name in names.split()}
    for word in words:
        name, given, _ = word.partition("=")
        if given:
            assert re.search(rf"^{name} \?=", makefile, re.MULTILINE), f"make {word}: no such variable"
        else:
            assert name in targets, f"make {word}: no such target"


def check_module(name: str) -> None:
    if name.partition(".")[0] in ("experiments", "tools", "benchmarks"):
        assert (ROOT / f"{name.replace('.', '/')}.py").exists(), f"python -m {name}: no such module"
