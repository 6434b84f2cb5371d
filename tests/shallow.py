"""Networks without their residual blocks but the first: they have every kind of layer, and half as many to trace.

Tests of training take them where how deep a network is makes no difference. `python tests/shallow.py train ...` is
`dlss-tf train ...` of such a network.
"""

import sys

import pytest

from dlss_tf.models import one_stage, scan_grid, two_stage


def shallow(patch: pytest.MonkeyPatch) -> None:
    """Build such networks from now on, until `patch` is undone."""
    for module in (one_stage, two_stage):
        patch.setattr(module._Blocks, "residual", _first_alone(module._Blocks.residual))
    patch.setattr(scan_grid, "DOWN_BLOCKS", (1, 1, 1))
    patch.setattr(scan_grid, "UP_BLOCKS", (1, 1))


def _first_alone(residual):
    return lambda self, x, count, name: residual(self, x, count, name) if name.endswith("residual1") else x


if __name__ == "__main__":
    from dlss_tf import cli

    shallow(pytest.MonkeyPatch())
    sys.exit(cli.main())
