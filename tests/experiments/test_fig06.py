def test_trained_and_unseen_coverages(made, tmp_path):
    report = made("fig06", "--limit", "2")
    assert list(report["coverages"]) == [f"1/{s**2}" for s in range(3, 13)]
    assert report["trained_for"] == [f"1/{s**2}" for s in range(4, 11)]
    assert report["paper"]["mean"]["1/25"] == 0.0346
    assert len(report["per_image"]) == report["images"] == 2
    lines = (tmp_path / "fig06.csv").read_text().splitlines()
    assert len(lines) == 11 and lines[1].endswith(",") and lines[3].endswith(",0.0346")
    assert (tmp_path / "fig06.png").exists()
