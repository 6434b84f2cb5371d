import os

import numpy as np
from PIL import Image

from dlss_tf.evaluation.curves import write_curves


def test_writes_a_png_and_nothing_else(tmp_path):
    x = np.linspace(0.01, 0.5, 50)
    write_curves(str(tmp_path / "a.png"), x, {"falls": x**-2, "constant": np.ones(50)}, "frequency", "power")
    assert os.listdir(tmp_path) == ["a.png"]
    image = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
    assert image.shape == (600, 900) and (image < 128).any()
