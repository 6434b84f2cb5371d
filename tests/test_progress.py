import errno
import io

import pytest

from dlss_tf import progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when they are added to its only item."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (42, "42 s"), (185, "3 min 5 s"), (3599, "59 min 59 s"), (7830, "2 h 10 min")],
)
def test_durations(seconds, text):
    assert progress.duration(seconds) == text


def test_a_log_gets_a_line_every_half_minute_and_the_last(clock, capsys):
    shown = progress.Progress("job", 400, start=100)
    for done, wait in ((110, 10), (120, 10), (130, 25), (140, 10), (400, 1)):
        clock[0] += wait
        shown.update(done, "loss 1")
    assert capsys.readouterr().err.splitlines() == [
        "job: 110/400 | 1/s | 4 min 50 s left | loss 1",
        "job: 130/400 | 0.667/s | 6 min 45 s left | loss 1",
        "job: 400/400 | 5.36/s | 0 s left | loss 1",
    ]


def test_a_terminal_gets_one_line_that_changes(clock, capsys, monkeypatch):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    for _ in progress.each("job", "ab", 2):
        clock[0] += 0.5
    assert capsys.readouterr().err == "\r\x1b[Kjob: 1/2 | 2/s | 0 s left\r\x1b[Kjob: 2/2 | 2/s | 0 s left\n"


def test_a_single_thing_to_do_is_not_reported(clock, capsys):
    report = progress.reporter("job")
    report(1, 1)
    assert capsys.readouterr().err == ""
    clock[0] += 1
    report(1, 2)
    assert capsys.readouterr().err == "job: 1/2 | 1/s | 1 s left\n"


def test_what_is_said_is_said_in_any_encoding(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(progress.sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    progress.say("\udcfe.hspy: 0.5 µm")
    assert raw.getvalue() == b"\\udcfe.hspy: 0.5 \\xb5m\n"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), BrokenPipeError(32, "Broken pipe")])
def test_nobody_who_listens_is_no_reason_to_end(monkeypatch, tmp_path, error):
    class Full:
        encoding = "utf-8"

        def __init__(self, file):
            self.fileno = file.fileno

        def write(self, text):
            raise error

    with open(tmp_path / "log", "w", encoding="utf-8") as file:
        monkeypatch.setattr(progress.sys, "stdout", Full(file))
        progress.say("a line")


def test_what_files_are_called_does_nothing_to_a_terminal(clock, capsys):
    progress.Progress("\x1b[2Ja\n.tif", 1).update(1, "\x07")
    progress.say("\x1b]0;title\x07.tif")
    assert capsys.readouterr() == ("\\x1b]0;title\\x07.tif\n", "\\x1b[2Ja\\n.tif: 1/1 | 1e+09/s | 0 s left | \\x07\n")


def test_a_counter_tells_how_many_are_done():
    told = []
    report = progress.counter(lambda *done: told.append(done), 3)
    report(), report()
    assert told == [(1, 3), (2, 3)]
    progress.counter(None, 3)()


def test_a_console_that_knows_no_escape_sequences(capsys, monkeypatch):
    """Older ones of Windows: what a shorter line leaves is written over."""
    monkeypatch.setattr(progress, "WINDOWS", True)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    shown = progress.Progress("job", 2)
    shown.update(1, "long details")
    shown.update(2)
    first, second = capsys.readouterr().err.split("\r")[1:]
    assert "\x1b" not in first + second and len(second.rstrip("\n")) >= len(first)


def test_nobody_listens_on_windows(tmp_path, monkeypatch):
    """Where that is EINVAL: what is printed from then on goes nowhere, so that Python has nothing to fail at."""

    class Gone(io.StringIO):
        encoding = "cp1252"

        def flush(self):
            raise OSError(errno.EINVAL, "Invalid argument")

        def fileno(self):
            return file.fileno()

    with open(tmp_path / "out", "wb", buffering=0) as file:
        monkeypatch.setattr("sys.stdout", Gone())
        progress.say("scan.tif")
        file.write(b"nowhere")
    assert (tmp_path / "out").read_bytes() == b""
