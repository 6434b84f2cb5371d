"""The simulated dataset: its files, that they are reproducible, and that they are as varied as they should be."""

import json
import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dlss_tf.errors import InputError
from dlss_tf.simulation import dataset

COUNTS = {"train": 3, "val": 1, "test": 2}


def contents(root):
    """File contents by path under root."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_layout_and_format(tmp_path):
    assert dataset.simulate_dataset(tmp_path / "new" / "root", COUNTS, size=64, processes=1) == 6
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
    dataset.simulate_dataset(tmp_path / "one", COUNTS, size=64, seed=5, processes=1)
    dataset.simulate_dataset(tmp_path / "two", {"test": 2, "train": 3, "val": 1}, size=64, seed=5, processes=2)
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "two")
    dataset.simulate_dataset(tmp_path / "few", {"test": 1}, size=64, seed=5, processes=1)
    assert contents(tmp_path / "few")["test/00000.tif"] == one["test/00000.tif"]
    assert not multiprocessing.active_children()


def test_every_file_differs_and_the_seed_matters(tmp_path):
    dataset.simulate_dataset(tmp_path / "a", COUNTS, size=64, seed=0, processes=1)
    dataset.simulate_dataset(tmp_path / "b", COUNTS, size=64, seed=1, processes=1)
    images = [data for root in ("a", "b") for name, data in contents(tmp_path / root).items() if name.endswith(".tif")]
    assert len(set(images)) == 12


def test_resumption_keeps_files_and_restores_missing_ones(tmp_path):
    dataset.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)
    before = contents(tmp_path)
    (tmp_path / "train" / "00001.tif").unlink()
    (tmp_path / "train" / "00002.tif").write_bytes(b"kept as it is")
    assert dataset.simulate_dataset(tmp_path, COUNTS, size=64, processes=1) == 1
    after = contents(tmp_path)
    assert after.pop("train/00002.tif") == b"kept as it is"
    assert after == {name: data for name, data in before.items() if name != "train/00002.tif"}


def test_dataset_grows_and_never_shrinks(tmp_path):
    dataset.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)
    assert dataset.simulate_dataset(tmp_path, {"train": 4}, size=64, processes=1) == 1
    record = json.loads((tmp_path / "simulation.json").read_text())
    assert record == {"version": dataset.VERSION, "seed": 0, "size": 64, "counts": {"train": 4, "val": 1, "test": 2}}


def test_two_at_once_make_one_dataset(tmp_path):
    """Each does all of it; the record is of the larger one, whichever of them notes it last."""
    counts = [{"train": 4, "val": 1}, {"train": 2, "test": 3}]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda each: dataset.simulate_dataset(tmp_path / "two", each, size=64, processes=1), counts))
    dataset.simulate_dataset(tmp_path / "one", {"train": 4, "val": 1, "test": 3}, size=64, processes=1)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_what_a_killed_one_left_is_removed(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / ".0123456789abcdef.part.tif").write_bytes(b"half")
    dataset.simulate_dataset(tmp_path, {"train": 1}, size=64, processes=1)
    assert os.listdir(tmp_path / "train") == ["00000.tif"]


@pytest.mark.parametrize("key, arguments", [("seed", {"seed": 7}), ("size", {"size": 80}), ("version", {})])
def test_another_dataset_in_the_folder_is_refused(tmp_path, monkeypatch, key, arguments):
    dataset.simulate_dataset(tmp_path, {"val": 1}, size=64, processes=1)
    before = contents(tmp_path)
    if key == "version":
        monkeypatch.setattr(dataset, "VERSION", dataset.VERSION + 1)
    with pytest.raises(InputError, match=rf"simulation\.json: expected {key} \d+, found \d+"):
        dataset.simulate_dataset(tmp_path, **{"counts": {"val": 2}, "size": 64, "processes": 1, **arguments})
    assert contents(tmp_path) == before


def test_broken_record_is_refused(tmp_path):
    for text in ("{", "[]", "{}", '{"counts": 3}'):
        (tmp_path / "simulation.json").write_text(text)
        with pytest.raises(InputError, match=r"simulation\.json: expected the record"):
            dataset.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)


def test_real_images_are_not_mixed_with_simulated_ones(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "micrograph.tif").touch()
    with pytest.raises(InputError, match=r"found \.tif files but no simulation\.json"):
        dataset.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)
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
        dataset.simulate_dataset(tmp_path / "root", **{"counts": COUNTS, "size": 64, **arguments})
    assert not (tmp_path / "root").exists()


def test_root_must_be_a_folder_that_can_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: expected a folder for the simulated dataset, found a file"):
        dataset.simulate_dataset(tmp_path / "file", COUNTS, size=64)
    with pytest.raises(InputError, match="expected a folder that can be written to, found: Not a directory"):
        dataset.simulate_dataset(tmp_path / "file" / "below", COUNTS, size=64)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_interruption_leaves_no_half_file_and_can_be_continued(tmp_path, monkeypatch, error):
    write = dataset.tifffile.imwrite
    calls = []

    def fail_at_the_third(path, *arguments, **options):
        calls.append(path)
        if len(calls) < 3:
            return write(path, *arguments, **options)
        Path(path).write_bytes(b"half a file")
        raise error

    monkeypatch.setattr(dataset.tifffile, "imwrite", fail_at_the_third)
    with pytest.raises(error):
        dataset.simulate_dataset(tmp_path, COUNTS, size=64, processes=1)
    assert os.path.basename(calls[-1]).startswith(".")
    assert set(contents(tmp_path)) == {"simulation.json", "train/00000.tif", "train/00001.tif"}
    monkeypatch.undo()
    assert dataset.simulate_dataset(tmp_path, COUNTS, size=64, processes=1) == 4
