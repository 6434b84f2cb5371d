"""What is told to install is what setup.py's extras are."""

import re
import runpy
from pathlib import Path

import pytest

from dlss_tf import packages

ROOT = Path(__file__).resolve().parents[1]
requirements = pytest.importorskip("packaging.requirements")


@pytest.fixture(scope="module")
def extras():
    """setup.py's, for this Python."""
    found = {}
    given = runpy.run_path(str(ROOT / "setup.py"))["ARGUMENTS"]
    for extra, lines in {**given["extras_require"], "": given["install_requires"]}.items():
        read = [(line, requirements.Requirement(line).marker) for line in lines]
        found[extra] = [line.partition(";")[0] for line, marker in read if marker is None or marker.evaluate()]
    return found


def test_extras_are_those_of_setup(extras):
    assert {extra: list(each.values()) for extra, each in packages.EXTRAS.items()} == {
        extra: extras[extra] for extra in packages.EXTRAS
    }


def test_tensorflow_stays_where_others_would_change_what_it_needs(extras):
    """Of its requirements none is written twice in another way."""
    (needed,) = [line for line in extras[""] if requirements.Requirement(line).name == "tensorflow"]
    assert packages.KEPT in ((needed,), ()) and bool(packages.KEPT) == needed.startswith("tensorflow==")
    assert all(line in packages.install("eval") for line in packages.KEPT)


def test_every_hint_names_packages_of_an_extra(extras):
    wanted = {requirements.Requirement(line).name for lines in extras.values() for line in lines}
    for extra in packages.EXTRAS:
        assert named(packages.install(extra)) <= wanted
    for module in [*(module for each in packages.EXTRAS.values() for module in each), *packages.WITHIN]:
        assert named(packages.needed(module)) <= wanted


def named(hint):
    """Packages of a hint, which are quoted where a shell would take them otherwise."""
    words = re.findall(r"'([^']*)'|(\S+)", hint.partition("pip install ")[2])
    found = {requirements.Requirement(quoted or plain).name for quoted, plain in words}
    assert found and all(re.fullmatch(r"[\w-]+", plain) for _, plain in words if plain)
    return found


def test_what_is_needed():
    assert packages.needed("PIL.Image") == f"Pillow; {packages.install('files')}"
    assert re.fullmatch("mrcz; pip install .*mrcz", packages.needed("mrcz"))
    assert packages.needed("no_such_module") == "no_such_module, which is not installed"  # a package of what name?
    assert re.fullmatch("pip install .*imagecodecs", packages.install("codecs"))


def test_modules_are_those_that_are_imported():
    """So that a module that is there is not said to be lacking."""
    source = "\n".join(path.read_text() for path in (ROOT / "dlss_tf").rglob("*.py"))
    for extra, each in packages.EXTRAS.items():
        for module in set(each) - {"pywt"}:  # which scikit-image imports
            assert re.search(rf"import {module}\b|from {module}\b|needed\(\"{module}\"|import_module", source), (
                extra,
                module,
            )


def test_what_is_lacking(monkeypatch):
    monkeypatch.setitem(packages.EXTRAS, "codecs", {"imagecodecs_of_tomorrow": "imagecodecs", "os": "os"})
    assert packages.lacking("codecs") == ["imagecodecs_of_tomorrow"]
