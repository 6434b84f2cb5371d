"""`dlss-tf COMMAND`: parses the command line, calls one function, prints its answer. A module a command.

TensorFlow is imported only by the commands that compute, so that help and mistyped commands answer at once.
"""

from .commands import main, parser
from .exits import status

__all__ = ["main", "parser", "status"]
