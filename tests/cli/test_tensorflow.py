import os

from dlss_tf.cli import tensorflow


def test_native_code_is_silent_meanwhile(capfd):
    with tensorflow._silent_stderr():
        os.write(2, b"an announcement")
    os.write(2, b"a message")
    assert capfd.readouterr().err == "a message"
