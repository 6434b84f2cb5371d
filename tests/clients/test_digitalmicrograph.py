import ast
import hashlib
import importlib.util
import json
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from clients.gms import DigitalMicrograph, Image

from dlss_tf import weights
from dlss_tf.inference.supersampler import Supersampler

SCRIPT = Path(__file__).resolve().parents[2] / "clients" / "digitalmicrograph.py"
TOKEN = "a-token-of-this-test"
MICRO = b"\xb5m"  # as GMS gives it


@pytest.fixture
def gms(monkeypatch):
    module = DigitalMicrograph()
    monkeypatch.setitem(sys.modules, "DigitalMicrograph", module)
    return module


@pytest.fixture
def script(gms):
    spec = importlib.util.spec_from_file_location("of_digitalmicrograph", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert not gms.made and not gms.said  # nothing happens when it is imported
    return module


@pytest.fixture(scope="module")
def server(tiny_scan_grid_run, tmp_path_factory):
    """The address of a server with a token."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "token").write_text(TOKEN + "\n")
    command = [sys.executable, "-m", "dlss_tf.cli", "serve", "--port", "0", "--weights", tiny_scan_grid_run]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [*command, "--token-file", folder / "token"], stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            first = process.stdout.readline()
            assert first.startswith("http://"), (folder / "log").read_text()
            url = first.split("/ ")[0]
            wait_for(f"{url}/v2/health/ready")
            yield url
        finally:
            process.terminate()
            process.communicate(timeout=30)


def wait_for(url, seconds=30):
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=seconds):
                return
        except OSError:
            assert time.monotonic() < end, f"{url} does not answer"
            time.sleep(0.05)


@pytest.fixture
def image(gms, rng):
    """A scan in front, 30 wide and 20 high."""
    image = Image(rng.normal(1000, 30, (20, 30)).astype(np.float32))
    image.SetName("HAADF")
    image.SetDimensionCalibration(0, -12.5, 0.25, "nm", 0)
    image.SetDimensionCalibration(1, 3.0, 0.5, "nm", 0)
    image._intensity = [7.0, 0.125, "e-"]
    gms.front = image
    return image


def run(server, factor=5, token=TOKEN):
    """As GMS runs the text of a script window: no file, no module of its name."""
    lines = SCRIPT.read_text().splitlines()
    for name, value in {"SERVER": server, "FACTOR": factor, "TOKEN": token}.items():
        (place,) = (number for number, line in enumerate(lines) if line.startswith(f"{name} = "))
        lines[place] = f"{name} = {value!r}"
    exec(compile("\n".join(lines), "<script>", "exec"), {"__name__": "__main__"})


def expected(run_directory, scan, factor):
    return Supersampler(run_directory)(scan, factor)


def test_front_image_is_supersampled_and_shown(gms, image, server, tiny_scan_grid_run):
    scan = image.GetNumArray().copy()
    run(server)
    assert not gms.said
    (made,) = gms.made
    assert made.shown and made.GetName() == "HAADF x5"
    np.testing.assert_allclose(made.GetNumArray(), expected(tiny_scan_grid_run, scan, 5), rtol=1e-5, atol=1e-2)
    assert made.GetNumArray().dtype == np.float32
    np.testing.assert_array_equal(image.GetNumArray(), scan)  # the scan is left as it was
    assert made.GetDimensionCalibration(0, 0) == (-12.5, 0.05, "nm")
    assert made.GetDimensionCalibration(1, 0) == (3.0, 0.1, "nm")
    # where x is 0: pixel 50 of the scan, which is pixel 250 of the image
    assert (image.GetDimensionCalibration(0, 1)[0], made.GetDimensionCalibration(0, 1)[0]) == (50, 250)
    assert (made.GetIntensityOrigin(), made.GetIntensityScale(), made.GetIntensityUnitString()) == (7.0, 0.125, "e-")
    history = made.GetTagGroup().tags["dlss_tf:History"]
    assert re.fullmatch(rf"HAADF, supersampled by 5 by {re.escape(server)}, request [0-9a-f]{{16}}", history)
    told = json.loads(made.GetTagGroup().tags["dlss_tf:Provenance"])
    assert told["source"]["sha256"] == hashlib.sha256(scan.tobytes()).hexdigest()
    assert told["generator"]["sha256"] == weights.digest(tiny_scan_grid_run) and told["factor"] == 5


@pytest.mark.filterwarnings("ignore:scan. 10. of 108 samples are saturated")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float64, ">f4", bool])
def test_numbers_of_any_real_type_arrive(script, server, rng, tiny_scan_grid_run, dtype):
    scan = rng.integers(0, 250, (12, 9)).astype(dtype)
    answer = script.supersample(scan.T, 5, server + "/", TOKEN)  # memory in another order, too
    assert answer.image.shape == (45, 60)
    made = expected(tiny_scan_grid_run, np.ascontiguousarray(scan.T, np.float32), 5)
    np.testing.assert_allclose(answer.image, made, rtol=1e-5, atol=1e-2)
    assert dtype is bool or answer.remarks == []  # most of these are 1, which it takes for saturated


@pytest.mark.parametrize(
    ("dtype", "sent", "size"), [(np.uint8, "uint8", 1), (np.uint16, "uint16", 2), (np.int32, "float32", 4)]
)
def test_whole_numbers_take_no_more_bytes_than_they_have(script, monkeypatch, dtype, sent, size):
    asked = []

    def post(server, path, body, token):
        asked.append((path, len(body)))
        return bytes(4 * 8 * 12), {"Dlss-Shape": "8,12"}

    monkeypatch.setattr(script, "_post", post)
    script.supersample(np.zeros((2, 3), dtype), 4, "http://localhost")
    assert asked == [(f"/api/supersample?factor=4&dtype={sent}&shape=2%2C3&format=raw", 6 * size)]


def test_what_the_server_remarks_is_shown_and_kept(gms, image, server):
    image.GetNumArray()[3, 4] = np.nan
    run(server)
    (said,) = gms.said
    assert said.startswith("dlss_tf: the image is there. The server remarks:\n\n") and "1 of 600 samples" in said
    remark = said.partition("\n\n")[2]
    assert gms.made[0].shown and gms.made[0].GetTagGroup().tags["dlss_tf:History"].endswith(f"\n{remark}")


def test_units(gms, image, server):
    image._calibration = [[0.0, 2.0, MICRO], [0.0, 1.0, ""]]
    image._intensity[2] = MICRO
    run(server)
    assert gms.made[0].GetDimensionCalibration(0, 0) == (0.0, 0.4, "um")
    assert gms.made[0].GetDimensionCalibration(1, 0) == (0.0, 1.0, "")  # no pixel size, none made up
    assert gms.made[0].GetIntensityUnitString() == "um"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"server": "http://127.0.0.1:9"}, r"SERVER: expected a dlss-tf serve at http://127.0.0.1:9, found: .*refused"),
        ({"server": "localhost:8501"}, "SERVER: expected an address such as http://localhost:8501, found localhost:"),
        ({"server": "http://[::1"}, r"SERVER: expected a dlss-tf serve at http://\[::1, found: "),
        ({"token": "another"}, "expected 'Authorization: Bearer TOKEN' with the server's token, found another"),
        ({"token": ""}, "expected 'Authorization: Bearer TOKEN' with the server's token, found none"),
        ({"token": "a\nb"}, "TOKEN: expected the server's token, found characters"),
        ({"token": "Ωmega"}, "TOKEN: expected the server's token, found characters"),
        ({"factor": 6}, "factor: expected .*4, 5.* 8"),
        ({"factor": 99}, "factor: "),
        ({"factor": 4.5}, "FACTOR: expected a whole number, found 4.5"),
    ],
)
def test_what_cannot_be_asked_is_one_dialog(gms, image, server, change, sentence):
    run(**{"server": server, **change})
    assert not gms.made
    (said,) = gms.said
    assert re.match(f"dlss_tf: {sentence}", said) and "Traceback" not in said and len(said) < 200


@pytest.mark.parametrize(
    ("front", "sentence"),
    [
        (None, "expected an image in front, found none; open or click on one"),
        (np.zeros((4, 6), np.complex64), "expected an image of real numbers in front, found one of complex64"),
        (np.zeros((3, 4, 6), np.float32), "expected an image in front, found 6 x 4 x 3"),
        (np.zeros(5, np.float32), "expected an image in front, found 5"),
        (np.zeros((4, 6), "u1,u1,u1"), "expected an image of real numbers in front"),
    ],
)
def test_what_is_no_scan_is_one_dialog(gms, front, sentence):
    gms.front = None if front is None else Image(front)
    run("http://127.0.0.1:9")
    assert not gms.made
    (said,) = gms.said
    assert said.startswith(f"dlss_tf: {sentence}")


def test_whatever_gms_raises_is_one_dialog(gms, image, server):
    gms.CreateImage = None
    run(server)
    (said,) = gms.said
    assert said == "dlss_tf: expected an image, found TypeError: 'NoneType' object is not callable"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("200 OK\r\nContent-Length: 5\r\n\r\nhello", "found another answer"),
        ("200 OK\r\nDlss-Shape: 8,12\r\nContent-Length: 5\r\n\r\nhello", "found another answer"),
        ("200 OK\r\nDlss-Shape: 8,12\r\nContent-Length: 500\r\n\r\nhello", "found: IncompleteRead"),
        ("404 Not Found\r\nContent-Length: 5\r\n\r\nhello", "found: 404 Not Found"),
        ("502 Bad Gateway\r\nContent-Length: 2\r\n\r\n[]", "found: 502 Bad Gateway"),
        ("308 Permanent Redirect\r\nLocation: https://there/api?x\r\n\r\n", "found that it sends to https://there/api"),
        ("301 Moved\r\nLocation: https://there/\r\n\r\n", "found that it sends to https://there/"),
        (None, "found: "),
    ],
)
def test_what_is_no_server_of_ours_is_told(script, answering, answer, sentence):
    url = answering("" if answer is None else f"HTTP/1.1 {answer}")
    with pytest.raises(script.Failure, match=re.escape(sentence)) as failure:
        script.supersample(np.zeros((2, 3), np.uint8), 4, url)
    assert str(failure.value).startswith("SERVER: expected ") and url in str(failure.value)


@pytest.fixture
def answering():
    """`answering(text)`: address of a server that answers so, once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def start(text):
            def answer():
                connection, _ = listening.accept()
                with connection:
                    received = b""
                    while not received.endswith(b"\r\n\r\n" + bytes(6)):
                        received += connection.recv(4096)
                    connection.sendall(text.encode())

            threads.append(threading.Thread(target=answer))
            threads[-1].start()
            return f"http://127.0.0.1:{listening.getsockname()[1]}"

        threads = []
        yield start
        for thread in threads:
            thread.join()


def test_gms_has_all_that_it_needs():
    text = SCRIPT.read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 7))  # GMS 3.4 to 3.6
    imported = {
        (each.module if isinstance(each, ast.ImportFrom) else alias.name).split(".")[0]
        for each in ast.walk(tree)
        if isinstance(each, (ast.Import, ast.ImportFrom))
        for alias in each.names
    }
    assert imported - set(sys.stdlib_module_names) == {"numpy", "DigitalMicrograph"}
    assert "__file__" not in text and text.isascii()
    names = [node.targets[0].id for node in tree.body if isinstance(node, ast.Assign)]
    assert names[:3] == ["SERVER", "FACTOR", "TOKEN"]
