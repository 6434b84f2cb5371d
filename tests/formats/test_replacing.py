import contextlib
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dlss_tf.formats import replacing as replacing_module
from dlss_tf.formats.replacing import clear, replacing, replacing_all


def test_appears_whole_under_its_name(tmp_path):
    path = tmp_path / "image.ome.tif"
    path.write_text("old")
    with replacing(path) as beside:
        assert os.path.dirname(beside) == str(tmp_path)
        name = os.path.basename(beside)
        assert name.startswith(".") and name.endswith(".tif")
        with open(beside, "w", encoding="utf-8") as file:
            file.write("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["image.ome.tif"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("folder", [False, True])
def test_what_was_there_stays_if_writing_fails(tmp_path, error, folder):
    path = tmp_path / "store.zspy"
    path.mkdir()
    (path / "old").touch()
    with pytest.raises(error), replacing(path) as beside:
        if folder:
            os.makedirs(os.path.join(beside, "new"))
        else:
            open(beside, "w", encoding="utf-8").close()
        raise error
    assert os.listdir(path) == ["old"] and os.listdir(tmp_path) == ["store.zspy"]


def test_a_folder_replaces_a_folder(tmp_path):
    path = tmp_path / "store.zspy"
    for content in ("old", "new"):
        with replacing(path) as beside:
            os.makedirs(os.path.join(beside, content))
    assert os.listdir(path) == ["new"] and os.listdir(tmp_path) == ["store.zspy"]


def test_a_folder_that_cannot_be_replaced_stays(tmp_path, monkeypatch):
    path = tmp_path / "store.zspy"
    path.mkdir()
    (path / "old").touch()
    rename = os.rename

    def fail_the_second(source, target):
        if str(target) == str(path) and not source.endswith(".old"):
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail_the_second)
    with pytest.raises(OSError, match="No space left"), replacing(path) as beside:
        os.makedirs(beside)
    assert os.listdir(path) == ["old"] and os.listdir(tmp_path) == ["store.zspy"]


def test_a_file_does_not_replace_a_folder(tmp_path):
    (tmp_path / "folder" / "kept").mkdir(parents=True)
    with pytest.raises(OSError), replacing(tmp_path / "folder") as beside:
        open(beside, "w", encoding="utf-8").close()
    assert os.listdir(tmp_path) == ["folder"]


def test_writers_of_one_name_do_not_meet(tmp_path):
    """Each file at the end is one writer's whole, and no writer fails."""
    path, failures, barrier = tmp_path / "a.txt", [], threading.Barrier(8)

    def write(number):
        try:
            barrier.wait()
            for _ in range(20):
                with replacing(path) as beside, open(beside, "w", encoding="utf-8") as file:
                    file.write(str(number) * 1000)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text = path.read_text()
    assert not failures and len(text) == 1000 and len(set(text)) == 1
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("links", [True, False])
def test_several_appear_together_or_not_at_all(tmp_path, monkeypatch, links):
    """The second cannot be moved in: the first is as it was, and what was not there is not."""

    def no_links(*_, **__):
        raise OSError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    for name in ("a", "b"):
        (tmp_path / name).write_text("old")
    (tmp_path / "folder" / "kept").mkdir(parents=True)
    names = ["a", "new", "b", "folder"]
    paths = [tmp_path / name for name in names]
    with pytest.raises(OSError) as raised, replacing_all(paths) as besides:
        for beside in besides:
            with open(beside, "w", encoding="utf-8") as file:
                file.write("new")
    assert raised.value.filename == str(tmp_path / "folder")
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "folder"]
    assert {(tmp_path / name).read_text() for name in ("a", "b")} == {"old"} and (tmp_path / "folder" / "kept").is_dir()


def test_several_replace_what_was_there(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "store.zspy" / "old").mkdir(parents=True)
    with replacing_all([tmp_path / "a", tmp_path / "store.zspy", tmp_path / "new"]) as (first, second, third):
        os.makedirs(os.path.join(second, "new"))
        for beside in (first, third):
            with open(beside, "w", encoding="utf-8") as file:
                file.write("new")
    assert sorted(os.listdir(tmp_path)) == ["a", "new", "store.zspy"] and os.listdir(tmp_path / "store.zspy") == ["new"]
    assert (tmp_path / "a").read_text() == (tmp_path / "new").read_text() == "new"


def test_without_leave_a_file_that_came_meanwhile_stays(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(FileExistsError) as raised, replacing_all([path], overwrite=False) as (beside,):
        open(beside, "w", encoding="utf-8").close()
        path.write_text("another's")
    assert raised.value.filename == str(path)
    assert path.read_text() == "another's" and os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(
    "make", [os.mkdir, lambda path: open(path, "w", encoding="utf-8").close()], ids=["folders", "files"]
)
@pytest.mark.parametrize("names", [["a"], ["a", "b"]])
def test_of_two_without_leave_the_first_to_end_wins(tmp_path, make, names):
    paths = [tmp_path / name for name in names]
    with pytest.raises(FileExistsError) as raised, replacing_all(paths, overwrite=False) as slow:
        with replacing_all(paths, overwrite=False) as fast:
            for beside in (*slow, *fast):
                make(beside)
        inodes = [os.stat(path).st_ino for path in paths]
    assert raised.value.filename == str(paths[0])
    assert sorted(os.listdir(tmp_path)) == names and inodes == [os.stat(path).st_ino for path in paths]


@pytest.mark.parametrize(
    "make", [os.mkdir, lambda path: open(path, "w", encoding="utf-8").close()], ids=["folder", "file"]
)
def test_without_leave_what_comes_at_the_last_moment_stays(tmp_path, monkeypatch, make):
    """Between the look and the renaming; what the system calls do then decides."""
    path = tmp_path / "a"
    monkeypatch.setattr(os.path, "lexists", lambda _: False)
    with pytest.raises(FileExistsError), replacing(path, overwrite=False) as beside:
        make(beside)
        path.write_text("another's")
    assert path.read_text() == "another's" and os.listdir(tmp_path) == ["a"]


def test_without_second_names_it_is_as_safe(tmp_path, monkeypatch):
    def no_links(*_, **__):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    for text in ("first", "second"):
        with contextlib.suppress(FileExistsError), replacing(tmp_path / "a", overwrite=False) as beside:
            Path(beside).write_text(text, encoding="utf-8")
    assert (tmp_path / "a").read_text() == "first" and os.listdir(tmp_path) == ["a"]


KILLED = """import os, signal, sys
from dlss_tf.formats.replacing import replacing
with replacing(sys.argv[1]) as beside:
    os.mkdir(beside)
    open(os.path.join(beside, "chunk"), "w").close()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_kill_leaves_is_cleared_but_no_living_writers(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path / "a.zspy"])
    assert len(os.listdir(tmp_path)) == 2  # the folder, and its lock
    for name in (".mine.part.tif", ".0123456789abcdef.tif", "notes.part"):
        (tmp_path / name).touch()
    with replacing(tmp_path / "b.tif") as beside:
        open(beside, "w", encoding="utf-8").close()
        clear(str(tmp_path))
        assert os.path.exists(beside)
    assert sorted(os.listdir(tmp_path)) == [".0123456789abcdef.tif", ".mine.part.tif", "b.tif", "notes.part"]
    clear(str(tmp_path / "none"))


def test_what_was_killed_between_two_renames_is_kept(tmp_path):
    for name in (".0123456789abcdef.part.zspy", ".0123456789abcdef.part.zspy.old"):
        (tmp_path / name).mkdir()
    clear(str(tmp_path))
    assert len(os.listdir(tmp_path)) == 2


def test_sets_do_not_mix(tmp_path):
    """Two writers of the same pair: what stands there at any end is of one of them."""
    paths, barrier = [tmp_path / "a", tmp_path / "b"], threading.Barrier(4)

    def write(number):
        barrier.wait()
        for _ in range(10):
            with replacing_all(paths) as besides:
                for beside in besides:
                    with open(beside, "w", encoding="utf-8") as file:
                        file.write(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paths[0].read_text() == paths[1].read_text() and sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_all_is_on_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: done.append(os.readlink(f"/proc/self/fd/{file}")) or fsync(file))
    monkeypatch.setattr(os, "replace", lambda *paths: done.append("renamed") or replace(*paths))
    with replacing(tmp_path / "a") as beside:
        os.mkdir(beside)
        open(os.path.join(beside, "chunk"), "w", encoding="utf-8").close()
    assert done == [os.path.join(beside, "chunk"), beside, "renamed", str(tmp_path)]


class Held:
    """A renaming as Windows does it while another program has the file open, for so many tries."""

    def __init__(self, monkeypatch, name, tries):
        self.tries, self.rename = tries, getattr(os, name)
        monkeypatch.setattr(replacing_module, "WINDOWS", True)
        monkeypatch.setattr(replacing_module, "_WAIT", 0.001)
        monkeypatch.setattr(os, name, self)

    def __call__(self, source, target):
        self.tries -= 1
        if self.tries >= 0:
            raise PermissionError(errno.EACCES, "Access is denied", source, 5, target)
        self.rename(source, target)


@pytest.mark.parametrize("overwrite", [True, False])
def test_windows_renames_once_others_have_let_go(tmp_path, monkeypatch, overwrite):
    held = Held(monkeypatch, "replace" if overwrite else "rename", 3)
    with replacing(tmp_path / "a.tif", overwrite) as beside:
        Path(beside).write_text("new", encoding="utf-8")
    assert held.tries == -1 and (tmp_path / "a.tif").read_text() == "new" and os.listdir(tmp_path) == ["a.tif"]


def test_what_stays_open_on_windows_is_told_and_nothing_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(replacing_module, "PATIENCE", 0.01)
    Held(monkeypatch, "replace", 10**6)
    (tmp_path / "a.tif").write_text("old")
    denied = pytest.raises(PermissionError, match="Access is denied; another program has it open")
    with denied as raised, replacing(tmp_path / "a.tif") as beside:
        Path(beside).touch()
    assert raised.value.filename == str(tmp_path / "a.tif")
    assert (tmp_path / "a.tif").read_text() == "old" and os.listdir(tmp_path) == ["a.tif"]


def test_elsewhere_a_refused_renaming_is_not_tried_again(tmp_path, monkeypatch):
    held = Held(monkeypatch, "replace", 1)
    monkeypatch.setattr(replacing_module, "WINDOWS", False)
    with (
        pytest.raises(PermissionError, match="Access is denied$|Access is denied:"),
        replacing(tmp_path / "a") as beside,
    ):
        Path(beside).touch()
    assert held.tries == 0


def test_a_system_without_second_names(tmp_path, monkeypatch):
    """macOS' and Windows' Python may refuse `follow_symlinks` rather than the link."""

    def link(*_, **__):
        raise NotImplementedError("follow_symlinks unavailable on this platform")

    monkeypatch.setattr(os, "link", link)
    (tmp_path / "a").write_text("old")
    for overwrite, names in ((False, ["b", "c"]), (True, ["a", "b"])):
        with replacing_all([tmp_path / name for name in names], overwrite) as besides:
            for beside in besides:
                Path(beside).write_text("new", encoding="utf-8")
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]
    assert {path.read_text() for path in tmp_path.iterdir()} == {"new"}
