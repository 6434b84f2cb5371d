"""Make the scan that ships, `dlss_tf/simulation/demo.tif`: every 5th sample of a simulated crystal, in counts.

    python -m tools.demo_scan

The crystal is `test/00019.tif` of `dlss-tf simulate`, with its seed 0; its pixel size is made up.
"""

from __future__ import annotations

import numpy as np

from dlss_tf import lattice, micrograph
from dlss_tf.micrograph import Micrograph
from dlss_tf.simulation.crop import simulate_crop
from dlss_tf.simulation.dataset import DEMO, SPLITS

NUMBER, FACTOR, SIDE = 19, 5, 512
COUNTS, PIXEL = 100, 0.01  # a unit of the simulation's; nm


def main() -> None:
    """Write it."""
    image = simulate_crop(np.random.default_rng([0, SPLITS.index("test"), NUMBER]), SIDE)
    counts = np.rint(COUNTS * lattice.downsample(image, FACTOR)).astype(np.uint16)
    made = Micrograph(counts, (FACTOR * PIXEL, FACTOR * PIXEL), "nm", "simulated crystal", ("every 5th sample",))
    micrograph.write(DEMO, made)
    print(f"{DEMO}: {made.describe()}")


if __name__ == "__main__":
    main()
