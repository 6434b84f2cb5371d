import asyncio
import weakref

import numpy as np
import pytest
from serving.conftest import PlayedModel

from dlss_tf.serving.batches import PIXELS_A_BATCH, PIXELS_AT_ONCE, Batches, Refused, Request
from dlss_tf.serving.metrics import Metrics
from dlss_tf.serving.model import WorkerEnded


def doubled(question):
    array = question["arrays"]["scan"]
    if (array < 0).any():
        return {"error": "scan: expected no negative values, found some", "kind": "input"}
    said = [[f"{count} rows"] for count in question["counts"]]
    return {"image": 2 * array, "said": said, "history": "doubled", "provenance": {"factor": 2}}


def request(value, key="a", rows=1, pixels=1):
    return Request({"kind": "double"}, {"scan": np.full((rows, 2), value)}, rows, pixels, key)


def of(batches, requests):
    return asyncio.gather(*map(batches.submit, requests), return_exceptions=True)


def batched(answers, requests, **limits):
    """The answers to requests that all wait when the worker begins, and what it was asked."""

    async def run():
        model = PlayedModel(answers)
        model.available.clear()
        batches = Batches(model, Metrics(), limits.get("waiting", 100), limits.get("seconds", 10.0))
        asking = asyncio.ensure_future(of(batches, requests()))
        await asyncio.sleep(0.01)
        model.available.set()
        found = await asking
        await batches.close()
        return found, model.asked

    return asyncio.run(run())


def test_requests_of_a_key_go_together_and_each_gets_its_own():
    found, asked = batched(doubled, lambda: [request(1), request(2, rows=3), request(9, "b"), request(3)])
    assert [question["counts"] for question in asked] == [[1, 3, 1], [1]]
    assert [each["image"].tolist() for each in found] == [[[2, 2]], [[4, 4]] * 3, [[18, 18]], [[6, 6]]]
    assert [each["said"] for each in found] == [["1 rows"], ["3 rows"], ["1 rows"], ["1 rows"]]
    assert {each["history"] for each in found} == {"doubled"} and found[0]["provenance"] == {"factor": 2}


def test_a_batch_has_its_limit():
    found, asked = batched(doubled, lambda: [request(n, pixels=PIXELS_A_BATCH // 2) for n in range(5)])
    assert [len(question["counts"]) for question in asked] == [2, 2, 1]
    assert [each["image"][0, 0] for each in found] == [0, 2, 4, 6, 8]


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ((1, 1, 1, 1), [1, 2]),
        ((PIXELS_A_BATCH,) * 3, [1, 2]),
        ((PIXELS_AT_ONCE, 1), [1, 1]),
        ((1, 2 * PIXELS_AT_ONCE, 1), [1, 1]),
    ],
)
def test_two_batches_are_made_at_once_as_far_as_their_pixels_allow(pixels, expected):
    made, at_once = [], []

    async def answers(question):
        made.append(question)
        at_once.append(len(made))
        await asyncio.sleep(0.01)
        made.remove(question)
        return doubled(question)

    found, _ = batched(answers, lambda: [request(n, n, pixels=each) for n, each in enumerate(pixels)])
    assert [each["image"][0, 0] for each in found] == [2 * n for n in range(len(pixels))]
    assert at_once[:2] == expected and max(at_once) <= 2


def test_one_bad_request_is_refused_and_its_neighbours_are_not():
    found, asked = batched(doubled, lambda: [request(1), request(-1), request(2)])
    assert [len(question["counts"]) for question in asked] == [3, 1, 1, 1]
    assert found[0]["image"][0, 0] == 2 and found[2]["image"][0, 0] == 4
    assert isinstance(found[1], Refused) and found[1].status == 400 and "no negative values" in found[1].sentence


def test_more_than_may_wait_are_told_when_to_come_again():
    found, _ = batched(doubled, lambda: [request(n) for n in range(5)], waiting=3)
    refused = [each for each in found if isinstance(each, Refused)]
    assert len(refused) == 2 and all(each.status == 429 and each.retry_after >= 1 for each in refused)
    assert [each["image"][0, 0] for each in found[:3]] == [0, 2, 4]


@pytest.mark.parametrize(("kind", "status"), [("time", 504), ("memory", 507), ("internal", 500)])
def test_what_the_worker_cannot_is_a_status(kind, status):
    found, _ = batched(lambda question: {"error": "expected better", "kind": kind}, lambda: [request(1)])
    assert found[0].status == status and found[0].sentence == "expected better"


def test_a_worker_that_ends_loses_its_batch_alone():
    ended = []

    def answers(question):
        if not ended:
            ended.append(question)
            raise WorkerEnded("the worker ended by SIGKILL")
        return doubled(question)

    found, _ = batched(answers, lambda: [request(1), request(2), request(3, "b")])
    assert [each.status for each in found[:2]] == [503, 503] and found[0].retry_after
    assert "SIGKILL" in found[0].sentence and found[2]["image"][0, 0] == 6


def test_who_waits_too_long_is_told():
    async def never(question):
        await asyncio.sleep(60)

    async def run():
        batches = Batches(PlayedModel(never), Metrics(), 10, 0.05)
        found = await of(batches, [request(1), request(2, "b")])
        await batches.close()
        return found

    from dlss_tf.serving import batches as module

    late, module.LATE = module.LATE, 0.05
    try:
        found = asyncio.run(run())
    finally:
        module.LATE = late
    assert [each.status for each in found] == [504, 504]


def test_who_waits_no_more_is_not_worked_for():
    async def run():
        model = PlayedModel(doubled)
        model.available.clear()
        batches = Batches(model, Metrics(), 10, 10.0)
        gone, stays = (asyncio.ensure_future(batches.submit(request(n, str(n)))) for n in range(2))
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.sleep(0.01)
        assert len(batches) == 1
        model.available.set()
        await stays
        await batches.close()
        return model.asked

    assert len(asyncio.run(run())) == 1


def test_images_are_not_kept_until_the_next():
    async def run():
        batches = Batches(PlayedModel(doubled), Metrics(), 10, 10.0)
        image = (await batches.submit(request(1)))["image"]
        kept = weakref.ref(image if image.base is None else image.base)
        del image
        await asyncio.sleep(0.01)
        assert kept() is None
        await batches.close()

    asyncio.run(run())
