"""The site builds, with nothing broken, and shows what it should."""

import re
import subprocess
import sys

import pages
import pytest

pytest.importorskip("mkdocs")
pytest.importorskip("mkdocstrings")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    # Not with --quiet, under which MkDocs does not count warnings.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=pages.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
def test_every_module_has_a_page(site):
    package = pages.ROOT / "dlss_tf"
    names = [path.relative_to(package.parent).with_suffix("") for path in package.rglob("*.py")]
    public = [name for name in names if not any(part.startswith("_") for part in name.parts)]
    assert len(public) > 30
    assert [name for name in public if not (site / "api" / f"{name}.html").exists()] == []


@pytest.mark.slow
def test_docstrings_are_rendered(site):
    page = (site / "api/dlss_tf/evaluation/metrics.html").read_text(encoding="utf-8")
    assert "Parameters:" in page and "Returns:" in page and "Raises:" in page
    assert "<code>results/table2.json</code>" in page or "results/table2.json" in page


@pytest.mark.slow
def test_public_names_are_listed_with_links(site):
    page = (site / "api/dlss_tf.html").read_text(encoding="utf-8")
    assert re.search(r'href="[^"]*supersampler.html#dlss_tf[^"]*Supersampler"', page)


@pytest.mark.slow
def test_images_are_there_and_nothing_is_fetched_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        sources = re.findall(r'<(?:img|script|source)\b[^>]*\ssrc="([^"]+)"', text)
        sources += re.findall(r'<link\b[^>]*rel="(?:stylesheet|preload|preconnect|icon)"[^>]*href="([^"]+)"', text)
        sources += re.findall(r'<link\b[^>]*href="([^"]+)"[^>]*rel="(?:stylesheet|preload|preconnect|icon)"', text)
        for source in sources:
            if source.startswith("/"):  # the page for what is not there, served at any address
                assert page.name == "404.html"
                continue
            assert ":" not in source, f"{page}: {source}"
            assert (page.parent / source.split("?")[0]).exists(), f"{page}: {source}"
