"""docs/images/page.png: the page of `dlss-tf serve` in Chromium, with the demo's scan and its image.

python -m experiments.page_picture --picture docs/images/page.png
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

from dlss_tf.cli import status
from dlss_tf.errors import InputError
from dlss_tf.simulation.dataset import DEMO

from .picture import shrink

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1280, 800  # px
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The address of a server with the pretrained generator, while it runs.

    Raises:
        InputError: it did not start.
    """
    command = [sys.executable, "-m", "dlss_tf.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout  # a pipe
        try:
            said = process.stdout.readline().split()
            if not said:
                raise InputError("page: expected a server, found that `dlss-tf serve` ends")
            yield said[0]
        finally:
            process.terminate()


def draw(path: str, scan: str) -> None:
    """Write a screenshot of the page once it has the scan's image.

    Raises:
        InputError: there is no browser.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError(f"page: expected one of {', '.join(BROWSERS)} on the PATH, found none")
    with served() as address, sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = launched.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        page.wait_for_selector("#factor option", state="attached")
        page.set_input_files("#file", scan)
        page.wait_for_selector("#stage.filled[aria-busy=false]")
        page.evaluate(DRAWN)
        page.screenshot(path=path)
        launched.close()


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", required=True, help="where the picture goes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scan, path = os.path.join(folder, "crystal.tif"), os.path.join(folder, "page.png")
        shutil.copyfile(DEMO, scan)
        draw(path, scan)
        shrink(path, arguments.picture)


if __name__ == "__main__":
    sys.exit(status("page_picture", main))
