import itertools
import os

from dlss_tf.interfaces import arrivals


class Clock:
    """A quarter of a second passes with each look at the folder, after which the next of `events` happens."""

    def __init__(self, *events):
        self.now, self.events = 0.0, iter(events)

    def __call__(self):
        return self.now

    def wait(self):
        self.now += 0.25
        next(self.events, lambda: None)()


def first(count, folder, clock, **options):
    return list(itertools.islice(arrivals.arrivals(str(folder), clock=clock, wait=clock.wait, **options), count))


def put(path, size=10, time_ns=None):
    def write():
        path.write_bytes(b"x" * size)
        if time_ns is not None:
            os.utime(path, ns=(time_ns, time_ns))

    return write


def test_a_new_file_is_given_once_it_has_settled(tmp_path):
    clock = Clock(put(tmp_path / "a.tif"))
    assert first(1, tmp_path, clock) == [str(tmp_path / "a.tif")]
    assert clock.now == 0.75  # it appeared at 0.25


def test_a_growing_file_is_not_touched(tmp_path):
    clock = Clock(*(put(tmp_path / "a.tif", size) for size in range(1, 11)))
    assert first(1, tmp_path, clock) == [str(tmp_path / "a.tif")]
    assert clock.now == 3.0  # it grew until 2.5


def test_an_empty_file_is_waited_for(tmp_path):
    clock = Clock(put(tmp_path / "a.tif", 0), *[lambda: None] * 9, put(tmp_path / "a.tif", 5))
    first(1, tmp_path, clock)
    assert clock.now == 3.25


def test_existing_files_count_if_asked_for_or_when_they_change(tmp_path):
    put(tmp_path / "old.tif", 10, 1)()
    put(tmp_path / "older.tif", 10, 0)()
    assert first(2, tmp_path, Clock(), existing=True) == [str(tmp_path / "older.tif"), str(tmp_path / "old.tif")]
    clock = Clock(put(tmp_path / "new.tif", 10, 5), *[lambda: None] * 4, put(tmp_path / "old.tif", 10, 9))
    assert first(2, tmp_path, clock) == [str(tmp_path / "new.tif"), str(tmp_path / "old.tif")]


def test_files_that_come_before_the_first_look_are_new(tmp_path):
    clock = Clock()
    new = arrivals.arrivals(str(tmp_path), clock=clock, wait=clock.wait)
    put(tmp_path / "a.tif")()
    assert next(new) == str(tmp_path / "a.tif")


def test_other_files_and_folders_do_not_count(tmp_path):
    (tmp_path / "folder.tif").mkdir()
    events = [put(tmp_path / name) for name in ("notes.txt", ".a.tif", "a.tif.part", "b.dm4")]
    assert first(1, tmp_path, Clock(*events)) == [str(tmp_path / "b.dm4")]


def test_a_folder_that_is_away_is_waited_for(tmp_path):
    folder, away = tmp_path / "share", tmp_path / "away"
    folder.mkdir()
    put(folder / "old.tif")()
    events = [lambda: folder.rename(away), lambda: away.rename(folder), put(folder / "a.tif")]
    assert first(1, folder, Clock(*events)) == [str(folder / "a.tif")]


def test_one_entry_that_cannot_be_looked_at_hides_no_other(tmp_path):
    (tmp_path / "a.tif").symlink_to("a.tif")  # a loop
    (tmp_path / "b.tif").symlink_to("nothing")
    assert first(1, tmp_path, Clock(put(tmp_path / "c.tif"))) == [str(tmp_path / "c.tif")]


def held_until(monkeypatch, clock, end):
    """Others cannot read what its writer has open, on Windows, before `end`."""

    def open_as_windows(path, mode):
        if clock.now < end:
            raise PermissionError(13, "Permission denied", path)
        return open(path, mode)

    monkeypatch.setattr(arrivals, "WINDOWS", True)
    monkeypatch.setattr(arrivals, "open", open_as_windows, raising=False)


def test_a_file_that_its_writer_keeps_for_itself_is_waited_for(tmp_path, monkeypatch):
    clock = Clock(put(tmp_path / "a.tif"))
    held_until(monkeypatch, clock, 5.0)
    assert first(1, tmp_path, clock) == [str(tmp_path / "a.tif")] and clock.now == 5.0


def test_but_not_for_ever(tmp_path, monkeypatch):
    clock = Clock(put(tmp_path / "a.tif"))
    held_until(monkeypatch, clock, 1e9)
    assert first(1, tmp_path, clock) == [str(tmp_path / "a.tif")]
    assert arrivals.LONGEST_HELD <= clock.now <= arrivals.LONGEST_HELD + 1


def test_a_file_that_went_meanwhile_is_not_held(tmp_path, monkeypatch):
    monkeypatch.setattr(arrivals, "WINDOWS", True)
    assert not arrivals._held(str(tmp_path / "gone.tif"))
