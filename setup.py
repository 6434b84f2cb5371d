"""Package metadata. Environment markers choose the stack: Addons has none for Python 3.12, Windows, or Linux on ARM."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "dlss_tf" / "_version.py").read_text("utf-8")).group(1)
_PICTURE = re.compile(r"!\[[^\]]*\]\((?!https:)[^)]*\)\n\n(?:\*[^*]+\*\n\n)?")  # and its caption
_LINK = re.compile(r"\[([^\]]*)\]\((?!https:|#)[^)]*\)")


def readme():
    """README without pictures and links to other pages, which are in the repository alone."""
    return _LINK.sub(r"\1", _PICTURE.sub("", (HERE / "README.md").read_text("utf-8")))


#: Where Addons has wheels; Windows calls the same machines AMD64.
ADDONS = "(platform_machine == 'x86_64' or platform_system == 'Darwin')"
ONNX = [
    "onnxruntime>=1.17",
    "onnx>=1.16,<1.19; python_version < '3.12'",  # TensorFlow 2.15 needs an older ml_dtypes
    "onnx>=1.16; python_version >= '3.12'",
]
EXTRAS = {
    "onnx": ONNX,
    "eval": ["opencv-python-headless", "scikit-image", "scipy", "PyWavelets", "matplotlib"],
    "serve": [
        "fastapi>=0.115",
        "uvicorn>=0.30",
        "orjson",
        "prometheus-client",
        "tensorflow-serving-api==2.15.*; python_version < '3.12'",
        "tensorflow-serving-api>=2.18; python_version >= '3.12'",
    ],
    "codecs": ["imagecodecs"],
    "columns": ["trackpy"],
    "files": ["rosettasciio[hdf5,zspy,eds-stream]", "mrcfile", "pillow"],
    "lazy": ["dask[array]>=2024.12", "distributed>=2024.12", "zarr>=2.18"],
    "hyperspy": ["hyperspy>=2"],
    "napari": ["napari[all]"],
    # core 0.11 wants a bioimageio.spec that pydantic 2.14 breaks
    "bioimageio": ["bioimageio.core>=0.11", "pydantic<2.14", "pillow"],
    "docs": ["mkdocs>=1.6", "mkdocs-material>=9.5", "mkdocstrings[python]>=0.27"],
    "gpu": [
        "tensorflow[and-cuda]==2.15.*; python_version < '3.12'",
        "tensorflow[and-cuda]>=2.18; python_version >= '3.12'",
    ],
}
EXTRAS["all"] = [
    *ONNX,
    *EXTRAS["eval"],
    *EXTRAS["serve"],
    *EXTRAS["codecs"],
    *EXTRAS["columns"],
    *EXTRAS["files"],
    *EXTRAS["lazy"],
    *EXTRAS["hyperspy"],
]
EXTRAS["dev"] = [
    *EXTRAS["all"],
    *EXTRAS["docs"],
    *("bioimageio.spec>=0.5.14", "mypy>=2,<3", "npe2", "pytest", "pytest-xdist", "ruff"),
    *(
        "ipykernel",
        "nbclient",
        "aiohttp",
        "axe-playwright-python",
        "httpx",
        "playwright",
        "schemathesis",
        "tritonclient[http]",
    ),
]

#: What light/setup.py takes over, too.
ARGUMENTS = {
    "name": "dlss_tf",
    "version": VERSION,
    "description": "Deep learning supersampled scanning transmission electron microscopy in TensorFlow 2",
    "long_description": readme(),
    "long_description_content_type": "text/markdown",
    "author": "The dlss_tf authors",
    "license_expression": "MIT",
    "license_files": ["LICENSE"],
    "keywords": "STEM, electron microscopy, compressed sensing, supersampling, deep learning",
    "classifiers": [
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Framework :: napari",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",  # docs/platforms.md says what was done for others
        *(f"Programming Language :: Python :: 3.{minor}" for minor in (10, 11, 12, 13)),
        "Topic :: Scientific/Engineering :: Image Processing",
        "Topic :: Scientific/Engineering :: Physics",
        "Typing :: Typed",
    ],
    "project_urls": {"Paper": "https://arxiv.org/abs/1910.10467"},
    "packages": [*find_packages(str(HERE), include=["dlss_tf", "dlss_tf.*"]), "dlss_tf.checkpoints"],
    "package_dir": {"dlss_tf.checkpoints": "checkpoints"},  # so that the wheel holds what a checkout has beside it
    "package_data": {
        "dlss_tf": ["py.typed"],
        "dlss_tf.checkpoints": ["*.md", "*/*.md", "*/config.json", "*/weights/*.npz"],
        "dlss_tf.interfaces.napari": ["napari.yaml", "napari_light.yaml"],
        "dlss_tf.simulation": ["demo.tif"],
        "dlss_tf.serving": ["static/*"],
    },
    "python_requires": ">=3.10",
    "install_requires": [
        "tensorflow==2.15.*; python_version < '3.12'",
        f"tensorflow-addons==0.23.*; python_version < '3.12' and {ADDONS}",
        "tensorflow>=2.18; python_version >= '3.12'",
        "tensorboard",
        "numpy",
        "tifffile",
        "absl-py",
    ],
    "extras_require": EXTRAS,
    "entry_points": {
        "console_scripts": ["dlss-tf = dlss_tf.cli:main"],
        "napari.manifest": ["dlss_tf = dlss_tf.interfaces.napari:napari.yaml"],
    },
}

if __name__ == "__main__":
    setup(**ARGUMENTS)
