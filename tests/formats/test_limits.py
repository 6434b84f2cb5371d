import os
import signal
import subprocess
import sys
import time

import pytest

from dlss_tf.formats import limits

HASH = "import hashlib; hashlib.pbkdf2_hmac('sha1', b'', b'', 10**9)"  # native code that heeds no signal

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limits are Linux'")


def test_what_a_file_may_take_grows_with_it_up_to_a_share_of_the_machine(monkeypatch):
    monkeypatch.setattr(limits, "machine", lambda: 10**10)
    assert limits.memory(0) == limits.MEMORY and limits.memory(10**6) == limits.MEMORY + 10**8
    assert limits.memory(10**12) == 5 * 10**9
    assert limits.processor_time(0) == limits.PROCESSOR_TIME < limits.processor_time(10**8)


def test_a_container_may_have_less_than_its_machine(tmp_path, monkeypatch):
    (tmp_path / "max").write_text("max\n")
    monkeypatch.setattr(limits, "_GROUPS", (str(tmp_path / "none"), str(tmp_path / "max")))
    whole = limits.machine()
    assert 2**26 < whole < 2**62
    (tmp_path / "max").write_text("4096000\n")
    assert limits.machine() == 4096000


def python(code, **options):
    return subprocess.Popen([sys.executable, "-c", f"from dlss_tf.formats import limits\n{code}"], **options)


@linux
def test_work_without_end_ends():
    code = f"limits.PROCESSOR_TIME = 0.2\nwith limits.held_to(0): {HASH}"
    assert python(code).wait(60) == -signal.SIGPROF


@linux
def test_memory_beyond_the_limit_is_refused_and_the_limit_lifted_again():
    code = """limits.MEMORY = 2**26
with limits.held_to(0):
    try: bytes(2**27)
    except MemoryError: print("refused")
print(len(bytes(2**27)))"""
    out, _ = python(code, stdout=subprocess.PIPE, text=True).communicate(timeout=60)
    assert out.split() == ["refused", str(2**27)]


@pytest.mark.skipif(os.name != "posix", reason="there are no such pipes")
@pytest.mark.parametrize("work", [pytest.param(HASH, marks=linux), "import time; time.sleep(60)"])
def test_a_process_ends_with_the_other_end_of_its_pipe(work):
    life, other = os.pipe()
    process = python(f"limits.end_with({life}); print('on', flush=True); {work}", pass_fds=[life], stdout=-1)
    os.close(life)
    try:
        assert process.stdout.readline() == b"on\n"
        time.sleep(0.05)
        assert process.poll() is None
        os.close(other)
        process.wait(30)
    finally:
        process.kill()
        process.stdout.close()
