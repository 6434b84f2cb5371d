import asyncio
import json

from serving.conftest import PlayedModel, enlarged

from dlss_tf.serving import events
from dlss_tf.serving.service import Service
from dlss_tf.serving.settings import Settings


def said(script, stream, monkeypatch, **patches):
    """The events of a stream while the script, a coroutine of the service, goes on."""
    for name, value in {"STEP": 0.01, **patches}.items():
        monkeypatch.setattr(events, name, value)

    async def run():
        service = Service(Settings(), PlayedModel(enlarged))
        found = []

        async def listen():
            async for event in stream(service):
                found.append(event.decode())

        listening = asyncio.ensure_future(listen())
        await script(service)
        await asyncio.wait_for(listening, 10)
        await service.close()
        return found

    return [json.loads(event[6:]) if event.startswith("data: ") else event for event in asyncio.run(run())]


def test_a_job_waits_works_and_ends(monkeypatch):
    async def script(service):
        with service.admitted("mine") as report:
            await asyncio.sleep(0.05)
            report(1, 3)
            await asyncio.sleep(0.05)
            report(3, 3)
            await asyncio.sleep(0.05)

    found = said(script, lambda service: events.of_job(service, "mine"), monkeypatch)
    assert found == [{"waiting": 0}, {"done": 1, "of": 3}, {"done": 3, "of": 3}, {}]


def test_a_job_that_ended_before_anyone_asked_is_not_waited_for(monkeypatch):
    async def script(service):
        pass

    def stream(service):
        with service.admitted("mine"):
            pass
        return events.of_job(service, "mine")

    assert said(script, stream, monkeypatch) == [{}]  # or it were waited for longer than `said` waits


def test_an_unknown_job_ends_after_a_while_and_shows_meanwhile_that_it_lives(monkeypatch):
    async def script(service):
        pass

    found = said(script, lambda service: events.of_job(service, "no"), monkeypatch, UNKNOWN=0.1, QUIET=0.03)
    assert found[0] == ": still there\n\n" and found[-1] == {}


def test_streams_end_when_the_server_stops(monkeypatch):
    class Live:
        count, newest = 1, {"name": "a.tif"}

        def close(self):
            pass

    async def script(service):
        service.live = Live()
        await asyncio.sleep(0.05)
        service.live.count, service.live.newest = 2, {"name": "b.tif"}
        await asyncio.sleep(0.05)
        service.stopping.set()

    assert said(script, events.of_live, monkeypatch) == [{"name": "a.tif"}, {"name": "b.tif"}]
