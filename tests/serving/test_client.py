import http.server
import threading

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.micrograph import Micrograph
from dlss_tf.serving.client import Client, ServerError


def test_arrays_of_any_type_and_stacks(server, rng, supersampler):
    client = Client(server)
    for scan in (rng.normal(1000, 30, (2, 21, 26)), rng.integers(0, 4000, (21, 26), np.int16)):
        expected = supersampler(scan, 5)
        found = client.supersample(scan, 5)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.ptp(expected))
    refined = supersampler(scan, 5, keep_known=True)
    np.testing.assert_allclose(client.supersample(scan, 5, keep_known=True), refined, atol=1e-4 * np.ptp(refined))


def test_files(server, rng, tmp_path):
    source, target = str(tmp_path / "scan.hspy"), str(tmp_path / "image.ome.tif")
    micrograph.write(source, Micrograph(rng.random((20, 20), np.float32), (0.5, 0.5), "nm"))
    Client(server).supersample_file(source, target, 5)
    assert micrograph.read(target).pixel_size == pytest.approx((0.1, 0.1))
    with pytest.raises(ServerError, match="format: "):
        Client(server).supersample_file(source, str(tmp_path / "image.jpeg"), 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.ome.tif", "scan.hspy"]


def test_what_the_server_says_and_that_there_is_none(server):
    with pytest.raises(ServerError, match="^factor: expected one of 4, 5, 8"):
        Client(server).supersample(np.eye(9), 6)
    with pytest.raises(ServerError, match="^http://127.0.0.1:9: expected a server, found: "):
        Client("http://127.0.0.1:9").supersample(np.eye(9), 5)


class Busy(http.server.BaseHTTPRequestHandler):
    """Refuses twice, asks for a token, then answers."""

    seen: list = []

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers["Authorization"])
        busy = len(self.seen) < 3
        body = b'{"error": "expected room"}' if busy else b"done"
        self.send_response(429 if busy else 200)
        self.send_header("Retry-After", "0.01")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_it_comes_again_when_it_is_told_to_and_shows_its_token():
    Busy.seen = []
    with http.server.HTTPServer(("127.0.0.1", 0), Busy) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{web.server_port}"
        assert Client(url, "secret").ask("supersample", b"x") == b"done"
        assert Busy.seen == ["Bearer secret"] * 3
        Busy.seen = []
        with pytest.raises(ServerError, match="^expected room$") as refused:
            Client(url, seconds=0).ask("supersample", b"x")
        assert refused.value.status == 429
        web.shutdown()


def test_it_is_one_file_of_the_standard_library_and_numpy():
    import ast
    import sys
    from pathlib import Path

    from dlss_tf.serving import client

    tree = ast.parse(Path(client.__file__).read_text(encoding="utf-8"))
    names = [each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names]
    names += [node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "numpy"}
