import argparse

import pytest

from dlss_tf import weights
from dlss_tf.cli import commands, options


@pytest.mark.parametrize(
    ("command", "old", "new", "value"),
    [
        (["train", "--run", "run"], "--coverage", "--factor", "4"),
        (["train", "--run", "run"], "--steps", "--stop-at", "1"),
        (["evaluate", "--weights", "run", "--data", "data"], "--factors", "--factor", "4,5"),
        (["evaluate", "--weights", "run", "--data", "data"], "--results", "--out", "there"),
        (["check", "image.tif", "--factor", "4"], "--results", "--out", "there"),
        (["fit-p", "--weights", "run", "--data", "data"], "--run", "--out", "new"),
    ],
)
def test_an_old_word_is_the_new_one_with_a_warning(command, old, new, value):
    parser = commands.parser()
    with pytest.warns(UserWarning, match=f"^{old} is called {new} now; the old word goes with the next version$"):
        found = parser.parse_args([*command, old, value])
    assert found == parser.parse_args([*command, new, value])


@pytest.mark.parametrize("given", ["tif", ".tif"])
def test_a_suffix_needs_no_dot(given):
    parser = argparse.ArgumentParser()
    options.add_format(parser)
    assert parser.parse_args(["--format", given]).format == ".tif"


def test_words_on_weights_name_the_pretrained_generators():
    first, *rest = weights.pretrained_names()
    assert f"name: {first} (taken unasked), {weights.PAPERS}" in options.WEIGHTS_HELP
    assert all(name in options.WEIGHTS_HELP for name in rest)


def test_options_are_those_of_inference():
    parser = argparse.ArgumentParser()
    options.add_options(parser)
    assert options.options(parser.parse_args([])).history() == []
    found = options.options(parser.parse_args(["--ensemble", "--keep-known", "--deblur"]))
    assert (found.ensemble, found.refine, found.keep_known, found.deblur) == (True, False, True, "wiener")
