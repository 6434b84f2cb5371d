"""The page in a browser: what a user sees and does, by mouse and by keys, and that nothing leaves the machine."""

import base64
import contextlib
import importlib.resources
import io
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from serving.conftest import running

import dlss_tf

sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on the PATH"),
]

TOKEN = "a-token-for-tests"
FACTOR, PIXEL = 5, 0.25  # nm
WAIT = 20_000  # ms
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 400, "height": 800}


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    return tmp_path_factory.mktemp("watched")


@pytest.fixture(scope="module")
def url(tiny_scan_grid_run, watched, tmp_path_factory):
    """Of a server with a token and a watched folder."""
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(TOKEN)
    folder = ("--watch", watched, "--factor", 4)
    with running("--weights", tiny_scan_grid_run, "--token-file", token, *folder) as (_, address, _):
        yield address


@pytest.fixture(scope="module")
def browser(url):
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture
def opened(browser, url):
    """`opened(path, ...)`: a page of the server. No request goes elsewhere, and nothing is said in the console but
    what matches one of `page.allowed`."""
    with contextlib.ExitStack() as contexts:
        said, asked = [], []

        def open_page(path=f"#token={TOKEN}", viewport=WIDE, **options):
            page = contexts.enter_context(browser.new_context(viewport=viewport, **options)).new_page()
            page.allowed = []
            page.set_default_timeout(WAIT)
            page.on("console", lambda message: said.append((page, message.text)))
            page.on("pageerror", lambda error: said.append((page, str(error))))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(url + path)
            return page

        yield open_page
    assert [text for page, text in said if not any(re.search(each, text) for each in page.allowed)] == []
    assert [address for address in asked if not address.startswith((url, f"blob:{url}"))] == []


@pytest.fixture(scope="module")
def scan():
    y, x = np.mgrid[:32, :40].astype(np.float32)
    data = 1000 + 200 * np.cos(x / 1.5) + 100 * np.sin(y / 2) + np.random.default_rng(0).normal(0, 10, x.shape)
    return dlss_tf.Micrograph(data.astype(np.float32), (PIXEL, PIXEL), "nm", "waves", ("scanned",))


@pytest.fixture(scope="module")
def scan_file(scan, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("scans") / "waves.hspy")
    dlss_tf.write(path, scan)
    return path


@pytest.fixture
def shown(opened, scan_file):
    """`shown(...)`: a page with the scan's result."""

    def show(before=lambda page: None, **options):
        page = opened(**options)
        ready(page)
        before(page)
        page.set_input_files("#file", scan_file)
        page.wait_for_selector("#stage.filled[aria-busy=false]")
        settle(page)
        return page

    return show


def ready(page):
    """Until it knows what the server is; not `wait_for_function`, which the page's policy forbids."""
    page.wait_for_selector("#factor option", state="attached")


def settle(page):
    """Until what was asked for is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def drawn(page):
    """The stage's pixels: [h, w, 4]."""
    settle(page)
    address = page.evaluate("document.querySelector('#stage canvas').toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))


def image_of(page):
    """The image that is shown, as the server has it: float32 [h, w]."""
    path = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    found = next(each for each in path if "/image?format=raw" in each)
    answer = page.request.get(found, headers={"Authorization": f"Bearer {TOKEN}"})
    shape = [int(side) for side in answer.headers["dlss-shape"].split(",")]
    return np.frombuffer(answer.body(), "<f4").reshape(shape)


def place(page, x, y):
    """Of a point of the stage, by its shares of width and height, in the window."""
    box = page.locator("#stage").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*[(a + b) / 2 for a, b in zip(start, end)])
    page.mouse.move(*end)
    page.mouse.up()
    settle(page)


def drop(page, path, name):
    """A file onto the page."""
    with open(path, "rb") as file:
        content = base64.b64encode(file.read()).decode()
    page.evaluate(
        """([content, name]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([Uint8Array.from(atob(content), (each) => each.charCodeAt(0))], name));
          for (const type of ["dragenter", "dragover", "drop"]) {
            document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
          }
        }""",
        [content, name],
    )


def pinch(page, ratio):
    """Two fingers move apart to so many times their distance."""
    x, y = place(page, 0.75, 0.5)
    client = page.context.new_cdp_session(page)
    steps = {"touchStart": [40], "touchMove": [20 + 20 * ratio, 40 * ratio], "touchEnd": [0]}
    for kind, distance in [(kind, distance) for kind, distances in steps.items() for distance in distances]:
        points = [{"x": x + distance / 2, "y": y, "id": 0}, {"x": x - distance / 2, "y": y, "id": 1}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if distance else []})


def percent(page):
    settle(page)
    return float(page.inner_text("#zoom").rstrip(" %"))


def choose(page, name, value):
    page.locator(f"input[name={name}][value={value}]").check(force=True)
    settle(page)


def saved(page, button):
    """Name and bytes of the file that a button gives."""
    with page.expect_download() as download:
        page.click(button)
    with open(download.value.path(), "rb") as file:
        return download.value.suggested_filename, file.read()


def test_a_scan_becomes_an_image(shown, scan):
    page = shown()
    assert page.locator("#factor option").all_inner_texts() == ["4", "5", "8"] and page.input_value("#factor") == "5"
    assert page.locator("#queue .told").inner_text().startswith("Done in")
    facts = dict(zip(page.locator("#facts dt").all_inner_texts(), page.locator("#facts dd").all_inner_texts()))
    assert facts["Title"] == "waves"
    assert facts["Scan"].startswith("40 × 32 px") and facts["Image"].startswith("200 × 160 px")
    assert facts["Pixel size"] == "0.05 nm"
    assert page.locator("#history li").count() == 2
    assert "image of 200 by 160 px shown" in page.inner_text("#status")
    pixels = drawn(page).astype(int)
    middle = pixels[pixels.shape[0] // 2]
    left, right = np.array_split(middle[middle[:, 3] == 255, 0], 2)
    assert np.ptp(left) > 100 and np.ptp(right) > 20
    steps = np.flatnonzero(np.diff(left))
    assert np.diff(steps).min() > 2 * percent(page) / 100  # the scan is squares of 5 px


def test_the_divider_moves_by_keys_and_mouse(shown):
    page = shown()
    divider = page.get_by_role("slider", name="Border between scan and image")
    divider.focus()
    page.keyboard.press("Home")
    assert divider.get_attribute("aria-valuenow") == "0"
    image = drawn(page)
    page.keyboard.press("End")
    assert divider.get_attribute("aria-valuetext") == "scan 100 %, image 0 %"
    scan = drawn(page)
    assert (scan != image).any()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "88"
    drag(page, place(page, 0.88, 0.4), place(page, 0.3, 0.4))
    assert divider.get_attribute("aria-valuenow") == "30"
    both, border = drawn(page), round(0.3 * scan.shape[1])
    np.testing.assert_array_equal(both[:, : border - 1], scan[:, : border - 1])
    np.testing.assert_array_equal(both[:, border + 1 :], image[:, border + 1 :])


def test_zoom_pan_and_scale_bar(shown):
    page = shown()
    fitted = percent(page)
    page.locator("#stage canvas").focus()
    page.keyboard.press("+")
    page.click("#larger")
    assert percent(page) == pytest.approx(fitted * 1.25**2, rel=0.02)
    before = drawn(page)
    page.keyboard.press("Tab")
    page.locator("#stage canvas").focus()
    page.keyboard.press("ArrowRight")
    np.testing.assert_array_equal(drawn(page)[:, 400:450], before[:, 440:490])
    drag(page, place(page, 0.7, 0.3), place(page, 0.8, 0.4))
    page.mouse.move(*place(page, 0.75, 0.5))
    page.mouse.wheel(0, -400)
    settle(page)
    assert percent(page) > fitted * 1.25**2
    length, units = page.inner_text("#scale-text").split()
    pixels = page.locator("#scale-bar").bounding_box()["width"] / (percent(page) / 100)
    assert units == "nm" and pixels * PIXEL / FACTOR == pytest.approx(float(length), rel=0.02)
    assert re.match(r"x \S+, y \S+ nm · scan \S+ · image \S+", page.inner_text("#readout"))
    page.keyboard.press("0")
    assert percent(page) == fitted
    pinch(page, 2)
    assert percent(page) == pytest.approx(2 * fitted, rel=0.05)
    page.click("#smaller")
    page.mouse.dblclick(*place(page, 0.75, 0.4))
    settle(page)
    assert percent(page) == fitted


def test_a_profile_is_drawn_typed_and_saved(shown, scan):
    page = shown()
    page.click("#profile-button")
    assert page.get_attribute("#profile-button", "aria-pressed") == "true"
    settle(page)
    drag(page, place(page, 0.6, 0.4), place(page, 0.8, 0.6))
    before = [float(page.input_value(f"#{end}")) for end in ("x1", "y1", "x2", "y2")]
    assert before[0] < before[2] and before[1] < before[3]
    for end, value in {"x1": "10", "y1": "52.5", "x2": "110", "y2": "52.5"}.items():
        page.fill(f"#{end}", value)
    page.keyboard.press("Enter")
    assert page.inner_text("#profile-length") == "5 nm (100 px)"
    assert page.locator("#plot .curve").count() == 2
    texts = page.locator("#plot text").all_text_contents()
    assert "Position (nm)" in texts and "Intensity" in texts
    assert page.get_attribute("#plot", "aria-label").startswith("Intensity along a line of 5 nm")
    name, content = saved(page, "#profile-csv")
    assert name == "waves-profile.csv"
    places, scanned, image = np.loadtxt(io.BytesIO(content), delimiter=",", skiprows=1).T
    np.testing.assert_allclose(places, np.linspace(0, 5, 101), atol=1e-6)
    nearest = np.floor((np.arange(10, 111) + (FACTOR - 1) / 2) / FACTOR).astype(int)
    np.testing.assert_allclose(scanned, scan.data[52 // FACTOR, nearest], rtol=1e-6)
    row = image_of(page)[52].astype(float)
    np.testing.assert_allclose(image, (row[9:110] + row[10:111]) / 2, rtol=1e-6)
    page.click("#profile-close")
    assert page.locator("#profile").is_hidden()


def test_overlay_of_the_spread(shown):
    def ask_for_ensemble(page):
        page.click("text=More options")
        page.check("input[name=ensemble]")
        assert not page.is_checked("input[name=uncertainty]")

    page = shown(ask_for_ensemble)
    without = drawn(page)
    assert page.locator("input[name=overlay][value=guessed]").is_disabled()
    choose(page, "overlay", "uncertainty")
    page.wait_for_selector("#overlay-most:text-matches('[1-9]')")
    over = drawn(page)
    middle = over.shape[1] // 2
    np.testing.assert_array_equal(over[:, : middle - 20], without[:, : middle - 20])
    coloured = over[:, middle + 20 :].astype(int)
    assert (coloured[..., 0] > coloured[..., 2] + 10).any()
    assert "eight flips and rotations" in page.inner_text("#overlay-told")
    page.locator("#opacity").focus()
    page.keyboard.press("Home")
    np.testing.assert_array_equal(drawn(page), without)
    choose(page, "overlay", "none")
    assert page.locator("#overlay-look").is_hidden()


def test_fourier_transforms_have_one_scale(shown):
    page = shown()
    choose(page, "mode", "fourier")
    assert page.inner_text("#contrast-of") == "log₁₀ of the power density"
    length, units = page.inner_text("#scale-text").split()
    side = 128  # the largest power of two in 200 x 160 px
    pixels = page.locator("#scale-bar").bounding_box()["width"] / (percent(page) / 100)
    assert units == "1/nm" and pixels / (side * PIXEL / FACTOR) == pytest.approx(float(length), rel=0.02)
    assert page.locator("#profile-button").is_disabled()
    page.mouse.move(*place(page, 0.6, 0.5))
    assert "period" in page.inner_text("#readout")
    choose(page, "mode", "image")
    assert page.inner_text("#contrast-of") == "intensity"


def test_the_transform_is_numpys(opened, rng):
    page = opened()
    image = rng.normal(3, 1, (70, 90)).astype(np.float32)
    found = page.evaluate(
        """async ([values, width, height]) => {
          const { logPower } = await import("./static/fourier.js");
          const { Plane } = await import("./static/plane.js");
          return [...logPower(new Plane(Float32Array.from(values), width, height), 2).values];
        }""",
        [image.ravel().tolist(), 90, 70],
    )
    square = image[3:67, 13:77].astype(float)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(64) + 0.5) / 64)
    transform = np.fft.fftshift(np.fft.fft2((square - square.mean()) * np.outer(window, window)))
    expected = np.log10(np.abs(transform) ** 2 * 2 / (window**2).sum() ** 2)
    np.testing.assert_allclose(np.reshape(found, (64, 64)), expected, atol=1e-5)


def test_contrast_limits(shown):
    page = shown()
    image = image_of(page)
    for end, share in (("low", 0.1), ("high", 99.9)):
        assert float(page.input_value(f"#limit-{end}")) == pytest.approx(np.percentile(image, share), rel=0.01)
    automatic = drawn(page)
    page.check("#invert")
    shades = automatic[..., 3] == 255
    np.testing.assert_array_equal(drawn(page)[shades][:, 0], 255 - automatic[shades][:, 0])
    page.uncheck("#invert")
    page.fill("#limit-high", str(float(image.min()) + 1))
    page.keyboard.press("Enter")
    assert (drawn(page)[shades][:, 0] == 255).mean() > 0.8
    page.click("#full")
    assert float(page.input_value("#limit-high")) == pytest.approx(image.max(), rel=1e-5)
    page.get_by_role("slider", name="White").focus()
    page.keyboard.press("ArrowLeft")
    assert float(page.input_value("#limit-high")) < image.max()
    box = page.locator("#histogram-area").bounding_box()
    drag(
        page,
        (box["x"] + 0.1 * box["width"], box["y"] + 20),
        (box["x"] + 0.5 * box["width"], box["y"] + 20),
    )
    middle = (image.min() + image.max()) / 2
    assert float(page.input_value("#limit-low")) == pytest.approx(middle, abs=0.05 * np.ptp(image))
    page.click("#auto")
    np.testing.assert_array_equal(drawn(page), automatic)


def test_the_download_keeps_what_is_known(shown, scan, tmp_path):
    page = shown()
    page.select_option("#format", "hspy")
    name, content = saved(page, "#download-button")
    assert name == "waves.hspy"
    (tmp_path / name).write_bytes(content)
    image = dlss_tf.read(str(tmp_path / name))
    assert image.pixel_size == pytest.approx((PIXEL / FACTOR,) * 2) and image.units == "nm"
    assert image.title == "waves" and image.history[0] == "scanned" and len(image.history) == 2
    np.testing.assert_array_equal(image.data, image_of(page))
    page.select_option("#format", "npy")
    page.select_option("#depth", "float16")
    page.select_option("#depth", "uint16")
    page.select_option("#what", "scan")
    name, content = saved(page, "#download-button")
    assert name == "waves-scan.npy"
    values = scan.data.min() + np.ptp(scan.data) * (np.load(io.BytesIO(content)) / 65535)
    np.testing.assert_allclose(values, scan.data, atol=1e-5 * np.ptp(scan.data))
    page.select_option("#depth", "float16")
    page.select_option("#format", "tif")
    assert page.input_value("#depth") == "float32"


def test_the_command_does_the_same(shown, scan_file, tmp_path):
    if not shutil.which("curl"):
        pytest.skip("no curl")
    page = shown()
    page.select_option("#format", "npy")
    page.click("text=The command")
    command = page.inner_text("#curl")
    assert TOKEN not in command
    shutil.copy(scan_file, tmp_path)
    environment = {"PATH": "/usr/bin:/bin", "DLSS_TF_TOKEN": TOKEN}
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, env=environment, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "waves.npy"), image_of(page), rtol=1e-5)


def test_a_file_that_cannot_be_read_says_why_and_the_others_go_on(opened, scan_file, tmp_path):
    page = opened()
    page.allowed = ["status of 400", "ERR_UPLOAD_FILE_CHANGED"]
    ready(page)
    bad, other = tmp_path / "bad.tif", tmp_path / "notes.txt"
    bad.write_bytes(b"of no use")
    other.write_text("no image")
    page.set_input_files("#file", [str(bad), str(other), scan_file])
    page.wait_for_selector("#stage.filled[aria-busy=false]")
    told = page.locator("#queue .told").all_inner_texts()
    assert told[0].startswith("Failed: expected a .tif image")
    assert told[1].startswith("Failed: expected a suffix out of")
    assert told[2].startswith("Done")
    page.click("[aria-label='Remove notes.txt']")
    bad.write_bytes(b"changed")
    os.utime(bad, (0, 0))
    page.click("[aria-label^='Do bad.tif again']")
    page.wait_for_selector("#queue li:first-child >> text=Failed: expected the file as it was chosen")
    page.click("[aria-label='Remove bad.tif']")
    assert page.locator("#queue li").count() == 1
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove waves.hspy"
    page.click("[aria-label^='Do waves.hspy again']")
    page.wait_for_selector("#queue li[data-state=done] [aria-current]")


def test_what_is_removed_is_not_seen_any_more(shown, scan_file):
    page = shown()
    drop(page, scan_file, "second.hspy")
    page.wait_for_selector("#queue li:nth-child(2) [aria-current]")
    page.click("[aria-label='Remove second.hspy']")
    page.wait_for_selector("#queue li:first-child [aria-current]")
    page.click("[aria-label='Remove waves.hspy']")
    page.wait_for_selector("#message:has-text('Drop scans here')")
    assert page.locator("[aria-label=Result]").is_hidden() and not drawn(page).any()
    page.set_input_files("#file", scan_file)
    page.wait_for_selector("#stage.filled[aria-busy=false]")
    assert drawn(page).any()


def test_one_of_several_may_be_cancelled(opened, scan_file, tmp_path):
    page = opened()
    ready(page)
    held = []
    page.route("**/api/results?*", lambda route: held.append(route) if not held else route.continue_())
    second = shutil.copy(scan_file, tmp_path / "second.hspy")
    page.set_input_files("#file", [scan_file, str(second)])
    page.click("[aria-label='Cancel waves.hspy']")
    page.wait_for_selector("#queue li:nth-child(2)[data-state=done]")
    assert page.locator("#queue .told").first.inner_text() == "Cancelled"


def test_a_stack_has_frames(opened, scan, tmp_path):
    page = opened()
    ready(page)
    stack = np.stack([scan.data, scan.data[::-1], 2 * scan.data])
    dlss_tf.write(str(tmp_path / "stack.tif"), dlss_tf.Micrograph(stack, (PIXEL, PIXEL), "nm"))
    page.set_input_files("#file", str(tmp_path / "stack.tif"))
    page.wait_for_selector("#stage.filled[aria-busy=false]")
    assert page.inner_text("#frame-text") == "1 of 3"
    first = drawn(page)
    page.locator("#frame").focus()
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#frame-text") == "2 of 3"
    assert (drawn(page) != first).any()


def test_factors_that_were_not_trained_and_a_generator_that_is_not_there_yet(opened, url):
    info = {"generator": None}

    def answer(route):
        route.fulfill(json={**route.fetch().json(), **info, "live": False})

    page = opened("docs#")
    page.route("**/api/info", answer)
    page.goto(f"{url}#token={TOKEN}")
    page.wait_for_selector("text=is being started")
    assert page.get_by_role("tablist").is_hidden()
    info["generator"] = {"name": "one", "network": "two-stage", "width": 1, "factors": [4, 5, 6], "trained": [4, 5]}
    info["generator"]["uncertainty"] = True
    page.wait_for_selector("text=/^one$/")
    assert page.locator("#factor option").all_inner_texts() == ["4", "5", "6 (not trained)"]
    assert page.is_checked("input[name=uncertainty]")


def test_the_token_is_asked_for(opened, scan_file):
    page = opened("")
    page.allowed = ["status of 401"]
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    page.keyboard.type("another")
    page.keyboard.press("Enter")
    page.wait_for_selector("#token-wrong:visible")
    page.fill("#token-field", TOKEN)
    page.click("text=Continue")
    ready(page)
    assert dialog.is_hidden()
    page.set_input_files("#file", scan_file)
    page.wait_for_selector("#stage.filled")
    page.reload()
    ready(page)
    assert dialog.is_hidden()
    without = opened("")
    without.allowed = ["status of 401"]
    without.click("text=Cancel")
    without.wait_for_selector("#message:has-text('expected \\'Authorization: Bearer TOKEN\\'')")
    without.click("text=Try again")
    without.fill("#token-field", TOKEN)
    without.keyboard.press("Enter")
    without.wait_for_selector("#message:has-text('Drop scans here')")
    with_address = opened()
    ready(with_address)
    assert TOKEN not in with_address.url


def test_new_scans_of_the_watched_folder_come_by_themselves(shown, scan, watched):
    page = shown()
    dlss_tf.write(str(watched / "first.hspy"), scan)
    page.wait_for_selector("#live-count .badge")
    page.get_by_role("tab", name="Files").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#strip [aria-current] >> text=first.hspy")
    assert page.locator("#live-count .badge").count() == 0
    assert "Factor\n4" in page.inner_text("#facts")
    dlss_tf.write(str(watched / "second.hspy"), scan)
    page.wait_for_selector("#strip [aria-current] >> text=second.hspy")
    assert page.locator("#strip li").count() == 2
    assert "/api/results/" in page.text_content("#curl")
    (watched / "third.tif").write_bytes(b"of no use")
    page.wait_for_selector("#strip li:first-child >> text=Failed: third.tif")
    page.click("#strip >> text=first.hspy")
    page.wait_for_selector("#strip [aria-current] >> text=first.hspy")
    assert not page.is_checked("#follow")
    page.get_by_role("tab", name="Files").click()
    page.wait_for_selector("#facts div:has-text('Factor') >> text=/^5$/")


def test_nothing_is_wider_than_the_window(shown, url):
    page = shown(check_width, viewport=NARROW)
    page.click("#profile-button")
    page.click("text=The command")
    page.click("text=More options")
    for viewport in (NARROW, WIDE):
        page.set_viewport_size(viewport)
        check_width(page)
    page.goto(f"{url}docs")
    page.wait_for_selector(".route")
    for viewport in (NARROW, WIDE):
        page.set_viewport_size(viewport)
        check_width(page)


def check_width(page):
    settle(page)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider == 0


def test_light_and_dark_are_remembered(opened):
    page = opened(color_scheme="light")
    button = page.get_by_role("button", name="Dark colours")
    assert button.get_attribute("aria-pressed") == "false"
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button.click()
    page.reload()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_the_api_is_described(opened, url):
    page = opened("docs")
    page.wait_for_selector(".route")
    assert f"{url}api/supersample?factor=5" in page.inner_text("#curl")
    route = page.locator("#post--api-supersample")
    assert "integer · 2 to 16 · required" in route.inner_text()
    assert "one of wiener, adam" in route.inner_text()
    paths = page.request.get(f"{url}openapi.json").json()["paths"]
    assert page.locator(".route").count() == sum(len(methods) for methods in paths.values())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_by_axes_rules(shown, url, scheme):
    package = pytest.importorskip("axe_playwright_python", reason="no axe: pip install axe-playwright-python")
    axe = (importlib.resources.files(package) / "axe.min.js").read_text()

    def check(page):
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(({ violations }) => violations)")
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious] == []

    page = shown(check, color_scheme=scheme)
    page.click("#profile-button")
    page.click("text=More options")
    page.click("text=The command")
    check(page)
    page.click("#keys-button")
    check(page)
    page.goto(f"{url}docs")
    page.wait_for_selector(".route")
    check(page)
