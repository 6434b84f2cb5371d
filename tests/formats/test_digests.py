import hashlib
import subprocess
import threading

import pytest

from dlss_tf.formats import digests


def test_of_a_file_as_sha256sum_prints_it(tmp_path):
    content = bytes(range(256)) * 10_000
    (tmp_path / "a").write_bytes(content)
    assert digests.of_file(str(tmp_path / "a")) == hashlib.sha256(content).hexdigest()
    with pytest.raises(OSError, match="No such file"):
        digests.of_file(str(tmp_path / "b"))


def test_of_a_folder_as_a_shell_finds_it(tmp_path):
    (tmp_path / "0").mkdir()
    for name in (".zattrs", "0/.zarray", "0/0.0", "1"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("1")
    command = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert digests.of_file(str(tmp_path)) == done.stdout.split()[0]


def test_beside_other_work(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    with digests.beside(str(tmp_path / "a")) as digest:
        assert digest() == digest() == hashlib.sha256(b"a").hexdigest()
    with digests.beside(str(tmp_path / "none")) as digest:
        assert digest() is None
    with digests.beside("/dev/null") as digest:
        assert digest() is None


def test_it_ends_when_the_work_does(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(bytes(10))
    read, go = [], threading.Event()

    def endless(path, stop):
        go.wait(10)
        while not stop.is_set():
            read.append(path)
        return "of no use"

    monkeypatch.setattr(digests, "of_file", endless)
    with pytest.raises(ValueError, match="stopped"), digests.beside(str(tmp_path / "a")):
        go.set()
        raise ValueError("stopped")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("digest")]


def test_of_a_folder_the_same_on_windows(tmp_path, monkeypatch):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / ".zarray").write_text("{}")
    expected = digests.of_file(str(tmp_path))
    relative = digests.os.path.relpath
    monkeypatch.setattr(digests.os, "sep", "\\")
    monkeypatch.setattr(digests.os.path, "relpath", lambda *given: relative(*given).replace("/", "\\"))
    assert digests.of_file(str(tmp_path)) == expected
