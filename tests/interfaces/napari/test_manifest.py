import ast
import importlib.util
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
