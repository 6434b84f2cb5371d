import numpy as np
import pytest

from dlss_tf.errors import InputError
from dlss_tf.evaluation.spectra import fourier_ring_correlation, high_frequency_difference, power_spectrum


def test_white_noise_has_its_variance_at_every_frequency(rng):
    frequency, power = power_spectrum(rng.normal(3, 0.5, (256, 256)))
    np.testing.assert_allclose(frequency, np.arange(1, 129) / 256)
    np.testing.assert_allclose(power[30:], 0.25, rtol=0.4)
    assert power[30:].mean() == pytest.approx(0.25, rel=0.02)


def test_a_wave_is_at_its_frequency():
    x = np.arange(128)
    frequency, power = power_spectrum(np.tile(np.sin(2 * np.pi * 16 * x / 128), (128, 1)))
    assert frequency[power.argmax()] == 16 / 128
    assert power[40:].max() < 1e-10 * power.max()


def test_high_frequency_difference_is_in_decades(rng):
    noise = rng.normal(0, 1, (128, 128))
    assert high_frequency_difference(noise, noise) == 0
    assert high_frequency_difference(0.1 * noise, noise) == pytest.approx(-2)
    x = np.arange(128)
    low = np.add.outer(np.sin(2 * np.pi * 8 * x / 128), np.sin(2 * np.pi * 4 * x / 128))
    assert high_frequency_difference(noise + 100 * low, noise) == pytest.approx(0, abs=0.05)
    assert high_frequency_difference(np.ones((128, 128)), noise) < -10


@pytest.mark.parametrize("shape", [(64, 32), (63, 63), (64,), (0, 0, 0)])
def test_refuses_other_shapes(shape):
    with pytest.raises(InputError, match="square image of even side"):
        power_spectrum(np.zeros(shape))


def test_ring_correlation_of_one_image_and_a_multiple_of_it(rng):
    image = rng.normal(5, 1, (64, 64))
    frequency, correlation = fourier_ring_correlation(image, image)
    np.testing.assert_allclose(frequency, np.arange(1, 33) / 64)
    np.testing.assert_allclose(correlation, 1)
    np.testing.assert_allclose(fourier_ring_correlation(image, 3 - 2 * image)[1], -1)


def test_ring_correlation_of_independent_noise(rng):
    _, correlation = fourier_ring_correlation(*rng.normal(0, 1, (2, 256, 256)))
    assert np.abs(correlation[20:]).max() < 0.3 and abs(correlation[20:].mean()) < 0.02


@pytest.mark.parametrize("snr", [0.25, 1.0, 4.0])
def test_ring_correlation_of_a_known_signal_to_noise_ratio(rng, snr):
    truth, *noise = rng.normal(0, 1, (3, 256, 256))
    noisy = [truth + each / np.sqrt(snr) for each in noise]
    one, both = (fourier_ring_correlation(noisy[0], other)[1][20:].mean() for other in (truth, noisy[1]))
    assert one == pytest.approx(np.sqrt(snr / (snr + 1)), abs=0.03)
    assert both == pytest.approx(snr / (snr + 1), abs=0.03)


def test_ring_correlation_without_power_or_of_two_shapes(rng):
    image = rng.normal(0, 1, (64, 64))
    assert not fourier_ring_correlation(np.ones((64, 64)), image)[1].any()
    with pytest.raises(InputError, match="one shape"):
        fourier_ring_correlation(image, image[:32, :32])
