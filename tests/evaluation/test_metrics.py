"""The numbers of Tables 2 and 3 from hand-made errors."""

import csv
import io
import json

import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.evaluation import metrics

PER_IMAGE = {
    "a": {"1/16": {"bilinear": 0.01, "dlss": 0.0025}, "1/100": {"bilinear": 0.04, "dlss": 0.01}},
    "b": {"1/16": {"bilinear": 0.03, "dlss": 0.0075}, "1/100": {"bilinear": 0.04, "dlss": 0.01}},
}


def results():
    return json.loads(json.dumps({"images": 2, "coverages": metrics.summarize(PER_IMAGE), "per_image": PER_IMAGE}))


def test_mse():
    a, b = np.zeros((2, 2), np.float32), np.array([[0, 0], [0, 2]], np.float32)
    assert metrics.mse(a, b) == 1.0 and isinstance(metrics.mse(a, b), float)
    assert metrics.mse(np.full((2, 2), 200, np.uint8), np.full((2, 2), 210, np.uint8)) == 100.0
    # 10^6 float32 terms: a float32 sum would be off in the fifth digit, and 60000^2 overflows float16.
    big = np.full((1000, 1000), 60000, np.float16)
    assert metrics.mse(big, np.zeros_like(big)) == pytest.approx(float(np.float16(60000)) ** 2, rel=1e-12)
    with pytest.raises(InputError, match="one shape"):
        metrics.mse(a, b[:1])
    with pytest.raises(InputError):
        metrics.mse(a[:0], b[:0])


def test_root_mean_and_root_std_are_of_mses():
    mses = [0.01, 0.03]
    assert metrics.root_mean(mses) == pytest.approx(np.sqrt(0.02))
    assert metrics.root_std(mses) == pytest.approx(np.sqrt(0.01))  # population; not the deviation of root MSEs
    assert metrics.root_std([0.5]) == 0.0
    for bad in ([], [0.1, float("nan")], [float("inf")]):
        for function in (metrics.root_mean, metrics.root_std):
            with pytest.raises(InputError, match="mses"):
                function(bad)


def test_summarize():
    summary = metrics.summarize(PER_IMAGE)
    assert list(summary) == ["1/16", "1/100"] and list(summary["1/16"]) == ["bilinear", "dlss"]
    assert summary["1/16"]["bilinear"] == pytest.approx({"mean": np.sqrt(0.02), "std": 0.1})
    assert summary["1/100"]["dlss"] == pytest.approx({"mean": 0.1, "std": 0.0})
    json.dumps(summary, allow_nan=False)


def test_summarize_names_what_is_wrong():
    with pytest.raises(InputError, match="at least one image"):
        metrics.summarize({})
    lacking = {**PER_IMAGE, "c": {"1/16": {"bilinear": 0.1, "dlss": 0.1}, "1/100": {"bilinear": 0.1}}}
    with pytest.raises(InputError, match="c: .*dlss at 1/100"):
        metrics.summarize(lacking)
    broken = {**PER_IMAGE, "d": {"1/16": {"bilinear": 0.1, "dlss": float("nan")}, "1/100": PER_IMAGE["a"]["1/100"]}}
    with pytest.raises(InputError, match="d: expected a finite MSE for dlss at 1/16, found nan"):
        metrics.summarize(broken)


def test_table_rows_make_a_csv():
    rows = metrics.table_rows(results())
    assert [row[:2] for row in rows] == [(c, m) for c in ("1/16", "1/100") for m in ("bilinear", "dlss")]
    assert rows[1][2:] == pytest.approx((np.sqrt(0.005), 0.05, 0.5))
    text = io.StringIO()
    csv.writer(text).writerows([metrics.TABLE_HEADER, *rows])
    (_, dlss, *_) = csv.DictReader(io.StringIO(text.getvalue()))
    assert dlss["method"] == "dlss" and float(dlss["ratio_to_bilinear"]) == pytest.approx(0.5)


def test_format_table():
    lines = metrics.format_table(results()).splitlines()
    assert "1/16" in lines[0] and "1/100" in lines[0]
    assert [line for line in lines if line.startswith("DLSS ")] == [
        "DLSS     | 0.0707  0.0500  0.500 | 0.1000  0.0000  0.500"
    ]
    assert [line for line in lines if line.startswith("Bilinear ")][0].count("1.000") == 2
    assert len({len(line) for line in lines[:5]}) == 1
    assert "over 2 images" in lines[-1]


def test_format_table_without_bilinear_or_a_method_at_a_coverage():
    table = {"coverages": {"1/16": {"ours": {"mean": 0.1, "std": 0.2}}, "1/25": {"dlss": {"mean": 0.3, "std": 0.4}}}}
    lines = metrics.format_table(table).splitlines()
    assert lines[3].split("|")[0].strip() == "ours" and lines[3].split("|")[1].split() == ["0.1000", "0.2000", "-"]
    assert lines[3].split("|")[2].split() == ["-", "-", "-"]
    assert metrics.table_rows(table)[0] == ("1/16", "ours", 0.1, 0.2, None)
