import ast
import importlib.util
import re
from pathlib import Path

import pytest

import dlss_tf
from dlss_tf.interfaces import napari as plugin

npe2 = pytest.importorskip("npe2")


@pytest.fixture(scope="module")
def manifest():
    return npe2.PluginManifest.from_file(Path(plugin.__file__).parent / "napari.yaml")


def test_is_valid_and_has_the_packages_name(manifest):
    assert manifest.name == dlss_tf.__name__
    assert [widget.display_name for widget in manifest.contributions.widgets] == ["Supersample"]
    assert {w.command for w in manifest.contributions.widgets} == {c.id for c in manifest.contributions.commands}


def test_names_classes_that_are_there(manifest):
    """Without importing them, for napari need not be here."""
    for command in manifest.contributions.commands:
        module, name = command.python_name.split(":")
        tree = ast.parse(Path(importlib.util.find_spec(module).origin).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def test_the_light_distribution_has_the_same_under_its_own_name():
    """napari takes a manifest only under the distribution's name."""
    folder, light = Path(plugin.__file__).parent, Path(plugin.__file__).parents[3] / "light"
    ours, theirs = (yaml.read_text() for yaml in (folder / "napari.yaml", folder / "napari_light.yaml"))
    renamed = ours.replace("name: dlss_tf\n", "name: dlss_tf_light\n")
    assert theirs == renamed.replace("dlss_tf.supersample", "dlss_tf_light.supersample")
    assert npe2.PluginManifest.from_file(folder / "napari_light.yaml").name == "dlss_tf_light"
    if light.exists():
        point = re.search(r"\"dlss_tf_light = ([\w.]+):(\w+\.yaml)\"", (light / "setup.py").read_text())
        assert point and point.groups() == (plugin.__name__, "napari_light.yaml")
