"""The simulated dataset: its files, that they are reproducible, and that they are as varied as they should be."""

import json
import multiprocessing

import numpy as np
import pytest
import tifffile

from dlss_tf.data import simulate
from dlss_tf.errors import InputError

COUNTS = {"train": 3, "val": 1, "test": 2}


def contents(root):
    """File contents by path under root."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_layout_and_format(tmp_path):
    assert simulate.simulate_dataset(tmp_path / "new" / "root", COUNTS, size=64, processes=1) == 6
    names = {f"{split}/{index:05d}.tif" for split, count in COUNTS.items() for index in range(count)}
    assert set(contents(tmp_path / "new" / "root")) == names | {"simulation.json"}
    for name in names:
        with tifffile.TiffFile(tmp_path / "new" / "root" / name) as file:
            assert len(file.pages) == 1
            assert file.pages[0].compression == 1
            image = file.asarray()
        assert image.shape == (64, 64)
        assert image.dtype == np.float32
        assert np.isfinite(image).all()


def test_bytes_do_not_depend_on_processes_or_counts(tmp_path):
    simulate.simulate_dataset(tmp_path / "one", COUNTS, size=64, seed=5, processes=1)
    simulate.simulate_dataset(tmp_path / "two", {"test": 2, "train": 3, "val": 1}, size=64, seed=5, processes=2)
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "two")
    simulate.simulate_dataset(tmp_path / "few", {"test": 1}, size=64, seed=5, processes=1)
    assert contents(tmp_path / "few")["test/00000.tif"] == one["test/00000.tif"]
    assert not multiprocessing.active_children()


def test_every_file_differs_and_the_seed_matters(tmp_path):
    simulate.simulate_dataset(tmp_path / "a", COUNTS, size=64, seed=0, processes=1)
    simulate.simulate_dataset(tmp_path / "b", COUNTS, size=64, seed=1, processes=1)
    images = [data for root in ("a", "b") for name, data in contents(tmp_path / root).items() if name.endswith(".tif")]
    assert len(set(images)) == 12


def test_resumption_keeps_files_and_restores_missing_ones(tmp_path):
    simulate.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)
    before = contents(tmp_path)
    (tmp_path / "train" / "00001.tif").unlink()
    (tmp_path / "train" / "00002.tif").write_bytes(b"kept as it is")
    assert simulate.simulate_dataset(tmp_path, COUNTS, size=64, processes=1) == 1
    after = contents(tmp_path)
    assert after.pop("train/00002.tif") == b"kept as it is"
    assert after == {name: data for name, data in before.items() if name != "train/00002.tif"}


def test_dataset_grows_and_never_shrinks(tmp_path):
    simulate.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)
    assert simulate.simulate_dataset(tmp_path, {"train": 4}, size=64, processes=1) == 1
    record = json.loads((tmp_path / "simulation.json").read_text())
    assert record == {"version": simulate.VERSION, "seed": 0, "size": 64, "counts": {"train": 4, "val": 1, "test": 2}}


@pytest.mark.parametrize("key, arguments", [("seed", {"seed": 7}), ("size", {"size": 80}), ("version", {})])
def test_another_dataset_in_the_folder_is_refused(tmp_path, monkeypatch, key, arguments):
    simulate.simulate_dataset(tmp_path, {"val": 1}, size=64, processes=1)
    before = contents(tmp_path)
    if key == "version":
        monkeypatch.setattr(simulate, "VERSION", simulate.VERSION + 1)
    with pytest.raises(InputError, match=rf"simulation\.json: expected {key} \d+, found \d+"):
        simulate.simulate_dataset(tmp_path, **{"counts": {"val": 2}, "size": 64, "processes": 1, **arguments})
    assert contents(tmp_path) == before


def test_broken_record_is_refused(tmp_path):
    for text in ("{", "[]", "{}", '{"counts": 3}'):
        (tmp_path / "simulation.json").write_text(text)
        with pytest.raises(InputError, match=r"simulation\.json: expected the record"):
            simulate.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)


def test_real_images_are_not_mixed_with_simulated_ones(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "micrograph.tif").touch()
    with pytest.raises(InputError, match=r"found \.tif files but no simulation\.json"):
        simulate.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)
    assert set(contents(tmp_path)) == {"train/micrograph.tif"}


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"size": 63}, "size of simulated crops: expected 64 pixels or more, found 63"),
        ({"counts": {"train": -1, "val": 2}}, "expected 0 to 100000 crops for train, found -1"),
        ({"counts": {"train": 0}}, "expected at least one crop to simulate, found none"),
        ({"counts": {}}, "expected at least one crop to simulate, found none"),
        ({"counts": {"training": 1}}, "expected the splits train, val, test, found 'training'"),
        ({"seed": -1}, "seed: expected 0 or more, found -1"),
        ({"processes": 0}, "processes: expected 1 or more, found 0"),
    ],
)
def test_bad_arguments(tmp_path, arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        simulate.simulate_dataset(tmp_path / "root", **{"counts": COUNTS, "size": 64, **arguments})
    assert not (tmp_path / "root").exists()


def test_root_must_be_a_folder_that_can_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: expected a folder for the simulated dataset, found a file"):
        simulate.simulate_dataset(tmp_path / "file", COUNTS, size=64)
    with pytest.raises(InputError, match="expected a folder that can be written to, found: Not a directory"):
        simulate.simulate_dataset(tmp_path / "file" / "below", COUNTS, size=64)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_interruption_leaves_no_half_file_and_can_be_continued(tmp_path, monkeypatch, error):
    write = simulate.tifffile.imwrite
    calls = []

    def fail_at_the_third(path, *arguments, **options):
        calls.append(path)
        if len(calls) < 3:
            return write(path, *arguments, **options)
        path.write_bytes(b"half a file")
        raise error

    monkeypatch.setattr(simulate.tifffile, "imwrite", fail_at_the_third)
    with pytest.raises(error):
        simulate.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)
    assert not str(calls[-1]).endswith(".tif")
    assert set(contents(tmp_path)) == {"simulation.json", "train/00000.tif", "train/00001.tif"}
    monkeypatch.undo()
    assert simulate.simulate_dataset(tmp_path, COUNTS, size=64, processes=1) == 4


def test_crop_depends_on_the_generator_only():
    crops = [simulate.simulate_crop(np.random.default_rng(seed), 64) for seed in (3, 3, 4)]
    assert crops[0].dtype == np.float32
    assert crops[0].shape == (64, 64)
    assert np.array_equal(crops[0], crops[1])
    assert not np.array_equal(crops[0], crops[2])
    with pytest.raises(InputError, match="found 32"):
        simulate.simulate_crop(np.random.default_rng(0), 32)


@pytest.mark.parametrize("kind", simulate.SPECIMENS)
def test_every_kind_of_specimen_is_finite_and_structured(kind):
    for seed in range(8):
        rng = np.random.default_rng([seed, 1])
        image, feature = simulate._specimen(rng, 128, kind)
        assert image.shape == (128, 128)
        assert np.isfinite(image).all()
        assert image.min() >= 0
        assert image.std() > 1e-3
        assert feature > 0
        crop = simulate._crop(rng, 64, kind, dose=100)
        assert np.isfinite(crop).all()
        assert crop.std() > 0


def relative_noise(image):
    """Standard deviation of the noise relative to the mean, from differences of neighbours of a flat image."""
    return float(np.diff(image.astype(float), axis=1).std() / np.sqrt(2) / image.mean())


def test_dose_sets_the_noise(monkeypatch):
    """Without readout noise and the other faults of a detector, what is left is Poisson noise: 1 / sqrt(dose)."""
    monkeypatch.setattr(simulate, "_chance", lambda rng, probability: False)
    for dose in (10, 1000):
        rng = QuietRandom(0)
        assert relative_noise(simulate._detect(rng, np.ones((256, 256), np.float32), dose)) == pytest.approx(
            dose**-0.5, rel=0.03
        )


class QuietRandom:
    """A random generator that always takes the first choice (no fault) and the lowest value of a range."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def choice(self, options):
        return options[0]

    def uniform(self, low, high):
        return max(low, 0)

    def __getattr__(self, name):
        return getattr(self.rng, name)


def test_doses_span_orders_of_magnitude():
    doses = [simulate._dose(np.random.default_rng(seed)) for seed in range(200)]
    assert max(doses) / min(doses) > 100


def test_bright_field_is_there_and_inverts():
    bright = 0
    for seed in range(60):
        image = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
        detected = simulate._contrast(np.random.default_rng(seed), image)
        assert detected.min() >= 0
        bright += bool(np.all(np.diff(detected.ravel()) <= 0))
    assert 3 <= bright <= 30


def test_lattice_columns_are_where_the_cell_says():
    """A square lattice of 8 pixels has its power at multiples of 1/8 per pixel and nowhere else."""
    cell = np.eye(2), np.zeros((1, 2)), np.ones(1)
    points, weights = simulate._columns(np.random.default_rng(0), 128, cell, 8.0, 0.0)
    power = np.abs(np.fft.fft2(simulate._splat(points, weights, 128)[8:-8, 8:-8])) ** 2
    fraction = power[::14, ::14].sum() / power.sum()
    assert len(np.unique(np.round(points, 6), axis=0)) == len(points)
    assert fraction > 0.98


def test_splat_keeps_weight_and_position():
    image = simulate._splat(np.array([[3.25, 5.5], [-4.0, 2.0]]), np.array([2.0, 1.0]), 10)
    assert image.sum() == pytest.approx(2)
    assert (np.arange(10) * image.sum(axis=1)).sum() / 2 == pytest.approx(3.25)
    assert (np.arange(10) * image.sum(axis=0)).sum() / 2 == pytest.approx(5.5)


def test_blur_has_the_standard_deviation_asked_for():
    image = np.zeros((64, 64), np.float32)
    image[32, 32] = 1
    blurred = simulate._blur(image, 3.0).astype(float)
    position = np.arange(64) - 32
    assert (blurred.sum(axis=0) * position**2).sum() == pytest.approx(9, rel=0.01)
    assert (blurred.sum(axis=1) * position**2).sum() == pytest.approx(9, rel=0.01)


def test_faint_structure_gets_a_dose_that_shows_it():
    rng = np.random.default_rng(0)
    strong = np.tile(np.float32([0, 1]), (64, 32))
    for contrast in (1, 0.1):
        image = 1 + contrast * (strong - 0.5)
        # variance of the structure over variance of Poisson noise, both in electrons
        ratios = [image.var() * simulate._least_dose(rng, image) / image.mean() for _ in range(20)]
        assert 0.1 <= min(ratios) < max(ratios) <= 1.001
