import pytest


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"upsampling": "bilinear", "activation": "leaky", "bias": False},
        {"subtract": "image", "bias": True},
        {"subtract": "image", "bias": False},
    ],
)
def test_gives_what_keras_does(check_alike, changes):
    check_alike("two-stage", **changes)
