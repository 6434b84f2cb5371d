import argparse

import pytest

from dlss_tf.errors import InputError
from experiments._classes import add_classes, by_class


def parsed(*classes):
    parser = argparse.ArgumentParser()
    add_classes(parser)
    return parser.parse_args([word for each in classes for word in ("--class", each)]).classes


def test_images_by_class_of_their_names():
    images = {"folder/a-1.tif": {"mse": 1}, "b-1.tif": {"mse": 2}, "c.tif": {"mse": 3}}
    found = by_class(images, parsed("first=a*,b*", "last=c.tif"))
    assert found == {"all": images, "first": dict(list(images.items())[:2]), "last": {"c.tif": {"mse": 3}}}
    assert by_class(images, parsed()) == {"all": images}


def test_a_class_without_images_is_refused():
    with pytest.raises(InputError, match="--class atoms: expected images called a"):
        by_class({"b.tif": {}}, parsed("atoms=a*"))


@pytest.mark.parametrize("text", ["atoms", "=a*", "atoms="])
def test_a_class_without_a_name_or_patterns_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        parsed(text)
    assert "expected NAME=PATTERN,PATTERN" in capsys.readouterr().err
