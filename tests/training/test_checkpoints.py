"""Which checkpoint a run goes on from, whatever state its files are in."""

import os

import pytest
import tensorflow as tf

from dlss_tf.errors import InputError
from dlss_tf.training import checkpoints


class State:
    """Of a run that has one variable, and perhaps discriminators."""

    def __init__(self):
        self.weight, self.discriminator = tf.Variable(tf.zeros([1000])), tf.Variable(0.0)

    def checkpoint(self, discriminators=True):
        named = {"discriminators": {"weight": self.discriminator}} if discriminators else {}
        return tf.train.Checkpoint(generator={"weight": self.weight}, **named)


@pytest.fixture
def run(tmp_path):
    """With checkpoints after 9, 10 and 11 iterations, the first of which is not kept."""
    state = State()
    checkpoint = state.checkpoint(discriminators=False)
    for iteration in (9, 10, 11):
        state.weight.assign(tf.fill([1000], float(iteration)))
        checkpoints.save(checkpoint, str(tmp_path), iteration)
    return str(tmp_path)


def path(run, name):
    return os.path.join(run, "checkpoints", name)


def restored(run):
    """What the run goes on from, and the value in it."""
    state = State()
    found = checkpoints.restore(state, run)
    assert found is None or checkpoints.iterations(found) == state.weight[-1]
    return found and checkpoints.iterations(found)


def test_the_last_two_are_kept_with_their_digests_and_tensorflow_finds_the_latest(run):
    endings = ("data-00000-of-00001", "index", "sha256")
    kept = [f"ckpt-{number}.{ending}" for number in (10, 11) for ending in endings]
    assert sorted(os.listdir(path(run, ""))) == ["checkpoint", *kept]
    assert tf.train.latest_checkpoint(path(run, "")) == path(run, "ckpt-11")
    assert restored(run) == 11


@pytest.mark.parametrize("content", [None, "", "\0\0\0", "model_checkpoint_path: 3"])
def test_the_checkpoint_file_is_not_needed(run, content):
    os.remove(path(run, "checkpoint"))
    if content is not None:
        with open(path(run, "checkpoint"), "w", encoding="utf-8") as file:
            file.write(content)
    assert restored(run) == 11


def change(name):
    def changed(run):
        with open(path(run, name), "r+b") as file:
            file.seek(2000)
            file.write(b"changed")

    return changed


DAMAGES = {
    "truncated": lambda run: os.truncate(path(run, "ckpt-11.data-00000-of-00001"), 1000),
    "empty": lambda run: os.truncate(path(run, "ckpt-11.index"), 0),
    "changed": change("ckpt-11.data-00000-of-00001"),
    "missing": lambda run: os.remove(path(run, "ckpt-11.data-00000-of-00001")),
    "folder": lambda run: [os.remove(path(run, "ckpt-11.index")), os.mkdir(path(run, "ckpt-11.index"))],
}


@pytest.mark.parametrize("digests", [True, False], ids=["with digests", "without"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_gives_way_to_the_one_before(run, damage, digests):
    DAMAGES[damage](run)
    if not digests:  # as runs of before have none
        for number in (10, 11):
            os.remove(path(run, f"ckpt-{number}.sha256"))
    with pytest.warns(UserWarning, match=r"ckpt-11: is damaged \(.*\); going on from .*ckpt-10"):
        assert restored(run) == 10
    assert restored(run) == 10  # without a word: it was set aside
    assert "damaged-ckpt-11.index" in os.listdir(path(run, ""))


def test_without_digests_a_whole_one_does(run):
    os.remove(path(run, "ckpt-11.sha256"))
    assert restored(run) == 11


@pytest.mark.parametrize("text", ["", "\0" * 100, "not a digest\n"])
def test_a_damaged_digest_condemns_nothing_that_it_does_not_name(run, text):
    with open(path(run, "ckpt-11.sha256"), "w", encoding="utf-8") as file:
        file.write(text)
    assert restored(run) == 11


def test_refuses_when_all_are_damaged_and_leaves_them(run):
    for number in (10, 11):
        os.truncate(path(run, f"ckpt-{number}.data-00000-of-00001"), 100)
    before = sorted(os.listdir(path(run, "")))
    with pytest.raises(InputError, match="ckpt-11: expected a whole checkpoint, found a damaged one, and none before"):
        restored(run)
    assert sorted(os.listdir(path(run, ""))) == before


def test_refuses_another_runs(run):
    state = State()
    state.weight = tf.Variable(tf.zeros([3]))
    with pytest.raises(InputError, match="ckpt-11: expected this run's checkpoint, found"):
        checkpoints.restore(state, run)


def test_a_new_run_has_none(tmp_path):
    assert restored(str(tmp_path)) is None and not checkpoints.noted(str(tmp_path))
    checkpoints.clear(str(tmp_path))


def test_one_that_was_saved_is_known_to_be_lost(run):
    for name in os.listdir(path(run, "")):
        if name != "checkpoint":
            os.remove(path(run, name))
    assert restored(run) is None and checkpoints.noted(run)


def test_what_a_kill_has_left_is_removed_and_nothing_else(run):
    whole = sorted([*os.listdir(path(run, "")), "notes.txt", "damaged-ckpt-9.index"])
    os.makedirs(path(run, "ckpt-12_temp/part-00000"))
    left = ("ckpt-12.data-00000-of-00001", "checkpoint.tmp123", "ckpt-9.sha256")
    for name in ("notes.txt", "damaged-ckpt-9.index", *left):
        with open(path(run, name), "w", encoding="utf-8") as file:
            file.write("half")
    checkpoints.clear(run)
    assert sorted(os.listdir(path(run, ""))) == whole
    assert restored(run) == 11


def test_discriminators_may_be_added(run):
    state = State()
    checkpoints.restore(state, run)
    state.discriminator.assign(7.0)
    checkpoints.save(state.checkpoint(), run, 12)
    state = State()
    assert checkpoints.restore(state, run) == path(run, "ckpt-12")
    assert state.discriminator == 7
