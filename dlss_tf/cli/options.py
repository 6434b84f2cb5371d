"""Options that several commands have, in one set of words: `--factor` a lattice step, `--out` where a result goes."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import weights
from .parsing import whole
from .tensorflow import start_tensorflow

if TYPE_CHECKING:
    from ..inference.options import Options
    from ..inference.supersampler import Supersampler
    from ..serving.remote import RemoteSupersampler

TOKEN = "DLSS_TF_TOKEN"
DATA_HELP = "folder that holds TIFFs in train, val and test, as the STEM Crops do; may be given several times"
#: Which generator; tests hold the words on those that come with this package true.
WEIGHTS_HELP = (
    f"run directory that train made, or a pretrained generator's name: {weights.PRETRAINED} (taken unasked), "
    f"{weights.PAPERS}, the paper's, or {weights.PAPERS}-adversarial"
)


class _Renamed(argparse.Action):
    """An option's former name: works as the new one, with a warning."""

    def __init__(self, *args: Any, new: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.new = new

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        warnings.warn(f"{option} is called {self.new} now; the old word goes with the next version", stacklevel=2)
        setattr(namespace, self.dest, values)


def add_renamed(parser: argparse._ActionsContainer, old: str, new: str, dest: str, **kwargs: Any) -> None:
    """The former name `old` of the option `new`, whose value goes to `dest`."""
    parser.add_argument(
        old, dest=dest, action=_Renamed, new=new, default=argparse.SUPPRESS, help=argparse.SUPPRESS, **kwargs
    )


def add_images(
    parser: argparse._ActionsContainer, split: str, required: bool = True, data_help: str = DATA_HELP
) -> None:
    """Images to measure on: `--data`, `--split`, `--size`."""
    parser.add_argument("--data", action="append", required=required, metavar="FOLDER", help=data_help)
    parser.add_argument(
        "--split",
        default=split,
        choices=("train", "val", "test"),
        help="of its folders, train, val or test (%(default)s)",
        metavar="SPLIT",
    )
    parser.add_argument(
        "--size",
        type=int,
        default=512,
        metavar="PX",
        help="side of the images' central part that is used, a multiple of 32 px (%(default)s)",
    )


def add_limit(parser: argparse._ActionsContainer) -> None:
    """`--limit`, a number of images."""
    parser.add_argument("--limit", type=whole(1), metavar="N", help="use the first N images only, 1 or more (all)")


def add_results(parser: argparse.ArgumentParser, what: str) -> None:
    """`--out`, a folder for result files; formerly `--results`."""
    parser.add_argument("--out", default="results", metavar="FOLDER", help=f"folder for {what} (%(default)s)")
    add_renamed(parser, "--results", "--out", "out")


#: What may be given in place of a file.
OR_FOLDER = "; or a folder, for all in it, or a pattern in quotes, such as 'scans/*.ser'"


def add_image(parser: argparse.ArgumentParser) -> None:
    """`--image`, which of a file's images."""
    parser.add_argument(
        "--image",
        metavar="NAME|NUMBER|all",
        help="of several images in a file: one by its detector, title or number, or all "
        "(the largest; HAADF among equals); dlss-tf info FILE lists them",
    )


def add_files(parser: argparse.ArgumentParser, what: str) -> None:
    """Files in, a file or a folder out: `FILE ...`, `--image`, `--out`, `--format` and so on."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=f"{what}{OR_FOLDER}")
    add_image(parser)
    parser.add_argument("--out", metavar="PLACE", help="file, or folder, to write (beside FILE)")
    add_format(parser)
    there = parser.add_mutually_exclusive_group()
    add_overwrite(there)
    there.add_argument("--skip-existing", action="store_true", help="leave scans out whose results are there")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each file, nothing else")


def add_overwrite(parser: argparse._ActionsContainer) -> None:
    """`--overwrite`."""
    parser.add_argument("--overwrite", action="store_true", help="replace results that are there")


def add_preview(parser: argparse.ArgumentParser) -> None:
    """`--no-preview`."""
    parser.add_argument("--no-preview", action="store_true", help="no picture of scan and result, NAME-preview.png")


def add_dtype(parser: argparse.ArgumentParser) -> None:
    """`--dtype`."""
    parser.add_argument(
        "--dtype",
        choices=("float32", "same"),
        default="float32",
        help="type of results; same: the scan's, rounded and clipped if it is one of whole numbers (%(default)s)",
    )


def add_format(parser: argparse.ArgumentParser) -> None:
    """`--format`, a suffix."""
    parser.add_argument(
        "--format",
        default=".tif",
        type=_suffix,
        help="kind of results, by suffix: tif (ImageJ's), ome.tif, hspy, zspy, mrc, npy, or png to look at (tif)",
    )


def _suffix(text: str) -> str:
    return "." + text.lstrip(".")


def add_weights(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """`--weights`, of one generator."""
    parser.add_argument("--weights", required=required, metavar="RUN", help=WEIGHTS_HELP)


def add_generator(parser: argparse.ArgumentParser) -> None:
    """`--weights`, `--tile`, `--runtime`."""
    add_weights(parser)
    parser.add_argument(
        "--tile",
        type=int,
        default=1024,
        metavar="PX",
        help="most px a side of the pieces that a larger image is made of, a multiple of 32, 512 or more; smaller ones "
        "need less memory (%(default)s)",
    )
    parser.add_argument(
        "--runtime",
        choices=("onnx", "tensorflow"),
        help="what runs the generator: onnx, which starts at once, or tensorflow (the first that is installed)",
    )


#: What `--plain` contradicts: another generator, and what is done beside one pass.
NOT_PLAIN = ("weights", "server", "ensemble", "uncertainty", "refine", "keep_known", "deblur")


def add_plain(parser: argparse.ArgumentParser) -> None:
    """`--plain`, the paper's own way."""
    parser.add_argument(
        "--plain", action="store_true", help="the paper's own way: its generator, unified-small, in one pass, no more"
    )


def settle_plain(arguments: argparse.Namespace) -> None:
    """Let `--plain` be the generator that it means; InputError for another option that contradicts it."""
    if not arguments.plain:
        return
    from ..errors import InputError
    from ..weights import PAPERS

    for name in NOT_PLAIN:
        if getattr(arguments, name, None):
            option = f"--{name.replace('_', '-')}"
            raise InputError(f"{option}: expected none with --plain, which is one pass of {PAPERS} alone, found it")
    arguments.weights = PAPERS


def supersampler(arguments: argparse.Namespace) -> Supersampler:
    """What `add_generator` asks for; InputError if it does not take the `--factor`."""
    from ..inference import runtimes

    runtime = runtimes.chosen(arguments.runtime)
    if runtime == "tensorflow":
        start_tensorflow()
    from ..inference.supersampler import Supersampler

    made = Supersampler(arguments.weights, arguments.tile, runtime)
    made.check_factor(arguments.factor)
    return made


def add_server(parser: argparse.ArgumentParser) -> None:
    """`--server`, `--token-file`."""
    parser.add_argument("--server", metavar="URL", help="let this `dlss-tf serve` do it, such as http://host:8501")
    add_token(parser)


def server(arguments: argparse.Namespace) -> RemoteSupersampler:
    """What `add_server` asks for."""
    from ..errors import InputError
    from ..serving.remote import RemoteSupersampler

    if arguments.weights:
        raise InputError(f"--weights {arguments.weights}: expected none with --server, which has its own, found them")
    return RemoteSupersampler(arguments.server, token(arguments))


def add_token(parser: argparse.ArgumentParser) -> None:
    """`--token-file`."""
    parser.add_argument("--token-file", metavar="FILE", help=f"file with the server's token; or the variable {TOKEN}")


def token(arguments: argparse.Namespace) -> str:
    """What `add_token` asks for; "" if nothing; InputError for a file without one."""
    if not arguments.token_file:
        return os.environ.get(TOKEN, "")
    from ..errors import InputError, reason

    try:
        with open(arguments.token_file, encoding="utf-8") as file:
            found = file.read().strip()
    except (OSError, ValueError) as error:
        raise InputError(f"{arguments.token_file}: expected a file with a token, found: {reason(error)}") from None
    if not found or not found.isascii() or not found.isprintable():
        raise InputError(f"{arguments.token_file}: expected a token in one line, found none")
    return found


#: The fields of inference.options.Options, in the command line's words.
_OPTIONS: dict[str, dict[str, Any]] = {
    "ensemble": {
        "action": "store_true",
        "help": "mean over the scan's 8 flips and rotations, better and 8 times as long; "
        "their spread goes into NAME-uncertainty",
    },
    "uncertainty": {
        "action": "store_true",
        "help": "the standard deviation of each pixel's error to expect, in the scan's units, into NAME-uncertainty, "
        "and the share, 0 to 1, of detail that is finer than the scan can tell, into NAME-guessed",
    },
    "refine": {
        "action": "store_true",
        "help": "add what the samples say beyond the image and is told from noise: for lattices and clean scans "
        f"by {weights.PAPERS}",
    },
    "keep_known": {"action": "store_true", "help": "put the scan's samples back exactly"},
    "keep_outliers": {
        "action": "store_true",
        "help": "take hot and dead samples, and lines that were never scanned, for what they say "
        "(else they are filled in from their neighbours)",
    },
    "deblur": {
        "nargs": "?",
        "const": "wiener",
        "choices": ("wiener", "adam"),
        "help": "undo the blur that generators are trained with, for steeper edges: directly (wiener, if neither is "
        "named) or as published (adam)",
    },
}


def add_options(parser: argparse._ActionsContainer) -> None:
    """How a scan is supersampled: an option for each field of inference.options.Options."""
    for name, words in _OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **words)


def options(arguments: argparse.Namespace) -> Options:
    """What `add_options` asks for."""
    from ..inference.options import Options

    return Options(**{name: getattr(arguments, name) for name in _OPTIONS})


def names(arguments: argparse.Namespace, wanted: Sequence[str]) -> dict[str, Any]:
    """Some of the arguments, by name."""
    return {name: getattr(arguments, name) for name in wanted}
