"""What several tests need: a tiny data set in the STEM Crops layout and a tiny trained run."""

import fcntl
import functools
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import dlss_tf  # noqa: F401  before TensorFlow, whose environment it sets
from dlss_tf.inference.runtimes import NEEDED

# Tests compile a network to see that it can be, not to run it fast; and a test process has a core to itself, where
# threads that wait for work on tiny networks would take half of it.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

#: Folders and files whose tests need not be repeated on a second stack, `-m "not once"`: documentation, what does
#: without TensorFlow, and programs that have it only by way of what is tested on both.
ONCE = (
    "docs",
    *("formats", "simulation", "test_config.py", "test_lattice.py", "test_layout.py", "test_micrograph.py"),
    *("test_coverages.py", "test_platforms.py", "test_shell.py"),
    *("test_progress.py", "test_errors.py", "test_software.py", "data/test_files.py"),
    "interfaces/napari/test_manifest.py",
    *(f"interfaces/test_{name}.py" for name in ("again", "files", "inputs", "origins", "outputs", "preview")),
    *(f"data/prepare/test_{name}.py" for name in ("cuts", "cutting", "dataset", "index", "looks", "record", "report")),
    *("data/prepare/test_sheet.py", "data/prepare/test_splits.py", "data/prepare/test_worth.py", "cli/test_prepare.py"),
    "interfaces/test_specimens.py",
    *("benchmarks", "clients", "deploy", "experiments", "tools"),
    *(f"cli/test_{name}.py" for name in ("batch", "downsample", "exits", "options", "serve", "simulate")),
    *(f"serving/test_{name}.py" for name in ("app", "batches", "bodies", "client", "contract", "depths", "events")),
    *(f"serving/test_{name}.py" for name in ("forward", "guard", "json_tensors", "kept", "live", "logs", "metrics")),
    *(f"serving/test_{name}.py" for name in ("page", "page_browser", "remote", "server", "service", "settings")),
    *("serving/test_idle.py", "serving/test_uploads.py", "interfaces/test_arrivals.py", "interfaces/test_results.py"),
    *(f"evaluation/test_{name}.py" for name in ("curves", "interpolation", "metrics", "sheet", "spectra")),
    *(f"inference/test_{name}.py" for name in ("defects", "ensemble", "lazy_plan", "outliers", "tiles")),
)

TINY = {"size": 64, "width": 0.05, "batch": 2, "iterations": 16, "checkpoint_minutes": 1000.0}


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        path = item.path.relative_to(here).as_posix()
        if path in ONCE or path.split("/")[0] in ONCE:
            item.add_marker("once")
    # The longest first, so that the processes of a test run end together.
    items.sort(key=lambda item: item.path.parent.name != "training")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory, worker_id):
    """`shared_folder(name, make)`: path of a folder that `make(path)` makes once for all processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    root = base if worker_id == "master" else base.parent

    def get(name, make):
        path = str(root / name)
        with open(f"{path}.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(path):
                try:
                    make(path)
                except BaseException:
                    shutil.rmtree(path, ignore_errors=True)
                    raise
        return path

    return get


@pytest.fixture(scope="session", autouse=True)
def built_once():
    """A supersampler of weights that are as they were is not built and traced again in every test."""
    if "dlss_tf.inference.supersampler" not in sys.modules:  # no test is to load TensorFlow for this
        yield
        return
    from dlss_tf import weights
    from dlss_tf.errors import InputError
    from dlss_tf.inference.supersampler import Supersampler

    build = Supersampler.__init__

    @functools.lru_cache(maxsize=8)
    def built(weights_or_name, tile, runtime, *_):
        supersampler = object.__new__(Supersampler)
        build(supersampler, weights_or_name, tile, runtime)
        return vars(supersampler)

    def build_once(self, weights_or_name=None, tile=1024, runtime=None):
        try:
            folder = os.path.realpath(weights.find(weights_or_name))
            files = [os.stat(os.path.join(folder, name)) for name in ("config.json", weights.FILE)]
        except (InputError, OSError):
            return build(self, weights_or_name, tile, runtime)
        written = [(file.st_ino, file.st_mtime_ns, file.st_size) for file in files]
        vars(self).update(built(weights_or_name, tile, runtime, weights.PRETRAINED, folder, *written))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Supersampler, "__init__", build_once)
        yield


@pytest.fixture(scope="session")
def tiny_data(shared_folder):
    """Root of a data set of simulated 64x64 crops."""
    from dlss_tf.simulation.dataset import simulate_dataset

    counts = {"train": 12, "val": 4, "test": 3}
    return shared_folder("tiny-data", lambda root: simulate_dataset(root, counts, size=64, seed=1, processes=1))


@pytest.fixture(scope="session")
def tiny_config(tiny_data):
    from dlss_tf.config import PRESETS

    return PRESETS["quick"].replace(data=(tiny_data,), **TINY)


def _train(config, run):
    from dlss_tf.training.trainer import train

    assert train(config, run) == "complete"


@pytest.fixture(scope="session")
def tiny_run(tiny_config, shared_folder):
    """Run directory of a tiny generator after 16 iterations, to be read alone."""
    return shared_folder("tiny-run", lambda run: _train(tiny_config, run))


@pytest.fixture(scope="session")
def short_run(tiny_config, shared_folder):
    """As `tiny_run`, of a network of few layers."""
    from shallow import shallow

    def make(run):
        with pytest.MonkeyPatch.context() as patch:
            shallow(patch)
            _train(tiny_config, run)

    return shared_folder("tiny-run-of-few-layers", make)


@pytest.fixture(scope="session")
def tiny_one_stage_run(tiny_config, shared_folder):
    """Run directory of a tiny one-stage generator for factor 5 after 16 iterations, to be read alone."""
    from dlss_tf.config import preset

    config = preset("quick", "one-stage").replace(data=tiny_config.data, **TINY)
    return shared_folder("tiny-one-stage-run", lambda run: _train(config, run))


@pytest.fixture(scope="session")
def tiny_scan_grid_run(tiny_config, shared_folder):
    """Run directory of a tiny scan-grid generator for factors 4, 5 and 8 after 16 iterations, to be read alone."""
    from dlss_tf.config import preset

    config = preset("quick", "scan-grid").replace(data=tiny_config.data, factors=(4, 5, 8), **{**TINY, "width": 0.1})
    return shared_folder("tiny-scan-grid-run", lambda run: _train(config, run))


@pytest.fixture(scope="session", params=NEEDED)
def runtime(request):
    """What runs a generator: each of them."""
    return request.param


@pytest.fixture
def few_layers(request, monkeypatch):
    """Networks are built without most residual blocks, except in a test [default]."""
    from shallow import shallow

    if not request.node.name.endswith("[default]"):
        shallow(monkeypatch)


@pytest.fixture
def as_first_edition(tmp_path):
    """A copy of a run directory with the config.json that it had before the training rules had editions."""

    def copied(run):
        copy = shutil.copytree(run, str(tmp_path / "first-edition"))
        path = os.path.join(copy, "config.json")
        with open(path, encoding="utf-8") as file:
            fields = json.load(file)
        del fields["rules"], fields["activation"]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(fields, file)
        return copy

    return copied


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def read_here(monkeypatch):
    """Files are read in this process, for tests that change what reads them."""
    from dlss_tf import micrograph

    monkeypatch.setattr(micrograph, "IN_PROCESS", micrograph.READABLE)


@pytest.fixture
def image(rng):
    """A micrograph with all that can be known about one."""
    from dlss_tf.micrograph import Micrograph

    data = rng.normal(1000, 30, (20, 24)).astype(np.float32)
    return Micrograph(data, (0.25, 0.25), "nm", "gold on carbon", ("scanned", "supersampled by 5"))
