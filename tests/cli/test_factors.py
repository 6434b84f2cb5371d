import argparse

import pytest

from dlss_tf import coverages, weights
from dlss_tf.cli import factors
from dlss_tf.cli.installed import ranged
from dlss_tf.config import Config


def trained(name):
    return Config.load(f"{weights.pretrained(name)}/config.json").factors


def test_words_on_the_pretrained_generators_are_true():
    assert f"{ranged(trained(weights.PRETRAINED))} for {weights.PRETRAINED};" in factors.GENERATORS
    taken = f"{coverages.MIN_FACTOR} to {coverages.MAX_FACTOR}"
    assert (
        f"{taken} for {weights.PAPERS}, which was trained for {ranged(trained(weights.PAPERS))}" in factors.GENERATORS
    )
    assert factors.GENERATORS in factors.OF_SCAN and taken == factors.ANY


def test_what_is_a_factor():
    assert factors.one("16") == 16 and factors.several("4,5, 10") == [4, 5, 10]
    for text in ("1", "17", "4.5", "", "1/25"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number from 2 to 16, found "):
            factors.one(text)
    with pytest.raises(argparse.ArgumentTypeError, match="found 1$"):
        factors.several("4,1")


def test_it_may_be_left_out_only_where_it_is_not_required():
    parser = argparse.ArgumentParser()
    factors.add(parser, "of scans", required=False)
    assert parser.parse_args([]).factor is None and parser.parse_args(["--factor", "5"]).factor == 5
