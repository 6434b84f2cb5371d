"""Takes from a Python, and from those that it starts, what Windows' has not, as far as the standard library bears it.

It goes on PYTHONPATH. os.name and sys.platform stay, by which libraries choose what they load.
"""

import asyncio  # noqa: F401  before fcntl goes, which it imports
import fcntl
import multiprocessing
import os
import signal
import socket
import subprocess  # noqa: F401  before msvcrt comes, by which it knows Windows
import sys
import types
import warnings

SIGNALS = ("SIGINT", "SIGTERM", "SIGABRT", "SIGFPE", "SIGILL", "SIGSEGV")
KEPT = ("SIGKILL", "SIGCHLD")  # subprocess' and asyncio's own
CALLS = "fork forkpty register_at_fork sched_getaffinity getuid geteuid getgid getegid sysconf statvfs mkfifo"
CALLS += " killpg getpgid setpgid setsid getloadavg chown nice posix_fadvise posix_fallocate pread sync fdatasync"
TIMERS = "setitimer getitimer alarm pause sigwait pthread_sigmask pthread_kill siginterrupt"


def take(module, names):
    for name in names:
        vars(module).pop(name, None)


def refuse(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(("/proc/", "/sys/", "/dev/nv")):
        raise FileNotFoundError(2, "No such file or directory", arguments[0])


def locking(descriptor, mode, number):
    """As Windows' of a byte, of the whole file: that it is locked is the same error."""
    try:
        flock(descriptor, fcntl_exclusive)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied") from None


flock, fcntl_exclusive = fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB
msvcrt = types.ModuleType("msvcrt")
msvcrt.locking, msvcrt.LK_NBLCK = locking, 2
sys.modules |= dict.fromkeys(("fcntl", "resource", "termios", "pwd", "grp", "tty", "pty", "syslog"))
sys.modules["msvcrt"] = msvcrt
take(
    signal,
    {each for each in dir(signal) if each.startswith("SIG") and each not in (*SIGNALS, *KEPT)}
    - {"SIG_DFL"}
    - {"SIG_IGN"},
)
take(signal, TIMERS.split())
take(os, CALLS.split())
take(socket, ["AF_UNIX"])
sys.addaudithook(refuse)
multiprocessing.set_start_method("spawn")
warnings.filterwarnings("error", category=EncodingWarning, module="dlss_tf")  # of what takes the system's encoding
