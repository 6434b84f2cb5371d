"""The distribution dlss_tf_light: the same package on ONNX Runtime, without TensorFlow (docs/light.md).

An extra cannot take a requirement away, so that it is a distribution of its own; an environment has one of the two.
"""

import runpy
import shutil
from pathlib import Path

from setuptools import setup

ABOVE = Path(__file__).resolve().parent.parent
FULL = runpy.run_path(str(ABOVE / "setup.py"))
NEEDS_TENSORFLOW = ("gpu", "dev")
shutil.copyfile(ABOVE / "LICENSE", Path(__file__).with_name("LICENSE"))  # which a wheel takes from beside setup.py


def without_tensorflow(requirements: list) -> list:
    return [each for each in requirements if not each.startswith(("tensorflow", "tensorboard"))]


extras = {name: without_tensorflow(each) for name, each in FULL["EXTRAS"].items() if name not in NEEDS_TENSORFLOW}
setup(
    **{
        **FULL["ARGUMENTS"],
        "name": "dlss_tf_light",
        "package_dir": {"dlss_tf": "../dlss_tf", "dlss_tf.checkpoints": "../checkpoints"},
        "install_requires": [*without_tensorflow(FULL["ARGUMENTS"]["install_requires"]), *FULL["ONNX"]],
        "extras_require": extras,
    }
)
