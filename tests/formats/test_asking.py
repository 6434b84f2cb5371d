import numpy as np
import pytest
import tifffile

from dlss_tf.errors import InputError
from dlss_tf.formats import asking, processes, readers


@pytest.fixture
def ask(tmp_path):
    """`ask(here, ...)`: all answers about a file, in this process or another."""

    def answers(here, question="frames", name="a.tif", **more):
        asked = {"question": question, "path": str(tmp_path / name), "suffix": ".tif", "stem": "a", "image": None}
        return list(asking.answers(here, **asked, **more))

    return answers


def test_here_and_elsewhere_the_answers_are_the_same(ask, tmp_path):
    stack = np.arange(3 * 20 * 24, dtype="u2").reshape(3, 20, 24)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    one, other = ask(True), ask(False)
    assert [sorted(each) for each in one] == [["image", "more"], ["frames", "more"], ["found", "remarks"]]
    assert repr(one) == repr(other) and one[1]["frames"].shape == (3, 20, 24)
    assert ask(True, "listing") == ask(False, "listing") and len(ask(False, "listing")) == 1


@pytest.mark.parametrize("here", [True, False])
def test_what_is_wrong_is_one_sentence(ask, tmp_path, here):
    (tmp_path / "a.tif").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"a\.tif: expected a \.tif image, found a file that is damaged"):
        ask(here)


@pytest.mark.parametrize("here", [True, False])
def test_a_lack_of_memory_is_one_sentence(ask, tmp_path, monkeypatch, here):
    (tmp_path / "a.tif").write_bytes(b"content")

    def answers(*_, **asked):
        raise MemoryError

    monkeypatch.setattr(readers if here else processes, "answers", answers)
    with pytest.raises(InputError, match=r"a\.tif: expected an image that fits"):
        ask(here)


def test_who_stops_half_way_leaves_no_process_that_still_answers(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((9, 20, 24), "u1"), photometric="minisblack", compression="zlib")
    asked = {"question": "frames", "path": str(tmp_path / "a.tif"), "suffix": ".tif", "stem": "a", "image": None}
    answers = asking.answers(False, **asked)
    next(answers)
    busy = processes._all - set(processes._pool.idle)
    answers.close()
    assert busy and not busy & processes._all
