import subprocess

import numpy as np

from dlss_tf.interfaces.napari import compute, process


def test_other_process_does_not_outlive_who_waits_for_it(python, files):
    np.save(files / process.SCAN, np.zeros((4, 4), np.float32))
    (files / process.REQUEST).write_text(compute.Request(factor=5).to_json())
    command = [python, "-m", "dlss_tf.interfaces.napari.remote"]
    there = subprocess.Popen(command, cwd=files, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    there.communicate(timeout=60)  # closes stdin
    assert there.returncode == 1
    assert not files.exists()


def test_removes_nothing_from_a_folder_that_is_not_its_own(python, tmp_path):
    (tmp_path / process.SCAN).touch()
    there = subprocess.run(
        [python, "-m", "dlss_tf.interfaces.napari.remote"], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True
    )
    assert there.returncode == 1
    assert (tmp_path / process.SCAN).exists()
