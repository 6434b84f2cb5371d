import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from formats.hyperspy_files import make_endless

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import asking, processes, python_process

posix = pytest.mark.skipif(os.name != "posix", reason="signals and forks are POSIX'")


@pytest.fixture
def png(tmp_path, image):
    path = str(tmp_path / "image.png")
    micrograph.write(path, image)
    return path


@pytest.fixture
def endless(tmp_path, image):
    pytest.importorskip("rsciio")
    path = tmp_path / "endless.hspy"
    micrograph.write(str(path), image)
    make_endless(path)
    return str(path)


def pids():
    return {process.python.pid for process in processes._all}


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


def test_one_process_reads_file_after_file_and_leaves_nothing_open(png, monkeypatch):
    monkeypatch.setattr(processes, "ANSWERS", 10**9)  # of which other tests may have had nearly all
    expected = micrograph.read(png).data
    before = pids(), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(20):
        np.testing.assert_array_equal(micrograph.read(png).data, expected)
    assert before == (pids(), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0)


def test_arrays_in_memory_and_plain_numbers_need_none(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "answers", None)
    np.save(tmp_path / "a.npy", np.eye(20))
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "a.npy")).data, np.eye(20))


def test_what_does_not_end_is_ended_and_the_next_file_is_read(png, endless, monkeypatch):
    micrograph.read(png)
    monkeypatch.setattr(asking, "LONGEST_READ", 0.3)
    with pytest.raises(InputError, match=r"endless\.hspy: .*damaged file \(reading it has no end in 0\.\d+ s\)$"):
        micrograph.read(endless)
    monkeypatch.undo()
    assert micrograph.read(png).data.shape == (20, 24)


@posix
def test_a_crash_is_a_damaged_file(png, endless):
    micrograph.read(png)
    (process,) = processes._pool.idle[-1:]

    def crash():
        time.sleep(0.5)
        os.kill(process.python.pid, signal.SIGSEGV)

    threading.Thread(target=crash).start()
    with pytest.raises(InputError, match=r"endless\.hspy: .* found a damaged file \(reading it crashes: SIGSEGV\)$"):
        micrograph.read(endless)
    assert gone(process.python.pid) and micrograph.read(png).data.shape == (20, 24)


@posix
def test_one_that_was_ended_while_it_waited_is_replaced(png):
    micrograph.read(png)
    for pid in pids():
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not any(process.python.lives for process in processes._all))
    assert micrograph.read(png).data.shape == (20, 24)


def test_it_makes_room_for_another_after_so_many_files(png, monkeypatch):
    micrograph.read(png)
    before = pids()
    monkeypatch.setattr(processes, "ANSWERS", 1)
    micrograph.read(png)
    assert len(pids() & before) == len(before) - 1


def test_threads_have_their_own_and_not_too_many(png):
    found = []
    threads = [threading.Thread(target=lambda: found.append(micrograph.read(png).data.shape)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(20, 24)] * 8 and len(pids()) <= processes.MOST


@posix
def test_a_fork_has_its_own(png):
    micrograph.read(png)
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:  # no assertion reaches pytest from here
        before = pids() or "none"
        os.write(writing, f"{before} {micrograph.read(png).data.shape}".encode())
        processes._end_all()
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as file:
        assert file.read() == "none (20, 24)"
    assert micrograph.read(png).data.shape == (20, 24)


SCRIPT = """
import sys
print("run")
from dlss_tf import read
from dlss_tf.formats import processes, python_process
print(read(sys.argv[1]).data.shape, *(process.python.pid for process in processes._all), flush=True)
if sys.argv[2:]:
    read(sys.argv[2])
"""


def script(tmp_path, *arguments):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "here").mkdir()
    for module in ("numpy", "signal", "tifffile", "PIL", "json"):  # that lie where the user happens to be
        (tmp_path / "here" / f"{module}.py").write_text("print('mine'); raise SystemExit")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(processes.__file__))))
    environment = {**os.environ, "PYTHONPATH": root}
    command = [sys.executable, str(tmp_path / "script.py"), *arguments]
    # In the background of a shell, where tests may run, SIGINT is ignored.
    heard = (lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) if os.name == "posix" else None
    return subprocess.Popen(command, cwd=tmp_path / "here", env=environment, stdout=-1, text=True, preexec_fn=heard)


def test_a_script_without_a_guard_runs_once_wherever_it_is_called(tmp_path, png):
    process = script(tmp_path, png)
    out, _ = process.communicate(timeout=120)
    first, line = out.splitlines()
    assert first == "run" and line.startswith("(20, 24) ") and process.returncode == 0
    assert gone(int(line.split()[-1]))


@posix
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_none_outlives_who_started_it(tmp_path, png, endless, end):
    process = script(tmp_path, png, endless)
    assert process.stdout.readline() == "run\n"
    child = int(process.stdout.readline().split()[-1])
    time.sleep(0.5)  # it reads what has no end by now
    process.send_signal(end)
    assert process.wait(60) == (-end if end == signal.SIGKILL else -signal.SIGINT)
    process.stdout.close()
    assert wait_until(lambda: gone(child), 3)


def test_a_python_that_does_not_start_is_a_sentence(png, monkeypatch):
    monkeypatch.setattr(processes, "_pool", processes._Pool())
    monkeypatch.setattr(python_process, "python", lambda: "/no/such/python")
    with pytest.raises(InputError, match=r"image\.png: .* found that Python does not start: No such file"):
        micrograph.read(png)
    monkeypatch.setattr(python_process, "python", lambda: "/bin/false")
    with pytest.raises(InputError, match=r"image\.png: expected a process .*, found that /bin/false gives none"):
        micrograph.read(png)


def test_one_may_prepare_itself_early(png, monkeypatch):
    monkeypatch.setattr(processes, "_pool", processes._Pool())
    micrograph.prepare([png, "scan.npy"])
    (process,) = processes._pool.idle
    micrograph.prepare([png])
    assert processes._pool.idle == [process] and micrograph.read(png).data.shape == (20, 24)
    assert processes._pool.idle == [process]
    process.end()
    micrograph.prepare(["scan.npy", "scan.txt"])
    assert processes._pool.idle == [process]


def test_what_ends_a_process_has_a_name():
    assert processes.ended_by(-11) == "SIGSEGV" and processes.ended_by(-55) == "signal 55"
    assert processes.ended_by(0xC0000005) == "0xc0000005"  # Windows' access violation
    assert processes.ended_by(0) == processes.ended_by(3) == ""
