import asyncio
import os
import threading

import numpy as np
import pytest
from serving.conftest import PlayedModel, enlarged

from dlss_tf.errors import InputError
from dlss_tf.inference.options import Options
from dlss_tf.serving import idle, service
from dlss_tf.serving.batches import Refused
from dlss_tf.serving.service import Service
from dlss_tf.serving.settings import Settings


def with_service(script, answers=enlarged, **settings):
    async def run():
        service = Service(Settings(**settings), PlayedModel(answers))
        try:
            return await script(service), service.model.asked
        finally:
            await service.close()

    return asyncio.run(run())


def test_scans_of_the_same_kind_go_together():
    scan = np.ones((4, 5), np.float32)
    scans = [scan, np.stack([scan, 2 * scan]), scan.astype(np.float64), scan[:3], scan]

    async def script(service):
        service.model.available.clear()
        asking = asyncio.gather(*(service.supersample(each, 4, Options()) for each in scans))
        await asyncio.sleep(0.01)
        service.model.available.set()
        return await asking

    found, asked = with_service(script)
    assert [question["counts"] for question in asked] == [[1, 2, 1], [1], [1]]  # float64 may be shifted as a whole
    assert [each["image"].shape for each in found] == [(16, 20), (2, 16, 20), (16, 20), (12, 20), (16, 20)]
    assert found[1]["image"][1].max() == 2 and found[0]["history"] == "enlarged"
    assert found[0]["provenance"] == {"factor": 4}


@pytest.mark.parametrize(
    ("scan", "factor", "status", "sentence"),
    [
        (np.ones((4, 5)), 17, 400, "factor: expected a whole number from 2 to 16, found 17"),
        (np.ones(4), 5, 400, r"scan: expected an image \[h, w\] or a stack of them, found shape \[4\]"),
        (np.ones((0, 4)), 5, 400, "scan: expected an image"),
        (np.ones((4, 5), complex), 5, 400, "scan: expected real numbers, found complex128"),
        (np.ones((100, 100)), 16, 413, "scan: expected images of at most 1000000 px in all, found 2560000"),
    ],
)
def test_refuses(scan, factor, status, sentence):
    async def script(service):
        with pytest.raises(Refused, match=sentence) as caught:
            await service.supersample(scan, factor, Options())
        assert caught.value.status == status

    with_service(script, most_pixels=1_000_000)


def test_no_more_are_let_in_than_may_wait():
    async def script(service):
        with service.admitted(), service.admitted("job"):
            assert "job" in service.jobs
            with pytest.raises(Refused) as caught, service.admitted():
                pass
            assert caught.value.status == 429 and caught.value.retry_after >= 1
        with service.admitted():
            assert service.jobs == {}

    with_service(script, waiting=2)


def test_signatures_are_asked_for_once_a_worker():
    async def script(service):
        for _ in range(2):
            assert await service.signatures() == {"a": {}}
        service.model.starts += 1
        await service.signatures()

    _, asked = with_service(script, lambda question: {"a": {}})
    assert len(asked) == 2


def test_its_folder_goes_with_it(tmp_path):
    async def script(service):
        assert os.path.isdir(service.folder)
        return service.folder

    folder, _ = with_service(script)
    assert not os.path.exists(folder)


def test_a_folder_to_watch_must_be_one(tmp_path):
    async def script(service):
        with pytest.raises(InputError, match="none: expected a folder to watch, found none"):
            await service.start()

    with_service(script, watch=str(tmp_path / "none"), factor=5)


def test_memory_is_given_back_when_no_request_is_there(monkeypatch):
    given = threading.Event()
    monkeypatch.setattr(idle, "PAUSE", 0.0)
    monkeypatch.setattr(service.memory, "give_back", given.set)

    async def script(service):
        with service.admitted():
            await asyncio.sleep(0.01)
            assert not given.is_set()

    with_service(script)
    assert given.wait(60)
