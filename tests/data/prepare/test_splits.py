from collections import Counter

import pytest

from dlss_tf.data.prepare.splits import assign, place


def many(count):
    return {f"specimen {number}": 3 for number in range(count)}


def test_three_in_four_train_and_a_tenth_tests():
    shares = Counter(assign(many(4000)).values())
    assert [shares[split] / 4000 for split in ("train", "val", "test")] == pytest.approx([0.75, 0.15, 0.1], abs=0.02)


def test_a_specimen_stays_where_it_is_as_others_come_in_any_order():
    few, more = many(50), dict(reversed(many(500).items()))
    chosen = assign(more)
    assert all(chosen[name] == split for name, split in assign(few).items())


@pytest.mark.parametrize("count", range(2, 12))
def test_few_specimens_leave_no_split_empty(count):
    for salt in range(40):
        chosen = assign({f"{salt} {number}": 1 for number in range(count)})
        assert set(chosen.values()) >= ({"train", "val", "test"} if count > 2 else {"train", "val"})


def test_train_has_half_of_the_crops():
    names = [f"{number}" for number in range(20)]
    heavy = {name: 100 if place(name) > 0.75 else 1 for name in names}
    chosen = assign(heavy)
    assert 2 * sum(count for name, count in heavy.items() if chosen[name] == "train") >= sum(heavy.values())
    assert set(chosen.values()) == {"train", "val", "test"}


def test_one_specimen_is_in_one_split():
    assert len(set(assign({"a": 9}).values())) == 1
    assert len(set(assign({"a": 9, "b": 9}, [("b", "a")]).values())) == 1


def test_what_is_alike_is_together_by_way_of_others_too():
    names = many(60)
    pairs = [(f"specimen {number}", f"specimen {number + 1}") for number in range(20)]
    chosen = assign(names, pairs)
    assert len({chosen[f"specimen {number}"] for number in range(21)}) == 1
    assert assign(names, [(b, a) for a, b in reversed(pairs)]) == chosen


def test_what_is_given_stays_and_draws_what_is_like_it():
    given = {"a": "test", "b": "val", "c": "train", "d": "train"}
    names = dict.fromkeys("abcdefgh", 2)
    chosen = assign(names, [("a", "e"), ("c", "f"), ("c", "g"), ("b", "g")], given)
    assert {name: chosen[name] for name in given} == given
    assert chosen["e"] == "test" and chosen["f"] == chosen["g"] == "val"  # rather held out than trained on


def test_specimens_without_crops_fill_no_split():
    chosen = assign({"a": 1, "b": 1, **{f"none {number}": 0 for number in range(9)}})
    assert {chosen["a"], chosen["b"]} == {"train", "val"}
