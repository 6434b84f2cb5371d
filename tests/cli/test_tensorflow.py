import logging
import os

from dlss_tf.cli import tensorflow


def test_native_code_is_silent_meanwhile(capfd):
    with tensorflow._silent_stderr():
        os.write(2, b"an announcement")
    os.write(2, b"a message")
    assert capfd.readouterr().err == "a message"


def test_on_one_device_there_are_no_replicas():
    assert tensorflow.start_tensorflow("mirrored") is None


def test_images_of_many_sizes_are_no_reason_to_warn(monkeypatch):
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "level", logging.WARNING)
    tensorflow.start_tensorflow()
    assert not logger.isEnabledFor(logging.WARNING) and logger.isEnabledFor(logging.ERROR)
