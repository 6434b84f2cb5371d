import os
import signal
import subprocess
import sys

import pytest


def test_watch_from_the_first_scan_to_ctrl_c(save, tmp_path):
    """As a user sees it: a scan that is there before is left alone, one that arrives is done, Ctrl-C ends it."""
    save(tmp_path / "old.npy", 8, 8)
    command = [sys.executable, "-m", "dlss_tf.cli", "watch", str(tmp_path), "--factor", "4"]
    # Where these tests run in the background a shell has switched Ctrl-C off, and a child inherits that.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(
        command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), **pipes
    ) as watching:
        try:
            assert "watching" in watching.stdout.readline()
            save(tmp_path / "new.npy", 8, 8)
            assert "new.npy -> " in watching.stdout.readline()
            watching.send_signal(signal.SIGINT)
            assert watching.wait(30) == 130
        finally:
            watching.kill()
        assert watching.stderr.read() == "dlss-tf: interrupted\n"
    assert os.listdir(tmp_path / "supersampled") == ["new-x4.tif"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["watch", "{}/none", "--factor", "4"], "none: expected a folder to watch, found nothing"),
        (
            ["watch", "{}", "--factor", "4", "--plain", "--ensemble"],
            "--ensemble: expected none with --plain",
        ),
        (["watch", "{}/a.npy", "--factor", "4"], "a.npy: expected a folder to watch, found a file"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)
