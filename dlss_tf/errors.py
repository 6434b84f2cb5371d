"""The one exception that a user's mistake raises."""


class InputError(ValueError):
    """Bad input: one sentence that names the file or argument, what was expected and what was found.

    The command line prints it without a traceback and exits with status 2.
    """


class TrainingStopped(RuntimeError):
    """Training cannot go on: one sentence that says why, and which checkpoint is the last good one."""
