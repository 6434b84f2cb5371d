import numpy as np

from dlss_tf.formats.image import Micrograph
from dlss_tf.serving import kept


def result(size=100):
    return kept.Result({"image": Micrograph(np.zeros((1, size), np.uint8))}, 5, (), 0.1)


def test_results_have_names_that_cannot_be_guessed():
    store, results = kept.Kept(1000), [result() for _ in range(3)]
    for each in results:
        store.add(each)
    assert len({each.identity for each in results}) == 3 and all(len(each.identity) >= 20 for each in results)
    assert store.get(results[1].identity) is results[1] and store.get("another") is None
    assert store.remove(results[1].identity) and not store.remove(results[1].identity)


def test_those_used_last_stay():
    store, results = kept.Kept(300), [result() for _ in range(4)]
    for each in results[:3]:
        store.add(each)
    store.get(results[0].identity)
    store.add(results[3])
    assert [store.get(each.identity) is not None for each in results] == [True, False, True, True]


def test_one_that_is_too_large_is_kept_alone():
    store, large = kept.Kept(300), result(1000)
    store.add(result())
    store.add(large)
    assert store.get(large.identity) is large


def test_an_hour_is_enough(monkeypatch):
    store, one = kept.Kept(300), result()
    store.add(one)
    monkeypatch.setattr(kept.time, "time", lambda: one.made_at + kept.SECONDS + 1)
    assert store.get(one.identity) is None
