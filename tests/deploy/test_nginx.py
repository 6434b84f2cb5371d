"""deploy/nginx.conf as it is, but for ports and paths, in front of a server of this test."""

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dlss_tf.serving.settings import Settings

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
SECONDS = 10
HSTS = "max-age=31536000"

pytestmark = pytest.mark.skipif(
    NGINX is None or shutil.which("openssl") is None, reason="expected nginx and openssl on this machine, found none"
)


class Upstream(ThreadingHTTPServer):
    """In place of `dlss-tf serve`: tells what came, and streams events."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.began, self.more = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_POST(self):
        left = size = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read1(left))
            self.server.began.set()
        self._answer(json.dumps({"path": self.path, "size": size, "headers": dict(self.headers)}).encode())

    def do_GET(self):
        if not self.path.startswith(("/api/live", "/api/progress/")):
            self._answer(b"page")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        self.server.more.wait(SECONDS)
        self.wfile.write(b"data: last\n\n")
        self.close_connection = True

    def _answer(self, content):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Folder with certificate.pem and key.pem for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    command = ["openssl", "req", "-x509", *key, *name, "-out", folder / "certificate.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def upstream():
    with Upstream() as server:
        yield server
        server.more.set()
        server.shutdown()


@pytest.fixture
def nginx(certificate, upstream, tmp_path):
    """`nginx.https` and `nginx.http`: its ports."""
    https, plain = free_port(), free_port()
    changes = {
        "listen 443 ssl;": f"listen 127.0.0.1:{https} ssl;",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "server dlss-tf:8080;": f"server 127.0.0.1:{upstream.server_port};",
        "/run/secrets/": f"{certificate}/",
        "/tmp/": f"{tmp_path}/",
        "/dev/stdout": f"{tmp_path}/access.log",
    }
    text = CONFIG.read_text()
    assert all(what in text for what in changes)
    path = tmp_path / "nginx.conf"
    path.write_text(re.sub("|".join(map(re.escape, changes)), lambda found: changes[found[0]], text))
    command = [NGINX, "-c", path, "-p", tmp_path, "-e", "stderr"]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tested.returncode == 0 and "[warn]" not in tested.stderr, tested.stderr
    with open(tmp_path / "error.log", "wb") as log:
        process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=log)
    process.https, process.http = https, plain
    try:
        end = time.monotonic() + SECONDS
        while socket.socket().connect_ex(("127.0.0.1", https)):
            assert process.poll() is None and time.monotonic() < end, (tmp_path / "error.log").read_text()
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(SECONDS)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
def client(nginx, certificate):
    """A connection that trusts the test's certificate alone."""
    context = ssl.create_default_context(cafile=certificate / "certificate.pem")
    connection = http.client.HTTPSConnection("localhost", nginx.https, timeout=SECONDS, context=context)
    yield connection
    connection.close()


def test_uploads_pass_with_their_headers(client, nginx):
    body = bytes(3_000_000)
    path = "/api/supersample?factor=5&shape=1000%2C1000"
    client.request("POST", path, body, {"Authorization": "Bearer abc", "X-Forwarded-For": "1.2.3.4"})
    answer = client.getresponse()
    assert answer.status == 200 and answer.headers["Strict-Transport-Security"] == HSTS
    told = json.load(answer)
    assert (told["path"], told["size"]) == (path, len(body))
    assert told["headers"]["Authorization"] == "Bearer abc"
    # with its port, as in the origin that browsers send: the server compares them
    assert told["headers"]["Host"] == f"localhost:{nginx.https}"
    assert told["headers"]["X-Forwarded-Proto"] == "https"
    assert told["headers"]["X-Forwarded-For"] == "127.0.0.1"  # nobody says who somebody else is


def test_uploads_arrive_as_they_come(client, upstream):
    client.putrequest("POST", "/api/supersample")
    client.putheader("Content-Length", "400000")
    client.endheaders(bytes(200_000))
    assert upstream.began.wait(SECONDS)
    client.send(bytes(200_000))
    assert json.load(client.getresponse())["size"] == 400_000


@pytest.mark.parametrize("path", ["/api/live", "/api/progress/some-job"])
def test_events_arrive_when_they_happen(client, upstream, path):
    client.request("GET", path)
    answer = client.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.read1() == b"data: first\n\n" and not upstream.more.is_set()
    upstream.more.set()
    assert answer.read() == b"data: last\n\n"


def test_what_is_too_large_is_refused_as_by_the_server(client, upstream):
    most = Settings().most_bytes
    assert re.findall(r"client_max_body_size (\d+);", CONFIG.read_text()) == [str(most)]
    client.putrequest("POST", "/api/supersample")
    client.putheader("Content-Length", str(most + 1))
    client.endheaders()
    answer = client.getresponse()
    assert answer.status == 413 and answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Strict-Transport-Security"] == HSTS
    assert json.load(answer) == {"error": f"body: expected at most {most} bytes, found more"}
    assert not upstream.began.is_set()


def test_a_server_that_is_away_is_told(client, upstream):
    upstream.shutdown()
    upstream.server_close()
    client.request("GET", "/")
    answer = client.getresponse()
    assert answer.status == 502 and json.load(answer)["error"].startswith("expected dlss-tf serve behind this address")


def test_one_address_does_not_take_all_of_it(client):
    def asked():
        client.request("GET", "/")
        answer = client.getresponse()
        return answer.status, answer.read()

    assert [asked() for _ in range(60)] == [(200, b"page")] * 60
    refused = next(content for status, content in (asked() for _ in range(400)) if status == 429)
    assert json.loads(refused) == {"error": "expected fewer requests a second, found too many"}


def test_http_goes_to_https(nginx):
    client = http.client.HTTPConnection("localhost", nginx.http, timeout=SECONDS)
    client.request("POST", "/api/supersample?factor=5", b"scan")
    answer = client.getresponse()
    assert (answer.status, answer.headers["Location"]) == (308, "https://localhost/api/supersample?factor=5")
    client.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(("version", "spoken"), [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
def test_old_tls_is_refused(nginx, certificate, version, spoken):
    context = ssl.create_default_context(cafile=certificate / "certificate.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is not this side that refuses
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with socket.create_connection(("127.0.0.1", nginx.https), timeout=SECONDS) as plain:
        if spoken:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                assert secure.version() == version.replace("_", ".")
        else:
            with pytest.raises(ssl.SSLError) as refused:
                context.wrap_socket(plain, server_hostname="localhost")
            assert refused.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"
