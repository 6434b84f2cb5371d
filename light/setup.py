"""The distribution dlss_tf_light: the same package on ONNX Runtime, without TensorFlow (docs/light.md).

An extra cannot take a requirement away, so that it is a distribution of its own; an environment has one of the two.
"""

import os
import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
UNPACKED = (HERE / "whole.py").exists()  # an sdist, which has beside it what is a folder up in a checkout
UP = "." if UNPACKED else os.pardir
FULL = runpy.run_path(str(HERE / "whole.py" if UNPACKED else HERE.parent / "setup.py"))
OF_TENSORFLOW = ("tensorflow", "tensorboard")
ONNX = ["onnxruntime>=1.17", "onnx>=1.16"]
LARGE = {"rosettasciio[hdf5,zspy,eds-stream]": "rosettasciio[hdf5]"}  # 250 MB more, for zspy and Velox's EDS

extras = {
    name: [LARGE.get(each, each) for each in requirements if not each.startswith(OF_TENSORFLOW)]
    for name, requirements in FULL["EXTRAS"].items()
    if name in ("eval", "serve", "codecs", "files", "lazy", "hyperspy", "napari", "bioimageio")
}
required = [each for each in FULL["ARGUMENTS"]["install_requires"] if not each.startswith(OF_TENSORFLOW)]
points = {  # napari takes a manifest only under the distribution's own name
    **FULL["ARGUMENTS"]["entry_points"],
    "napari.manifest": ["dlss_tf_light = dlss_tf.interfaces.napari:napari_light.yaml"],
}


class Sdist(sdist):
    """With the files of the folder above, as if they were in this one."""

    def make_release_tree(self, base_dir, files):
        above = [each for each in files if each.startswith(os.pardir)]
        super().make_release_tree(base_dir, [each for each in files if each not in above])
        targets = {each: os.path.join(base_dir, os.path.relpath(each, os.pardir)) for each in above}
        targets |= {"../README.md": f"{base_dir}/README.md", "../setup.py": f"{base_dir}/whole.py"}
        for source, target in targets.items():
            self.mkpath(os.path.dirname(target))
            self.copy_file(source, target)


ARGUMENTS = {
    **FULL["ARGUMENTS"],
    "name": "dlss_tf_light",
    "package_dir": {"dlss_tf": f"{UP}/dlss_tf", "dlss_tf.checkpoints": f"{UP}/checkpoints"},
    "install_requires": [*required, *ONNX],
    "extras_require": extras,
    "entry_points": points,
    "cmdclass": {} if UNPACKED else {"sdist": Sdist},
}

if __name__ == "__main__":
    if not UNPACKED:
        shutil.copyfile(HERE.parent / "LICENSE", HERE / "LICENSE")  # which a wheel takes from beside setup.py
    setup(**ARGUMENTS)
