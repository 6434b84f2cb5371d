import pytest

from tools.fuzz.campaign import own_seeds


@pytest.fixture(scope="module")
def seeds():
    return own_seeds()


def test_seeds_are_small_and_of_most_formats(seeds):
    assert {seed.scan.partition(".")[2] for seed in seeds} >= {
        *("tif", "ome.tif", "png", "npy", "dm3", "emd", "ser", "emi", "mrc", "ali", "hspy", "zspy", "prz", "nxs"),
        *("unf", "rpl", "blo", "tvips", "sur", "mib", "xml", "img"),
    }
    assert all(sum(map(len, seed.files.values())) < 200_000 for seed in seeds)


def test_seeds_are_the_same_every_time(seeds):
    assert own_seeds() == seeds
