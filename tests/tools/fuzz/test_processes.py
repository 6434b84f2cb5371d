import os
import subprocess
import sys
import time

from tools.fuzz import processes


def start(code):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


def test_a_process_its_family_and_its_end():
    with start("import subprocess; subprocess.run(['sleep', '100'], check=False)") as child:
        while len(family := processes.family(child.pid)) < 2:
            time.sleep(0.01)
        assert family[0] == child.pid
        assert not processes.ended(child.pid, 0)
        for each in family:
            processes.kill(each, 9)
        assert processes.ended(child.pid, 10)


def test_work_and_sleep():
    with start("while True: pass") as busy, start("print(flush=True); input()") as idle:
        idle.stdout.read(1)
        while processes.work([busy.pid]) < 0.1:
            time.sleep(0.01)
        while not processes.asleep([idle.pid]):
            time.sleep(0.01)
        assert not processes.asleep([busy.pid, idle.pid])
        for each in (busy, idle):
            each.kill()


def test_the_peak_of_memory_and_its_beginning():
    """Of a process of its own, in which nothing else allocates meanwhile."""
    command = [sys.executable, "-c", "held = b'1' * 40_000_000; del held; print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.stdout.readline()
        most = processes.peak(child.pid)
        processes.forget_peak(child.pid)
        left = processes.peak(child.pid)
        child.communicate("\n")
    assert 0 < left < most - 30_000_000
    assert processes.peak(2**22 + 1) == 0 and processes.work([2**22 + 1]) == 0


def test_open_files_below_a_folder(tmp_path):
    (tmp_path / "inner").mkdir()
    with open(tmp_path / "inner" / "a", "w", encoding="utf-8"):
        assert processes.open_below(str(tmp_path), os.getpid()) == ["inner/a"]
    assert processes.open_below(str(tmp_path), os.getpid()) == []


def test_orphans_are_adopted_and_ended():
    mine = processes.adopt()
    code = "import subprocess; subprocess.Popen(['sleep', '{}'])"
    subprocess.run([sys.executable, "-c", code.format(100)], check=True)
    assert processes.end_orphans(mine, 0.05) == 1
    subprocess.run([sys.executable, "-c", code.format(0)], check=True)
    assert processes.end_orphans(mine, 30) == 0
    assert processes.adopt() == mine
