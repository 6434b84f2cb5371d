"""The distribution dlss_tf_light: the same package on ONNX Runtime, without TensorFlow (docs/light.md).

An extra cannot take a requirement away, so that it is a distribution of its own; an environment has one of the two.
"""

import runpy
import shutil
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent
FULL = runpy.run_path(str(HERE.parent / "setup.py"))
OF_TENSORFLOW = ("tensorflow", "tensorboard")
ONNX = ["onnxruntime>=1.17", "onnx>=1.16"]
LARGE = {"rosettasciio[hdf5,zspy,eds-stream]": "rosettasciio[hdf5]"}  # 250 MB more, for zspy and Velox's EDS

extras = {
    name: [LARGE.get(each, each) for each in requirements if not each.startswith(OF_TENSORFLOW)]
    for name, requirements in FULL["EXTRAS"].items()
    if name in ("eval", "serve", "codecs", "files", "lazy", "hyperspy", "napari")
}
required = [each for each in FULL["ARGUMENTS"]["install_requires"] if not each.startswith(OF_TENSORFLOW)]
points = {  # napari takes a manifest only under the distribution's own name
    **FULL["ARGUMENTS"]["entry_points"],
    "napari.manifest": ["dlss_tf_light = dlss_tf.interfaces.napari:napari_light.yaml"],
}
shutil.copyfile(HERE.parent / "LICENSE", HERE / "LICENSE")  # which a wheel takes from beside setup.py
setup(
    **{
        **FULL["ARGUMENTS"],
        "name": "dlss_tf_light",
        "package_dir": {"dlss_tf": "../dlss_tf", "dlss_tf.checkpoints": "../checkpoints"},
        "install_requires": [*required, *ONNX],
        "extras_require": extras,
        "entry_points": points,
    }
)
