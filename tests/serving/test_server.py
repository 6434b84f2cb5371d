import asyncio
import json
import os
import signal
import socket
import threading
import time

import httpx
import numpy as np
import pytest
from serving.conftest import running

from dlss_tf.errors import InputError
from dlss_tf.serving import server
from dlss_tf.serving.client import Client
from dlss_tf.serving.settings import Settings


def test_a_port_that_is_taken_or_none_is_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--host 127.0.0.1 --port {port}: expected a free port, found"):
            server.serve(Settings(port=port), print)


def test_two_have_no_port_together_on_windows(monkeypatch):
    """Where SO_REUSEADDR would let them, and another option keeps others away; any stands for it here."""
    with server._listening("127.0.0.1", 0) as listening:
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
    with server._listening("127.0.0.1", 0) as listening:
        assert not listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_the_end_of_an_answer_is_not_kept_back():
    """What is written in two parts, as head and body are, would wait 40 ms for the client's delayed acknowledgement."""
    options = []

    async def accept():
        accepted = asyncio.get_running_loop().create_future()
        listening = server._listening("127.0.0.1", 0)
        async with await asyncio.start_server(lambda _, writer: accepted.set_result(writer), sock=listening):
            _, client = await asyncio.open_connection(*listening.getsockname())
            writer = await accepted
            options.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()
            client.close()

    asyncio.run(accept())
    assert options[0]


def test_its_address_is_told_once_it_listens():
    said = []
    listening = server._listening("localhost", 0)
    with listening, socket.create_connection(listening.getsockname()[:2]):
        server._announce(Settings(host="0.0.0.0", token="secret", grpc_port=8500), listening, said.append)
    assert said[0].startswith("http://") and f":{listening.fileno()}" not in said[0]
    assert said[1] == "token: secret" and said[2].startswith("gRPC: ")


def test_it_keeps_little_memory(monkeypatch):
    said = []
    monkeypatch.setattr(server.memory, "keep_little", lambda: said.append("little"))

    async def served(*_):
        said.append("served")

    monkeypatch.setattr(server, "_serve", served)
    monkeypatch.setattr(server.signal, "signal", lambda *_: None)
    server.serve(Settings(port=0), print)
    assert said == ["little", "served"]


@pytest.mark.slow
def test_told_to_stop_it_answers_what_it_took(tiny_scan_grid_run, supersampler, rng, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    scan = rng.normal(1000, 30, (150, 150)).astype(np.float32)
    made = []
    with running("--weights", tiny_scan_grid_run) as (process, url, lines):
        follow = httpx.stream("GET", f"{url}api/progress/job-that-comes-never", timeout=60)

        def ask():
            made.append(Client(url).supersample(scan, 5, ensemble=True))

        asking = [threading.Thread(target=ask) for _ in range(4)]
        with follow as events:
            for each in asking:
                each.start()
            end = time.monotonic() + 60
            while "dlss_requests_admitted 4.0" not in httpx.get(f"{url}metrics").text and time.monotonic() < end:
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            assert list(events.iter_lines())  # it ends
        for each in asking:
            each.join()
        assert process.wait(60) == 0
        time.sleep(0.1)
    expected = supersampler(scan, 5, ensemble=True)
    assert len(made) == 4
    for image in made:
        np.testing.assert_allclose(image, expected, rtol=0, atol=1e-4 * np.ptp(expected))
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert {line["event"] for line in told} == {"request"} and "trace" not in "".join(lines)
    assert not [name for name in os.listdir(tmp_path) if name.startswith("dlss_tf-serve-")]


@pytest.mark.slow
def test_off_loopback_a_token_is_made_and_asked_for(tiny_scan_grid_run):
    with running("--weights", tiny_scan_grid_run, "--host", "0.0.0.0") as (process, url, _):
        word, token = process.stdout.readline().split()
        assert word == "token:" and len(token) >= 32
        assert process.stdout.readline().endswith(f":{url.rpartition(':')[2]}#token={token}\n")
        url = url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{url}api/info").status_code == 401
        assert httpx.get(f"{url}api/info", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) in (0, 130)
