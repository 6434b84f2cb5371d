"""Networks without their residual blocks but the first, two discriminators: every kind of layer, half as many to trace.

Tests of training take them where how deep a network is makes no difference. `python tests/shallow.py train ...` is
`dlss-tf train ...` of such a network.
"""

import sys

import pytest

from dlss_tf.models import discriminators, wiring


def shallow(patch: pytest.MonkeyPatch) -> None:
    """Build such networks from now on, until `patch` is undone."""
    for name in ("INNER_RESIDUALS", "OUTER_RESIDUALS", "ONE_STAGE_RESIDUALS"):
        patch.setattr(wiring, name, 1)
    patch.setattr(wiring, "DOWN_BLOCKS", (1, 1, 1))
    patch.setattr(wiring, "UP_BLOCKS", (1, 1))
    patch.setattr(discriminators, "FILTERS", (64, 128))
    patch.setattr(discriminators, "CROPS", (70, 140))


if __name__ == "__main__":
    from dlss_tf import cli

    shallow(pytest.MonkeyPatch())
    sys.exit(cli.main())
