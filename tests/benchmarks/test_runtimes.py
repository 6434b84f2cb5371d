import numpy as np

from benchmarks import runtimes


def test_all_passes_are_of_the_same_images():
    made = [runtimes.a_pass(mode, 1)() for mode in runtimes.PASSES[:2]]
    assert runtimes.PASSES[:2] == ("runtime-onnx", "runtime-tensorflow") and made[0].shape == (1, 512, 512, 1)
    np.testing.assert_allclose(*made, atol=1e-5)


def test_a_command_makes_an_image(tmp_path):
    assert runtimes.a_command("command-onnx", str(tmp_path))().returncode == 0
    assert (tmp_path / "scan-x5.tif").exists()
