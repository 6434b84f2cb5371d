from dlss_tf import Supersampler
from experiments import opening


def test_a_row_an_image(tiny_run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(opening, "Supersampler", lambda: Supersampler(tiny_run))
    monkeypatch.setattr("sys.argv", ["opening", "--out", str(tmp_path)])
    monkeypatch.setattr(opening, "IMAGES", {"fine": (0, 4), "coarse": (1, 5)})
    monkeypatch.setattr(opening, "SIDE", 64)
    drawn = []
    monkeypatch.setattr(opening, "write_sheet", lambda path, rows, titles: drawn.append((path, rows, titles)))
    opening.main()
    ((path, rows, titles),) = drawn
    assert path == str(tmp_path / "opening.png") and [name for name, _ in rows] == ["fine", "coarse"]
    assert [len(panels) for _, panels in rows] == [len(titles)] * 2
    fine, coarse = capsys.readouterr().out.splitlines()
    assert fine.startswith("fine: ") and "best rival" in coarse
