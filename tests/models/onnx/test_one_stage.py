import pytest


@pytest.mark.parametrize("changes", [{}, {"rules": 1, "factors": (4,)}])
def test_gives_what_keras_does(check_alike, changes):
    check_alike("one-stage", **changes)
