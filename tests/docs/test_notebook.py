"""The notebook runs from top to bottom in a kernel of its own, with the pretrained generator and without TensorFlow."""

import pages
import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
for module in ("ipykernel", "onnxruntime", "matplotlib", "skimage"):
    pytest.importorskip(module)

NOTEBOOK = pages.ROOT / "docs" / "scan_to_figure.ipynb"
LIGHT = "import sys\nsys.modules['tensorflow'] = None  # as where there is none"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_is_kept_without_outputs(notebook):
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code and [cell for cell in code if cell.outputs or cell.execution_count] == []


@pytest.mark.slow
def test_runs_on_the_light_install(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(pages.ROOT))
    run = nbformat.from_dict({**notebook, "cells": [nbformat.v4.new_code_cell(LIGHT), *notebook.cells]})
    nbclient.NotebookClient(run, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in run.cells if cell.cell_type == "code" for output in cell.outputs]
    said = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert "103x103 px of 0.05 nm" in said and "515x515 px of 0.01 nm" in said and "Factor 5 suits this image" in said
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert any("image/png" in output.get("data", {}) for output in outputs)
    made = {path.name for path in (tmp_path / "results").iterdir()}
    assert {"survey.tif", "survey-check5.png", "scan-x5.tif", "figure.png"} <= made
