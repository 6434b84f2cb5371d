"""The house's own rules: tests mirror modules, files are short, imports point down, light modules stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("dlss_tf", "experiments", "tools", "benchmarks")
FILES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

MOST_LINES = 300

#: Modules of dlss_tf without a test file of their name, and why.
UNTESTED = {
    "dlss_tf/_version.py": "a number",
}
#: Test files without a module of their name, and what they test.
OF_SEVERAL = {
    "tests/test_layout.py": "the whole repository",
    "tests/test_platforms.py": "what Windows and macOS lack",
    "tests/inference/test_scan_grid_supersampler.py": "the Supersampler with a generator of any size",
    "tests/inference/test_pretrained.py": "the pretrained generator's weights",
    "tests/interfaces/test_doors.py": "that all doors give the same image",
    "tests/interfaces/napari/test_manifest.py": "napari.yaml",
    "tests/deploy/test_deploy.py": "deploy/, but for nginx.conf",
    "tests/deploy/test_nginx.py": "deploy/nginx.conf",
    "tests/clients/test_digitalmicrograph.py": "clients/digitalmicrograph.py",
    "tests/serving/test_page_browser.py": "the page, in a browser",
    "tests/serving/test_contract.py": "all routes against their description, and damaged uploads",
}

#: Rooms, from the lowest floor up. A module imports from its own room and from lower floors: never up, nor next door.
FLOORS = (
    {"errors", "shell", "suggestions", "_version"},
    {"_compat", "coverages", "packages", "progress", "software"},
    {"formats", "lattice"},
    {"config", "micrograph"},
    {"weights", "layers", "simulation"},
    {"models", "data"},
    {"training", "inference"},
    {"evaluation", "interfaces"},
    {"serving"},
    {"cli"},
    {"experiments", "tools", "benchmarks"},
)
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}
DOOR = "dlss_tf/__init__.py"  # gives the public names of all rooms, each loaded when it is asked for

NO_TENSORFLOW = ["", ".cli", ".config", ".lattice", ".simulation.dataset", ".micrograph"]
#: What the light installation does.
NO_TENSORFLOW += [".inference.supersampler", ".inference.lazy", ".inference.onnx_runtime", ".serving.worker"]
NO_TENSORFLOW += [".data.prepare.dataset", ".interfaces.watch", ".interfaces.hyperspy_signal", ".evaluation.check"]

#: What help and mistyped commands do without, so that they answer at once.
NOT_FOR_HELP = {"tensorflow", "keras", "onnxruntime", "numpy", "scipy", "matplotlib", "PIL", "rsciio", "tifffile"}
NOT_FOR_HELP |= {"zipfile", "hashlib", "socket", "secrets", "concurrent.futures", "importlib.metadata", "subprocess"}


def modules(package):
    return [path for path in FILES if path.parts[0] == package and path.stem not in ("__init__", "__main__")]


def mirror(module):
    folder = module.parent.relative_to("dlss_tf") if module.parts[0] == "dlss_tf" else module.parent
    return Path("tests") / folder / f"test_{module.name.lstrip('_')}"


def test_every_module_has_a_test_file_of_its_name():
    missing = {str(module) for module in modules("dlss_tf") if not (ROOT / mirror(module)).exists()}
    assert missing == set(UNTESTED)


def test_every_test_file_has_a_module_of_its_name():
    expected = {mirror(module) for package in PACKAGES for module in modules(package)}
    found = {path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py")}
    found = {path for path in found if path.parts[1] != "docs"}  # they test pages
    assert {str(path) for path in found - expected} == set(OF_SEVERAL)


def test_no_file_is_long():
    long = {str(path) for path in FILES if len((ROOT / path).read_text(encoding="utf-8").splitlines()) > MOST_LINES}
    assert not long


def test_imports_point_down():
    wrong = [f"{path}: {room_of(path)} imports {room}" for path, room in imports() if not may(room_of(path), room)]
    assert not wrong


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("layers", "_compat", True),
        ("layers", "layers", True),
        ("layers", "models", False),
        ("training", "inference", False),
        ("inference", "training", False),
        ("evaluation", "serving", False),
        ("serving", "interfaces", True),
        ("evaluation", "interfaces", False),
        ("formats", "dlss_tf", False),
        ("experiments", "dlss_tf", True),
    ],
)
def test_what_may_be_imported(importer, imported, allowed):
    assert may(importer, imported) == allowed


@pytest.mark.parametrize(
    ("line", "room"),
    [
        ("from ..models import two_stage", "models"),
        ("from ..models.two_stage import build", "models"),
        ("from .. import lattice", "lattice"),
        ("from .._version import __version__", "_version"),
        ("from .. import Supersampler", "dlss_tf"),
        ("from .losses import total", "training"),
        ("import dlss_tf.inference.tiles", "inference"),
        ("import numpy", None),
        ("if TYPE_CHECKING:\n    from ..inference import tiles", "inference"),
        ("def late():\n    from ..inference import tiles", "inference"),
    ],
)
def test_how_imports_are_read(line, room):
    assert list(rooms(ast.parse(line), Path("dlss_tf/training/steps.py"))) == ([] if room is None else [room])


@pytest.mark.parametrize("module", NO_TENSORFLOW)
def test_imports_load_no_tensorflow(module):
    code = f"import sys, dlss_tf{module}; assert not {{'tensorflow', 'keras'}} & set(sys.modules), 'loaded'"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_help_and_mistyped_commands_load_nothing_heavy():
    code = """
import sys, dlss_tf.cli
for words in (["--help"], [], ["--halp"], ["sample"], ["scan.dm4"], ["supersample", "--help"], ["train", "--sed=1"]):
    try:
        dlss_tf.cli.main(words)
    except SystemExit:
        continue
loaded = set(sys.argv[1:]) & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code, *NOT_FOR_HELP], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("expected") == 5 and "usage: dlss-tf supersample" in done.stdout


def imports():
    """Each import within the repository: the file, and the room that it takes something from."""
    for path in FILES:
        if str(path) != DOOR:
            for room in rooms(ast.parse((ROOT / path).read_text(encoding="utf-8")), path):
                yield path, room


def rooms(tree, path):
    """The rooms that a file at `path` imports from, wherever in it, for types alone too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = path.parent.parts[: len(path.parent.parts) - node.level + 1] if node.level else ()
            base = [*base, *(node.module or "").split(".")] if node.module else [*base]
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for name in names:
            if name[0] in PACKAGES:
                yield room_in(name)


def room_in(name):
    """Of a dotted name in parts; "dlss_tf" for what is none of its modules, and so comes through its door."""
    if name[0] != "dlss_tf" or len(name) == 1:
        return name[0]
    return name[1] if name[1] in FLOOR_OF else "dlss_tf"


def room_of(path):
    return path.parts[0] if path.parts[0] != "dlss_tf" else Path(path.parts[1]).stem


def may(importer, imported):
    if imported == "dlss_tf":
        return FLOOR_OF[importer] == len(FLOORS) - 1
    return importer == imported or FLOOR_OF[imported] < FLOOR_OF[importer]


def test_every_room_is_on_a_floor():
    assert {room_of(path) for path in FILES if str(path) != DOOR} == set(FLOOR_OF)
