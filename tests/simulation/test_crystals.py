import numpy as np

from dlss_tf.simulation import crystals, fields


def test_lattice_columns_are_where_the_cell_says():
    """A square lattice of 8 pixels has its power at multiples of 1/8 per pixel and nowhere else."""
    cell = np.eye(2), np.zeros((1, 2)), np.ones(1)
    points, weights = crystals._columns(np.random.default_rng(0), 128, cell, 8.0, 0.0)
    power = np.abs(np.fft.fft2(fields.splat(points, weights, 128)[8:-8, 8:-8])) ** 2
    fraction = power[::14, ::14].sum() / power.sum()
    assert len(np.unique(np.round(points, 6), axis=0)) == len(points)
    assert fraction > 0.98
