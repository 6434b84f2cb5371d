import contextlib
import shutil

import pytest

pytest.importorskip("playwright.sync_api")
pytest.importorskip("fastapi")

from PIL import Image  # noqa: E402

from dlss_tf.errors import InputError  # noqa: E402
from experiments import page_picture  # noqa: E402


def test_refuses_where_there_is_no_browser(monkeypatch):
    monkeypatch.setattr(page_picture, "BROWSERS", ("a-browser-of-tomorrow",))
    with pytest.raises(InputError, match="expected one of a-browser-of-tomorrow on the PATH, found none"):
        page_picture.draw("page.png", "scan.tif")


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, page_picture.BROWSERS)), reason="no browser")
def test_shows_the_page(tiny_scan_grid_run, tmp_path, monkeypatch):
    from serving.conftest import running

    @contextlib.contextmanager
    def served():
        with running("--weights", tiny_scan_grid_run) as (_, address, _):
            yield address

    monkeypatch.setattr(page_picture, "served", served)
    monkeypatch.setattr("sys.argv", ["page_picture", "--picture", str(tmp_path / "page.png")])
    page_picture.main()
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.size == (1000, 625)
