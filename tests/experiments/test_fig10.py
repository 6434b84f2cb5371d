import numpy as np
import pytest
import tensorflow as tf

from dlss_tf.config import preset
from dlss_tf.errors import InputError
from experiments.fig10 import boxcar, curve_of, logged


def write_log(run, values, suffix=""):
    """Log {iteration: loss} as a call of `train` does."""
    writer = tf.summary.create_file_writer(str(run / "logs"), filename_suffix=suffix)
    with writer.as_default():
        for iteration, value in values.items():
            tf.summary.scalar("equation_3", value, iteration)
            tf.summary.scalar("equation_7", -1.0, iteration)
    writer.close()


def test_boxcar():
    steps, means = boxcar(np.arange(5.0), np.array([0.0, 3.0, 6.0, 0.0, 0.0]), 3)
    assert np.allclose(steps, [1, 2, 3])
    assert np.allclose(means, [3, 3, 2])
    assert np.allclose(boxcar(np.arange(2.0), np.array([1.0, 3.0]), 9), [[0.5], [2]])


def test_a_run_that_went_on_from_earlier_replaces_what_it_logs_again(tmp_path):
    write_log(tmp_path, {50: 9.0, 100: 8.0, 150: 7.0}, ".a")
    (first,) = (tmp_path / "logs").iterdir()
    first.rename(first.with_name("events.out.tfevents.0.a"))  # names begin with the time
    write_log(tmp_path, {100: 5.0}, ".b")
    steps, values = logged(str(tmp_path), "equation_3")
    assert (steps.tolist(), values.tolist()) == ([50, 100], [9.0, 5.0])


def test_a_log_that_ends_in_the_middle(tmp_path):
    write_log(tmp_path, {50: 9.0, 100: 8.0})
    (path,) = (tmp_path / "logs").iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    assert logged(str(tmp_path), "equation_3")[0].tolist() == [50]


def test_curve(tmp_path):
    config = preset("quick").replace(iterations=8000, adversarial=True)
    config.save_in(str(tmp_path))
    write_log(tmp_path, {i: float(i) for i in range(50, 9001, 50)})
    _, steps, losses, averaged = curve_of(str(tmp_path))
    assert averaged == 200  # a fortieth
    # Values of 1 to 50 and 51 to 100 begin within the first 80 iterations; those beyond 8000 are adversarial.
    assert (steps[0], losses[0]) == (200, 225)
    assert (steps[-1], losses[-1]) == (7900, 7925)


def test_curve_of_what_an_adversarial_run_keeps_of_its_first_half(tmp_path):
    config = preset("quick").replace(iterations=8000, adversarial=True)
    kept = tmp_path / "non-adversarial"
    config.replace(adversarial=False).save_in(str(kept))
    write_log(tmp_path, {i: float(i) for i in range(50, 9001, 50)})
    for directory in (str(kept), f"{kept}/"):
        _, steps, losses, _ = curve_of(directory)
        assert (steps[-1], losses[-1]) == (7900, 7925)


def test_a_run_that_has_logged_nothing_yet(tmp_path):
    preset("quick").replace(iterations=10_000).save_in(str(tmp_path))
    with pytest.raises(InputError, match="expected a run's equation 3, found none"):
        curve_of(str(tmp_path))
    write_log(tmp_path, {50: 1.0})
    with pytest.raises(InputError, match="expected more than 1% of the run, found 50 iterations"):
        curve_of(str(tmp_path))
