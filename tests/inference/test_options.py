import dataclasses

import pytest

from dlss_tf.errors import InputError
from dlss_tf.inference.options import Options


def test_single_ones_go_over_the_others():
    assert Options.of(None, {}) == Options()
    assert Options.of(Options(refine=True), {"deblur": "adam"}) == Options(refine=True, deblur="adam")
    with pytest.raises(TypeError):
        Options.of(None, {"polish": True})


def test_refuses_other_ways_to_deblur():
    with pytest.raises(InputError, match="^deblur: expected one of wiener, adam, found magic$"):
        Options(deblur="magic")


def test_a_second_image_is_the_spread_or_the_error_to_expect():
    beside = [Options(**each).beside for each in ({}, {"ensemble": True}, {"uncertainty": True})]
    assert beside == [(), ("uncertainty",), ("uncertainty", "guessed")]
    with pytest.raises(InputError, match="^uncertainty: expected False for an ensemble"):
        Options(ensemble=True, uncertainty=True)


def test_what_a_door_cannot_have_is_refused():
    some = ("keep_known", "deblur=wiener")
    Options(keep_known=True, deblur="wiener").check_among(some, "a door", "why not")
    for options, sentence in (
        (Options(refine=True), "^refine: expected False for a door, found True; why not$"),
        (Options(deblur="adam"), "^deblur: expected None for a door, found adam; why not$"),
    ):
        with pytest.raises(InputError, match=sentence):
            options.check_among(some, "a door", "why not")


def test_every_option_is_in_the_history():
    assert Options().history() == []
    for field in dataclasses.fields(Options):
        value = "adam" if field.name == "deblur" else True
        assert len(Options(**{field.name: value}).history()) == 1


def test_every_door_has_words_for_every_option():
    from dlss_tf.cli import options as command_line

    names = {field.name for field in dataclasses.fields(Options)}
    assert set(command_line._OPTIONS) == names
    widget = pytest.importorskip("dlss_tf.interfaces.napari.widget")
    assert set(widget.OPTIONS) == names
