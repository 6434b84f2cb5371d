"""The one exception that a user's mistake raises, and what any other one says, in a line."""


class InputError(ValueError):
    """Bad input: one sentence that names the file or argument, what was expected and what was found.

    The command line prints it without a traceback and exits with status 2.
    """


class TrainingStopped(RuntimeError):
    """Training cannot go on: one sentence that says why, and which checkpoint is the last good one."""


def reason(error: BaseException) -> str:
    """The first line of what an exception says, after its name unless it is the operating system's; never empty."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__


def sentence(source: object, error: BaseException) -> str:
    """What an exception of any kind comes to: an InputError's own sentence, or one like it that names `source`."""
    return str(error) if isinstance(error, InputError) else f"{source}: expected to be done, found {reason(error)}"
