import os
import runpy
import sys
from pathlib import Path

import pytest

from dlss_tf.formats import names
from tools import wheels

pytest.importorskip("setuptools")
from packaging.requirements import Requirement  # noqa: E402
from setuptools import Distribution  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 100  # characters of a path in a package: a folder of packages may have 150 more on Windows


@pytest.fixture(scope="module", params=wheels.SOURCES)
def given(request):
    """What setup() is given of each distribution, and the folder that it is given in."""
    return runpy.run_path(str(wheels.SOURCES[request.param] / "setup.py"))["ARGUMENTS"], wheels.SOURCES[request.param]


@pytest.fixture
def contents(given, monkeypatch):
    """Names of the files that the wheel would hold, and where each is."""
    arguments, folder = given
    monkeypatch.chdir(folder)
    needed = {name: arguments[name] for name in ("packages", "package_dir", "package_data")}
    build = Distribution({**needed, "script_name": "setup.py"}).get_command_obj("build_py")
    build.ensure_finalized()
    modules = {(package, module): path for package, module, path in build.find_all_modules()}
    found = {f"{package.replace('.', '/')}/{module}.py": path for (package, module), path in modules.items()}
    for package, source, _, files in build.data_files:
        found |= {f"{package.replace('.', '/')}/{file}": os.path.join(source, file) for file in files}
    return found


def files(folder, within=""):
    """Files of ours in a folder, whatever they are, as they would be called in `within`."""
    paths = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {f"{within or folder}/{path.relative_to(ROOT / folder).as_posix()}" for path in paths}


def test_a_wheel_holds_all_of_the_package_and_the_checkpoints(contents):
    assert set(contents) == files("dlss_tf") | files("checkpoints", "dlss_tf/checkpoints")
    assert all(os.path.isfile(path) for path in contents.values())
    assert {"dlss_tf/py.typed", "dlss_tf/serving/static/index.html", "dlss_tf/simulation/demo.tif"} <= set(contents)


def test_every_system_has_such_names(contents):
    assert not [name for name in contents if names.refusal(name, windows=True) or len(name) > LONGEST]
    assert len({name.casefold() for name in contents}) == len(contents)
    assert all(name.isascii() for name in contents)


def test_metadata_say_what_it_is_and_what_runs_it(given):
    arguments, _ = given
    assert arguments["license_expression"] == "MIT" and arguments["license_files"] == ["LICENSE"]
    assert (ROOT / "LICENSE").is_file() and arguments["project_urls"]
    minors = range(wheels.OLDEST, wheels.NEWEST + 1)
    assert arguments["python_requires"] == f">=3.{wheels.OLDEST}"
    told = [each for each in arguments["classifiers"] if each.startswith("Programming Language :: Python :: 3.")]
    assert told == [f"Programming Language :: Python :: 3.{minor}" for minor in minors]


def test_the_readme_needs_nothing_beside_it(given):
    text = given[0]["long_description"]
    assert "![" not in text and "docs/images" not in text
    assert "](https://arxiv.org/abs/1910.10467)" in text and "](docs/" not in text and "](checkpoints/" not in text
    assert "without TensorFlow: 0.4 GB" in text  # the link's words stay
    assert "dlss-tf supersample scan.dm4 --factor 5" in text and "*Two simulated crystals" not in text


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize(
    ("system", "machine"),
    [("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64"), ("Darwin", "x86_64"), ("Windows", "AMD64")],
)
def test_what_is_required_of_each_python_and_system(given, version, system, machine):
    arguments, _ = given
    where = {"python_version": version, "platform_system": system, "platform_machine": machine}
    lines = [Requirement(line) for line in arguments["install_requires"]]
    needed = {line.name for line in lines if line.marker is None or line.marker.evaluate(where)}
    if arguments["name"] == "dlss_tf_light":
        assert needed == {"numpy", "tifffile", "absl-py", "onnxruntime", "onnx"}
        assert not any("tensorflow" in line for extra in arguments["extras_require"].values() for line in extra)
    else:
        addons = version in ("3.10", "3.11") and (system, machine) not in (("Windows", "AMD64"), ("Linux", "aarch64"))
        assert {"tensorflow", "tensorboard"} <= needed and ("tensorflow-addons" in needed) == addons


def test_the_light_source_distribution_has_what_is_a_folder_up(tmp_path, monkeypatch):
    light = runpy.run_path(str(ROOT / "light" / "setup.py"))
    monkeypatch.chdir(ROOT / "light")
    command = light["Sdist"](Distribution({"name": "dlss_tf_light"}))
    command.get_finalized_command("egg_info").save_version_info = lambda path: None
    command.make_release_tree(
        str(tmp_path / "base"), ["setup.py", "../dlss_tf/_version.py", "../checkpoints/README.md"]
    )
    assert files(tmp_path / "base", "base") >= {
        *("base/setup.py", "base/whole.py", "base/README.md", "base/dlss_tf/_version.py", "base/checkpoints/README.md"),
    }
    assert os.listdir(tmp_path) == ["base"]
    unpacked = runpy.run_path(str(tmp_path / "base" / "setup.py"))["ARGUMENTS"]
    assert unpacked["package_dir"] == {"dlss_tf": "./dlss_tf", "dlss_tf.checkpoints": "./checkpoints"}
    assert unpacked["version"] == light["ARGUMENTS"]["version"] and unpacked["name"] == "dlss_tf_light"


def test_pythons_that_run(tmp_path, monkeypatch):
    minor = sys.version_info.minor
    for version, target in ((f"3.{minor}.1", sys.executable), (f"3.{minor + 1}.0", "/bin/false")):
        (tmp_path / "versions" / version / "bin").mkdir(parents=True)
        (tmp_path / "versions" / version / "bin" / "python").symlink_to(target)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert wheels.pythons(minor, minor + 1) == [tmp_path / "versions" / f"3.{minor}.1" / "bin" / "python"]


def test_what_was_built(tmp_path):
    for name in ("dlss_tf-0.1.0", "dlss_tf_light-0.1.0"):
        (tmp_path / f"{name}-py3-none-any.whl").touch()
        (tmp_path / f"{name}.tar.gz").touch()
    assert wheels.built("whole", tmp_path).name == "dlss_tf-0.1.0-py3-none-any.whl"
    assert wheels.built("light", tmp_path, ".tar.gz").name == "dlss_tf_light-0.1.0.tar.gz"


def test_a_command_that_fails_is_shown_with_what_it_said():
    with pytest.raises(SystemExit, match="(?s)-c.*no such thing"):
        wheels._run([sys.executable, "-c", "raise ValueError('no such thing')"])


def test_a_table_row(tmp_path, monkeypatch):
    """Of a Python and a package: what is run in the environment, and what is told of it."""
    commands = []

    def run(command, folder=None):
        commands.append([os.path.basename(str(each)) for each in command])
        if "supersample" in commands[-1]:
            Path(folder, "image.tif").write_bytes(b"image")

    monkeypatch.setattr(wheels, "_run", run)
    row = wheels.tried(Path(sys.executable), tmp_path / "dlss_tf-0.1.0.whl", [tmp_path / "scan.dm4"])
    assert row[:2] == [sys.version.split()[0], "dlss_tf-0.1.0.whl"] and len(row) == 7
    assert commands[1][1:] == ["-m", "pip", "install", "--quiet", "dlss_tf-0.1.0.whl[files]"]
    scans = [command[2] for command in commands if "supersample" in command]
    assert scans == ["demo.tif"] * wheels.TIMES + ["scan.dm4"]
