"""``dlss-tf COMMAND``: parses the command line, calls one function, prints its answer.

TensorFlow is imported only by the commands that compute, so that help and mistyped commands answer at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from absl.flags import argparse_flags

from .config import CHOICES, CONFIG_FILE, PRESETS, SIMULATED_COUNTS, Config, preset
from .errors import InputError, TrainingStopped
from .weights import PRETRAINED

if TYPE_CHECKING:
    from .inference.supersampler import Supersampler
    from .micrograph import Micrograph

DATA_HELP = "folder in the STEM Crops layout, {train,val,test}/*.tif; may be given several times"
WEIGHTS_HELP = "run directory, or one under checkpoints/ (the pretrained generator)"


def _simulate(arguments: argparse.Namespace) -> None:
    from .data.simulate import simulate_dataset

    counts = {split: getattr(arguments, split) for split in ("train", "val", "test")}
    written = simulate_dataset(arguments.out, counts, arguments.size, arguments.seed)
    print(f"{arguments.out}: {written} crops written, {sum(counts.values()) - written} were there")


def _train(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    _start_tensorflow()
    from .training.trainer import train

    ended = train(config, arguments.run, resume=arguments.resume, stop_at=arguments.steps)
    print(f"{arguments.run}: training {ended}")
    if ended != "complete":
        print(f"Continue it with: dlss-tf train --run {arguments.run} --resume")
    return 128 + signal.SIGINT if ended == "interrupted" else 0


def _config(arguments: argparse.Namespace) -> Config:
    changes = {}
    for setting in arguments.set:
        name, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"--set: expected NAME=VALUE, found {setting!r}")
        changes[name] = value
    if arguments.coverage is not None:
        changes["factors"] = (arguments.coverage,)
    for name in ("network", "iterations", "seed", "start_from", "mixed_precision", "xla", "objective", "adversarial"):
        if getattr(arguments, name) is not None:
            changes[name] = getattr(arguments, name)
    if arguments.data:
        changes["data"] = arguments.data
    return _begun_or_preset(arguments).replace(**changes)


def _begun_or_preset(arguments: argparse.Namespace) -> Config:
    """The config of the run to resume, so that its options need not be given again; else the preset's."""
    path = os.path.join(arguments.run, CONFIG_FILE)
    if arguments.resume and os.path.exists(path):
        begun = Config.load(path)
        if arguments.preset in (None, begun.preset):
            return begun
    return preset(arguments.preset or "quick", arguments.network)


def _evaluate(arguments: argparse.Namespace) -> None:
    _start_tensorflow()
    from .evaluation.evaluate import evaluate
    from .evaluation.metrics import format_table

    names = ("split", "factors", "size", "limit", "results", "name", "sheet_images")
    report = evaluate(arguments.weights, arguments.data, **{name: getattr(arguments, name) for name in names})
    print(format_table(report))
    print(f"{report['images']} images; written to {arguments.results}/{arguments.name}.json, .csv and .png")


def _fit_p(arguments: argparse.Namespace) -> None:
    _start_tensorflow()
    from .evaluation.fit_p import fit_p, format_fit

    config, errors = fit_p(arguments.weights, arguments.data, arguments.run, split=arguments.split, size=arguments.size)
    print(format_fit(config, errors))
    print(f"Written to {arguments.run}/config.json; train with it: dlss-tf train --run {arguments.run} --resume")


def _export(arguments: argparse.Namespace) -> None:
    _start_tensorflow()
    from .serving.export import export

    print(export(arguments.weights, arguments.out, arguments.size, arguments.version))


def _supersample(arguments: argparse.Namespace) -> int:
    from .inference import files

    files.check_out(arguments.files, arguments.out)
    supersampler = _supersampler(arguments)

    def supersample(source: str, target: str) -> Micrograph:
        return files.supersample_file(supersampler, source, target, arguments.factor, **_how(arguments))

    return _each_file(arguments, supersample, "x")


def _downsample(arguments: argparse.Namespace) -> int:
    from .inference import files

    files.check_out(arguments.files, arguments.out)

    def downsample(source: str, target: str) -> Micrograph:
        return files.downsample_file(source, target, arguments.factor)

    return _each_file(arguments, downsample, "every")


def _check(arguments: argparse.Namespace) -> int:
    supersampler = _supersampler(arguments)
    from .evaluation.check import check_file, format_check

    def check(source: str) -> None:
        print(format_check(check_file(supersampler, source, arguments.factor, arguments.results)))

    return _each(arguments.images, check)


def _watch(arguments: argparse.Namespace) -> None:
    supersampler = _supersampler(arguments)
    from .inference.watch import watch

    out = arguments.out or os.path.join(arguments.folder, "supersampled")
    watch(
        supersampler,
        arguments.folder,
        out,
        arguments.factor,
        suffix=arguments.format,
        existing=arguments.existing,
        **_how(arguments),
    )


def _supersampler(arguments: argparse.Namespace) -> Supersampler:
    _start_tensorflow()
    from .inference.supersampler import Supersampler

    return Supersampler(arguments.weights, arguments.tile)


def _how(arguments: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in ("ensemble", "refine", "keep_known", "deblur")}


def _each_file(arguments: argparse.Namespace, function: Callable[[str, str], Micrograph], name: str) -> int:
    """Make a new file of each, say what it is, and go on after a bad one."""
    from .inference.files import check_output, output_path

    def one(source: str) -> None:
        target = output_path(source, arguments.out, arguments.factor, arguments.format, name)
        check_output(source, target, arguments.overwrite)
        result = function(source, target)
        print(f"{target}: {result.describe()}")

    return _each(arguments.files, one)


def _each(sources: Sequence[str], function: Callable[[str], None]) -> int:
    """A sentence on stderr for each that is bad, and status 2 if any is."""
    worst = 0
    for source in sources:
        try:
            function(source)
        except InputError as error:
            print(f"dlss-tf: {error}", file=sys.stderr)
            worst = 2
    return worst


def _info(arguments: argparse.Namespace) -> None:
    from . import weights

    if arguments.data:
        _start_tensorflow()
        from .evaluation.silence import format_silence, measure

        print(format_silence(measure(arguments.weights, arguments.data, split=arguments.split, size=arguments.size)))
        return
    if arguments.weights is None:
        config = preset(arguments.preset, arguments.network)
    else:
        config, arrays = weights.load(arguments.weights)
    if arguments.schedule:
        _start_tensorflow()
        from .training.schedules import format_table

        print(format_table(config))
        return
    print(config.to_json(), end="")
    if arguments.weights is not None:
        print(f"{sum(array.size for array in arrays.values())} generator weights in {arguments.weights}")


def _factors(text: str) -> list[int]:
    return [int(factor) for factor in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse_flags.ArgumentParser(
        prog="dlss-tf",
        inherited_absl_flags=None,
        description="Deep learning supersampling of scanning transmission electron micrographs: scan every s-th point, "
        "let a generator complete the image.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, function, summary: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=summary, description=summary, inherited_absl_flags=None)
        sub.set_defaults(function=function)
        return sub

    _add_simulate(command("simulate", _simulate, "write simulated STEM crops to train and test on"))
    _add_train(command("train", _train, "train a generator, or continue a run"))
    _add_evaluate(command("evaluate", _evaluate, "compare a generator with traditional methods (the paper's Table 2)"))
    _add_fit_p(command("fit-p", _fit_p, "fit eq. 1's p(c) to the errors of trained generators, for a new unified run"))
    _add_export(command("export", _export, "write a SavedModel for TensorFlow Serving"))
    _add_supersample(command("supersample", _supersample, "supersample scans: any microscope's files, any size"))
    _add_watch(command("watch", _watch, "supersample every new scan in a folder as it is finished"))
    _add_downsample(command("downsample", _downsample, "make the scan that a faster acquisition would have given"))
    _add_check(command("check", _check, "try on a full image whether its detail is too fine for a coarser scan"))
    info = command("info", _info, "show what a run was trained with, or a preset would be, or its learning schedule")
    info.add_argument("--weights", help="run directory")
    info.add_argument("--preset", default="quick", choices=PRESETS, help="without --weights (%(default)s)")
    info.add_argument("--network", default="two-stage", choices=CHOICES["network"], help="of the preset (%(default)s)")
    info.add_argument("--schedule", action="store_true", help="rates and momenta as this run or preset scales them")
    purpose = "; given, the channels of --weights (the pretrained generator) that give nothing anywhere are counted"
    _add_images(info, "val", required=False, purpose=purpose)
    return parser


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    counts = SIMULATED_COUNTS["quick"]
    parser.add_argument(
        "--out", default="data/simulated", help="folder to write (%(default)s); crops that are there are kept"
    )
    for split in counts:
        parser.add_argument(
            f"--{split}", type=int, default=counts[split], help=f"number of {split} crops (%(default)s)"
        )
    parser.add_argument("--size", type=int, default=512, help="side of the crops in px (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="every crop is a function of it, split and number (%(default)s)"
    )


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", required=True, help="run directory: configuration, checkpoints, logs, weights")
    parser.add_argument(
        "--preset",
        choices=PRESETS,
        help="quick: minutes; small: an hour or two; paper: weeks on a GPU (quick, or what is resumed)",
    )
    parser.add_argument("--data", action="append", help=f"{DATA_HELP}; without it simulated crops are made and used")
    parser.add_argument("--resume", action="store_true", help="continue the run in --run, if there is one")
    parser.add_argument(
        "--start-from",
        nargs="?",
        const=PRETRAINED,
        metavar="WEIGHTS",
        help="train a run directory's generator further on other data; the pretrained one if WEIGHTS is not given",
    )
    parser.add_argument("--steps", type=int, help="stop when this many iterations of the schedule are done (all)")
    parser.add_argument(
        "--iterations", type=int, help="length of the schedule in iterations; the preset's if not given"
    )
    parser.add_argument(
        "--network", choices=CHOICES["network"], help="fig. 11's (two-stage, the default) or fig. 9's for one coverage"
    )
    parser.add_argument("--seed", type=int, help="seed of weights, data order, coverages and replay")
    parser.add_argument("--coverage", type=int, metavar="S", help="train for coverage 1/S^2 alone (p = 1)")
    parser.add_argument("--objective", choices=CHOICES["objective"], help="eq. 3 (blur, the default) or eq. 6")
    parser.add_argument(
        "--adversarial",
        action="store_true",
        default=None,
        help="fine-tune adversarially for as many iterations again; with --resume also a run begun without",
    )
    parser.add_argument("--mixed-precision", action="store_true", default=None, help="convolutions in bfloat16")
    parser.add_argument("--xla", action="store_true", default=None, help="compile the training step with XLA")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="any other field of the run's config.json"
    )


def _add_images(parser: argparse.ArgumentParser, split: str, required: bool = True, purpose: str = "") -> None:
    parser.add_argument("--data", action="append", required=required, help=DATA_HELP + purpose)
    parser.add_argument(
        "--split", default=split, choices=("train", "val", "test"), help="split to measure on (%(default)s)"
    )
    parser.add_argument(
        "--size", type=int, default=512, help="side in px of the images' central part that is used (%(default)s)"
    )


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", help=WEIGHTS_HELP)
    _add_images(parser, "test")
    parser.add_argument(
        "--factors",
        type=_factors,
        help="whole numbers s, comma between; coverage is 1/s^2 (4,5,6,8,10, or the only one trained for)",
    )
    parser.add_argument("--limit", type=int, help="use the first so many images only (all)")
    parser.add_argument("--results", default="results", help="folder for the JSON, CSV and PNG (%(default)s)")
    parser.add_argument("--name", default="table2", help="file name in --results, without its ending (%(default)s)")
    parser.add_argument("--sheet-images", type=int, default=4, help="images shown in the PNG (%(default)s)")


def _add_fit_p(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights", action="append", required=True, help="run directory of a generator; give several for one each"
    )
    _add_images(parser, "val")
    parser.add_argument("--run", required=True, help="new run directory whose configuration is written")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", help=WEIGHTS_HELP)
    parser.add_argument("--out", required=True, help="the served model's folder; a numbered version is added to it")
    parser.add_argument(
        "--size", type=int, default=512, help="side of the output in px, a multiple of 32 (%(default)s)"
    )
    parser.add_argument("--version", type=int, help="version number; one above the highest there if not given")


def _add_supersample(parser: argparse.ArgumentParser) -> None:
    _add_files(parser, "scans: dm3, dm4, emd, ser, mrc, hspy, TIFF, PNG, npy and others")
    _add_how(parser)


def _add_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", help="folder that the acquisition software writes into")
    parser.add_argument("--out", help="folder for results (FOLDER/supersampled); results that are there are replaced")
    parser.add_argument("--existing", action="store_true", help="supersample the scans that are there already, too")
    _add_factor(parser)
    _add_format(parser)
    _add_how(parser)


def _add_downsample(parser: argparse.ArgumentParser) -> None:
    _add_files(parser, "images in any format that supersample reads")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="images of which every pixel was scanned")
    _add_factor(parser)
    parser.add_argument("--results", default="results", help="folder for NAME-checkS.json and .png (%(default)s)")
    _add_generator(parser)


def _add_files(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help=what)
    _add_factor(parser)
    parser.add_argument("--out", help="file, or folder, to write (beside FILE)")
    _add_format(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace results that are there")


def _add_factor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--factor", type=int, required=True, metavar="S", help="every S-th point a side is scanned: coverage 1/S^2"
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", default=".tif", type=_suffix, help="suffix of results: tif, ome.tif, hspy, mrc, png, ... (tif)"
    )


def _suffix(text: str) -> str:
    return "." + text.lstrip(".")


def _add_generator(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", help=WEIGHTS_HELP)
    parser.add_argument(
        "--tile",
        type=int,
        default=1024,
        help="most px a side of the pieces that a larger image is made of; smaller ones need less memory (%(default)s)",
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    _add_generator(parser)
    parser.add_argument(
        "--ensemble",
        action="store_true",
        help="mean over the scan's 8 flips and rotations, better and 8 times as long; "
        "their spread goes into NAME-uncertainty",
    )
    parser.add_argument(
        "--refine",
        action="store_true",
        help="add what the samples say beyond the image and is told from noise: better for lattices and clean scans",
    )
    parser.add_argument("--keep-known", action="store_true", help="put the scan's samples back exactly")
    parser.add_argument(
        "--deblur",
        nargs="?",
        const="wiener",
        choices=("wiener", "adam"),
        help="undo the blur that generators are trained with: directly (wiener, the default) or as published (adam)",
    )


def _start_tensorflow() -> None:
    """Import it, and run an operation, without the announcements that newer ones make whatever the log level is."""
    with _silent_stderr():
        import tensorflow as tf

        tf.constant(0)


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Without what native code writes there."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def status(program: str, command: Callable[[], int | None]) -> int:
    """Run a command; its exit status, or 2 for bad input and 130 when interrupted, with one sentence on stderr.

    Warnings are a sentence on stderr, too, and the same one is not repeated.
    """
    shown = set()

    def show(message: Warning, *_: Any) -> None:
        if str(message) not in shown:
            print(f"{program}: warning: {message}", file=sys.stderr)
        shown.add(str(message))

    with warnings.catch_warnings():
        warnings.showwarning = show
        try:
            return command() or 0
        except (InputError, TrainingStopped) as error:
            print(f"{program}: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print(f"{program}: interrupted", file=sys.stderr)
            return 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the command line; returns its exit status."""
    arguments = _parser().parse_args(argv)
    return status("dlss-tf", lambda: arguments.function(arguments))


if __name__ == "__main__":
    sys.exit(main())
