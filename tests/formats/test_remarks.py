import warnings

import pytest

from dlss_tf.formats import guards, remarks


def test_a_remark_is_a_warning_that_names_its_file_and_comes_once_it_is_done():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with remarks.of("a.tif"), guards.quiet():
            for sentence in ("one", "two", "one"):
                remarks.say(sentence)
        assert [str(each.message) for each in caught] == ["a.tif: one", "a.tif: two"]


def test_a_remark_on_no_file_is_a_warning_at_once():
    with pytest.warns(UserWarning, match="^one$"):
        remarks.say("one")


def test_what_fails_says_why_and_no_more():
    with warnings.catch_warnings(record=True) as caught, pytest.raises(KeyError), remarks.of("a.tif"):
        remarks.say("one")
        raise KeyError
    assert not caught


def test_whoever_gathers_them_tells_them():
    with warnings.catch_warnings(record=True) as caught, remarks.of("a.tif"), remarks.gathered() as sentences:
        remarks.say("one")
    assert sentences == ["one"] and not caught
