"""A command line's words: parsed, and where they are wrong, a sentence that says what may have been meant."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Callable, Collection, Sequence
from typing import Any, NoReturn

from absl.flags import argparse_flags

from .. import shell
from .._version import __version__
from ..errors import shown
from ..suggestions import did_you_mean
from .exits import USAGE

_REQUIRED = re.compile(r"arguments are required: (?P<names>.+)|one of the arguments (?P<one>.+) is required")
_NUMBER = re.compile(r"-(\d+|\d*\.\d+)")


def version() -> str:
    """'dlss-tf 0.1.0', and in a checkout ', git 8be45d5', with -dirty if files differ from it."""
    from ..software import revision  # which is not needed but here

    sha, _, dirty = (revision() or "").partition("-")
    return f"dlss-tf {__version__}" + (f", git {sha[:7]}" if sha else "") + (f"-{dirty}" if dirty else "")


class Version(argparse.Action):
    """`--version`: tells it and ends; with a value, where an option takes one by that name, that is kept."""

    def __init__(self, option_strings: Sequence[str], dest: str, nargs: int | str = 0, **words: Any):
        super().__init__(option_strings, dest, nargs, **{"default": argparse.SUPPRESS, **words})

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Keep the value, or print the version."""
        if values:
            setattr(namespace, self.dest, values)
            return
        print(version())
        parser.exit()


class Parser(argparse_flags.ArgumentParser):
    """Of a program or of one of its commands. What is wrong ends it with status USAGE and a sentence."""

    def __init__(self, **words: Any):
        super().__init__(formatter_class=_Formatter, **{"inherited_absl_flags": None, **words})
        self._option_string_actions["--helpfull"].help = argparse.SUPPRESS  # the same as --help
        self.register("type", int, whole())
        self.register("type", float, _number)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, but that words which are not known are told before others that are missing."""
        words = list(sys.argv[1:] if args is None else args)
        commands = self._commands()
        for place, word in enumerate(words):
            if word == "--":
                break
            if not _is_option(word):
                if commands is None:
                    continue
                if word not in commands:
                    self.error(self._no_command(word, words[place + 1 :], commands))
                break
            if not self.knows(name := word.partition("=")[0]):
                self.error(self._no_option(name, commands or {}))
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        """The sentence for what argparse says is wrong, and status USAGE."""
        missing = _REQUIRED.search(message)
        if missing:
            names = missing["names"].split(", ") if missing["names"] else missing["one"].split(" ")
            message = f"expected {' and '.join(self._explained(names))}, found none"
        message = message.removeprefix("argument ").replace("unrecognized arguments:", "expected no more words, found")
        self.exit(USAGE, f"{self.prog}: {shown(message)}\n{self.prog} --help tells what it takes, with examples\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(each) for each in action.choices]
            sentence = f"expected one of {', '.join(known)}, found {value}{did_you_mean(str(value), known)}"
            raise argparse.ArgumentError(action, sentence)

    def _commands(self) -> dict[str, Parser] | None:
        """Parsers of the program's commands, by name; None if this is the parser of one."""
        found = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return dict(found[0].choices) if found else None

    def knows(self, option: str) -> bool:
        """Whether it is an option, or a long one's beginning."""
        known = self._option_string_actions
        return option in known or option.startswith("--") and any(each.startswith(option) for each in known)

    def _no_option(self, name: str, commands: dict[str, Parser]) -> str:
        known = [each for each, action in self._option_string_actions.items() if action.help != argparse.SUPPRESS]
        of = [command for command, parser in commands.items() if parser.knows(name)]
        if of:
            return f"expected a command before {name}, such as {of[0]}; found none"
        if len(name) == 2:  # a letter: the first that begins with it
            known = [each for each in known if each.startswith(f"-{name}")][:1]
            return f"expected an option, found {name}" + (f"; did you mean {known[0]}?" if known else "")
        return f"expected an option, found {name}{did_you_mean(name, known)}"

    def _no_command(self, word: str, rest: Sequence[str], commands: Collection[str]) -> str:
        if os.path.exists(word) or os.path.splitext(word)[1]:
            factor = [] if any(each.startswith("--factor") for each in rest) else ["--factor", "5"]
            typed = shell.join([*self.prog.split(), "supersample", word, *rest, *factor])
            return f"expected a command, found the name of a file or folder; did you mean {typed}?"
        near = did_you_mean(word, [*commands, "--help", "--version"])
        return f"expected {'a command' if near else 'one of ' + ', '.join(commands)}, found {word}{near}"

    def _explained(self, names: Collection[str]) -> list[str]:
        """What is missing, with its help if that is one thing."""
        found = []
        for action in sorted(self._actions, key=lambda each: bool(each.option_strings)):  # files first
            name = "/".join(action.option_strings) or action.metavar or action.dest
            if name in names:
                values = f" {action.metavar or action.dest.upper()}" if action.option_strings else ""
                about = f" ({self._get_formatter()._expand_help(action)})" if len(names) == 1 else ""
                found.append(f"{name}{values}{about}")
        return found or [*names]


class _Formatter(argparse.HelpFormatter):
    """Keeps the lines of a text that has several, such as examples, and names with a hyphen in one piece."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "".join(indent + line for line in text.splitlines(keepends=True))
        return super()._fill_text(text, width, indent)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def whole(least: int | None = None, most: int | None = None) -> Callable[[str], int]:
    """The type of an option: whole numbers from `least` to `most`."""
    expected = "a whole number"
    if least is not None:
        expected += f", {least} or more" if most is None else f" from {least} to {most}"

    def parsed(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or (least is not None and number < least) or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"expected {expected}, found {text or 'nothing'}")
        return number

    return parsed


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, found {text}") from None


def _is_option(word: str) -> bool:
    """As argparse has it."""
    return word.startswith("-") and word != "-" and " " not in word and not _NUMBER.fullmatch(word)
