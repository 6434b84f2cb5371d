import numpy as np
import pytest
from PIL import Image

from dlss_tf import Supersampler
from dlss_tf.errors import InputError
from experiments import cases


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(cases, "SIDE", 64)
    monkeypatch.setattr(cases, "SHOWN", 48)
    monkeypatch.setattr(cases, "CASES", {"clean": cases.Case(0, 4), "saturated": cases.Case(0, 5, "saturation")})


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn, and that it is."""
    found, write = [], cases.write_sheet

    def record(path, rows, titles):
        found.append((rows, titles))
        write(path, rows, titles)

    monkeypatch.setattr(cases, "write_sheet", record)
    return found


def test_cases_and_files(small, drawn, tiny_scan_grid_run, tmp_path, monkeypatch, capsys, rng):
    np.save(tmp_path / "mine.npy", rng.normal(1000, 10, (70, 60)).astype(np.float32))
    target = tmp_path / "made" / "cases.png"
    words = ["clean", "saturated", str(tmp_path / "mine.npy"), "--factor", "8", "--weights", tiny_scan_grid_run]
    monkeypatch.setattr("sys.argv", ["cases", *words, "--refine", "--picture", str(target)])
    cases.main()
    ((rows, titles),) = drawn
    assert [name for name, _ in rows] == ["every 4: clean", "every 5: saturated", "every 8: mine"]
    assert titles == ["scan", "best rival", "ours", "ours, refined", "truth"]
    for _, panels in rows:
        assert [panel.image.shape for panel in panels] == [(48, 48)] * 5
        assert panels[1].caption.split()[0] in cases.RIVALS.values() and panels[3].caption.startswith("refined 0.")
    assert rows[1][1][0].image.max() == np.float32(0.35) < rows[1][1][-1].image.max()
    with Image.open(target) as picture:
        assert picture.mode == "L" and picture.width <= 1000
    assert "every 8: mine" in capsys.readouterr().out


def test_errors_are_of_the_images_that_are_drawn(small, tiny_scan_grid_run, monkeypatch):
    monkeypatch.setattr(cases, "SHOWN", 64)
    image, met = cases.CASES["clean"].images()
    assert image.min() == 0 and image.max() == 1 and met is image
    panels = cases.row(Supersampler(tiny_scan_grid_run), image, met, 4, refined=False)
    for panel in panels[1:3]:
        error = np.sqrt(np.mean(np.square(panel.image - panels[-1].image)))
        assert float(panel.caption.split()[-1]) == pytest.approx(error, abs=6e-5)


def test_what_the_generator_tells_is_in_brackets(small, monkeypatch):
    panels = cases.row(Supersampler(), *cases.CASES["clean"].images(), 4, refined=False)
    assert panels[2].caption.endswith(")") and " (0." in panels[2].caption


def test_refuses_stacks(tmp_path, tiny_scan_grid_run, small):
    np.save(tmp_path / "stack.npy", np.zeros((2, 64, 64), np.float32))
    with pytest.raises(InputError, match=r"stack.npy: expected one image, found a stack of shape \[2, 64, 64\]"):
        cases.draw([str(tmp_path / "stack.npy")], 4, Supersampler(tiny_scan_grid_run), False, str(tmp_path / "a.png"))
