"""Comparisons come from published.json and the JSON of the figures alone."""

import pytest

from experiments._compared import READERS, compared
from experiments._published import printed, published, where


def test_table_2_has_every_row_that_was_measured():
    errors = {"dlss": {"mean": 0.04, "std": 0.03}, "bilinear": {"mean": 0.08, "std": 0.06}}
    found = compared("table2", {"coverages": {"1/16": errors, "1/25": {"dlss": errors["dlss"]}}})
    assert found.columns == ["1/16", "1/25", "1/36", "1/64", "1/100"]
    assert found.rows["unified, root mean"] == [(0.04, 0.0323), (0.04, 0.0346), None, None, None]
    assert found.rows["bilinear, root std"] == [(0.06, 0.0427), None, None, None, None]
    assert not any(name.startswith(("individual", "nearest")) for name in found.rows)


def test_tails_are_compared_as_shares():
    found = compared("fig04", {"unified": {"1/100": {"tail": 1, "images": 20}}})
    assert found.rows == {"unified, share of images in the tail": [None] * 4 + [(0.05, 142 / 20000)]}


def test_single_values():
    assert compared("laplacian", {"ratio": {"here": 0.8}}) == ([""], {"ratio": [(0.8, 0.93)]})
    assert compared("fig08", {"gain": {"here": 0.02}}).rows.popitem()[1] == [(0.02, 0.01)]
    found = compared("section2", {"mean": {"before": 1e-3, "residual": 1e-7}}).rows
    assert found == {"error before": [(1e-3, 3.03e-3)], "residual": [(1e-7, 6.28e-8)]}


def test_what_prints_no_number_has_no_comparison():
    assert compared("fig01", {}) is None
    assert where("fig01").startswith("Fig. 1:") and where("seeds") == "not in the paper"


def test_every_printed_number_is_read_by_a_comparison():
    with_numbers = {name for name, item in published().items() if name != "source" and set(item) != {"where"}}
    assert with_numbers == set(READERS) - {"fig06"}  # whose numbers are table 2's
    assert printed("table2")["mean"]["unified"]["1/100"] == pytest.approx(0.0454)
