"""Many files, one after another: all results' places checked first, a line for each file, and a last one for all."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import sentence
from ..inference.options import BESIDE
from ..progress import duration, say

if TYPE_CHECKING:
    from ..formats.contents import Choice
    from ..interfaces.outputs import Job
    from ..micrograph import Micrograph

    MakeFile = Callable[[str, str, Choice], Micrograph]  # of a source, a target, and which image of the source

#: What `--json` tells of a file; null where there is nothing to tell.
FIELDS = (
    *("source", "image", "target", *BESIDE, "shape", "dtype", "pixel_size", "units"),
    *("factor_trained", "share_guessed", "seconds", "warnings", "error"),
)


def plan(arguments: argparse.Namespace, name: str, beside: Sequence[str] = ()) -> list[Job]:
    """The files that `options.add_files` asks for, and where their results go, called NAME-`name`S.

    Raises:
        InputError: several files would become one.
    """
    from ..interfaces import inputs, outputs

    outputs.check_out(arguments.files, arguments.out)
    sources = inputs.sources(arguments.files, name)
    outputs.check_out(sources, arguments.out)
    how = {"image": arguments.image, "beside": beside, "overwrite": arguments.overwrite}
    return outputs.plan(sources, arguments.out, arguments.factor, arguments.format, name, **how)


def run(jobs: list[Job], make: MakeFile, as_json: bool = False) -> int:
    """Make each file, and say what it is, or in a sentence on stderr why not; status 2 if any could not be made."""
    began, failed = time.monotonic(), 0
    for job in jobs:
        description, record = _made(job, make)
        if record["error"]:
            failed += 1
            print(f"dlss-tf: {record['error']}", file=sys.stderr)
        if as_json:
            say(json.dumps(record))
        elif description:
            say(description)
    if len(jobs) > 1:
        summary = f"{len(jobs) - failed} of {len(jobs)} files done in {duration(time.monotonic() - began)}"
        summary += f"; {failed} not, for the reasons given" if failed else ""
        print(summary, file=sys.stderr) if as_json else say(summary)
    return 2 if failed else 0


def _made(job: Job, make: MakeFile) -> tuple[str, dict[str, Any]]:
    """What came of a source, for people ("" if nothing did) and for scripts."""
    began, description = time.monotonic(), ""
    record = dict.fromkeys(FIELDS, None) | {"source": job.source, "image": job.image}
    with _warnings_kept() as record["warnings"]:
        try:
            if job.refusal:
                raise job.refusal
            result = make(job.source, job.targets[0], job.image)
        except Exception as error:  # of TensorFlow's, of a full disk: the next one may do
            record["error"] = sentence(job.source, error)
        else:
            description = f"{job.targets[0]}: {result.describe()}"
            record |= dict(zip(("target", *BESIDE), job.targets))
            record |= {"shape": list(result.data.shape), "dtype": result.data.dtype.name}
            record |= {name: getattr(result, name, None) for name in ("factor_trained", "share_guessed")}
            record |= {"pixel_size": result.pixel_size, "units": result.units if result.pixel_size else None}
    record["seconds"] = round(time.monotonic() - began, 3)
    return description, record


@contextlib.contextmanager
def _warnings_kept() -> Iterator[list[str]]:
    """The texts of our warnings, which are shown as ever."""
    texts: list[str] = []
    with warnings.catch_warnings():
        warnings.filterwarnings("always", category=UserWarning, module="dlss_tf")  # for each file, not once
        show = warnings.showwarning

        def keep(message: Warning | str, *rest: Any) -> None:
            texts.append(str(message))
            show(message, *rest)

        warnings.showwarning = keep  # type: ignore[assignment]
        yield texts
