import json
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from data.prepare.pictures import specimen

from dlss_tf import micrograph
from dlss_tf.data.files import list_files
from dlss_tf.data.prepare import dataset
from dlss_tf.data.prepare.cutting import Source
from dlss_tf.data.prepare.dataset import prepare_dataset
from dlss_tf.errors import InputError
from dlss_tf.formats import locks, stacks
from dlss_tf.formats.image import Micrograph

NOISE = np.random.default_rng(0).normal(100, 10, (64, 64)).astype(np.float32)
MANY = {f"s{number}": specimen(number) for number in range(8)}


def contents(root):
    """All files below a folder, and what is in them."""
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
    return {os.path.relpath(path, root): Path(path).read_bytes() for path in paths}


def recorded(root):
    """Entries of all files."""
    return [json.loads(line) for line in Path(root, "prepare.jsonl").read_text(encoding="utf-8").splitlines()]


def splits(root):
    """Of each specimen with crops."""
    return {entry["specimen"]: entry["split"] for entry in recorded(root) if entry["split"]}


@pytest.fixture
def root(tmp_path):
    return str(tmp_path / "data")


def test_the_layout_and_the_record(scans, root):
    told = []
    sources = scans(**MANY, noise=NOISE, small=specimen(9, (32, 99)), copy=MANY["s1"])
    summary = prepare_dataset(sources, root, 64, tell=told.append)
    found = {split: list_files([root], split) for split in ("train", "val", "test")}
    assert {split: len(files) for split, files in found.items()} == summary["crops"] == summary["specimens"]
    assert sum(summary["crops"].values()) == 8 and summary["left_out"] == {"near-empty": 1}
    assert (summary["small"], summary["copies"], summary["size"]) == (1, 1, 64)
    assert json.loads(Path(root, "prepare.json").read_text(encoding="utf-8")) == summary
    assert sorted(os.listdir(root)) == ["prepare.json", "prepare.jsonl", "sheet.png", "test", "train", "val"]
    assert [each["crops"] for each in told] == [1] * 8 + [0] * 3
    assert [each["left_out"] for each in told][8:] == [{"near-empty": 1}, {"small": 1}, {"copy": 1}]
    written = {os.path.join(root, e["split"], c["name"]) for e in recorded(root) for c in e["crops"] if "name" in c}
    assert written == {path for files in found.values() for path in files}


def test_no_file_is_in_two_splits(scans, root):
    prepare_dataset(scans(**{name: specimen(int(name[1:]), (2, 64, 128)) for name in MANY}), root, 64)
    of = {
        split: {os.path.basename(path).split("-")[0] for path in list_files([root], split)} for split in dataset.SPLITS
    }
    assert not (of["train"] & of["val"] or of["train"] & of["test"] or of["val"] & of["test"])


def test_the_same_again_writes_nothing(scans, root):
    sources = scans(**MANY)
    first = prepare_dataset(sources, root, 64)
    before, told = {path: os.stat(os.path.join(root, path)).st_mtime_ns for path in contents(root)}, []
    assert prepare_dataset(sources, root, 64, tell=told.append) == first
    assert before == {path: os.stat(os.path.join(root, path)).st_mtime_ns for path in contents(root)}
    assert all(each["skipped"] for each in told)


def test_the_same_data_come_of_the_same_files(scans, root):
    sources = scans(**MANY)
    prepare_dataset(sources, root, 64)
    prepare_dataset(sources, root + "2", 64)
    assert contents(root) == contents(root + "2")


@pytest.mark.parametrize("stopped_at", range(1, 8, 2))
def test_an_interrupted_run_goes_on_to_the_same_data(scans, root, monkeypatch, stopped_at):
    sources = scans(**MANY)
    prepare_dataset(sources, root + "2", 64)
    cut, files = dataset.cut_file, []

    def interrupted(source, folder, *rest):
        files.append(source)
        entry = cut(source, folder, *rest)
        if len(files) == stopped_at:  # its crops are written, and not recorded
            raise KeyboardInterrupt
        return entry

    monkeypatch.setattr(dataset, "cut_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare_dataset(sources, root, 64)
    prepare_dataset(sources, root, 64)
    assert contents(root) == contents(root + "2") and len(files) == 9  # one twice


@pytest.mark.parametrize("function", ["_move", "flush_folder"])
def test_a_run_interrupted_as_it_splits_goes_on_to_the_same_data(scans, root, monkeypatch, function):
    sources = scans(**MANY)
    prepare_dataset(sources, root + "2", 64)
    with monkeypatch.context() as patch:
        real, calls = getattr(dataset, function), []

        def interrupted(*given):
            real(*given)
            calls.append(given)
            if len(calls) == 2:
                raise KeyboardInterrupt

        patch.setattr(dataset, function, interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare_dataset(sources, root, 64)
    prepare_dataset(sources, root, 64)
    assert contents(root) == contents(root + "2")


def test_a_data_set_grows_and_keeps_its_splits(scans, root):
    prepare_dataset(scans(**dict(list(MANY.items())[:3])), root, 64)
    before = splits(root)
    summary = prepare_dataset(scans(**MANY), root, 64)
    assert sum(summary["crops"].values()) == 8 and before.items() <= splits(root).items()


def test_a_crop_that_was_removed_by_hand_is_not_made_again(scans, root):
    prepare_dataset(scans(**MANY), root, 64)
    os.remove(list_files([root], "train")[0])
    left = len(list_files([root], "train"))
    prepare_dataset(scans(more=specimen(1, (64, 64)) // 2 + specimen(30), **MANY), root, 64)
    names = [os.path.basename(path).split("-")[0] for path in list_files([root], "train")]
    assert len([name for name in names if name != "more"]) == left


@pytest.mark.parametrize(
    "change", [lambda image: np.rint(image / image.max() * 255).astype(np.uint8), lambda i: i[:, 64:]]
)
def test_what_shows_the_same_is_in_one_split(scans, root, change):
    images = {name: specimen(int(name[1:]), (64, 128)) for name in MANY}
    exports = {f"export{name}": change(image) for name, image in images.items()}
    prepare_dataset(scans(**images, **exports), root, 64)
    found = splits(root)
    for name in images:
        assert found.get(f"export{name}", found[name]) == found[name]


def test_splits_that_are_given_are_kept(scans, root):
    given = {"s0": "test", "s1": "val", "s2": "val"}
    prepare_dataset([s._replace(split=given.get(s.specimen)) for s in scans(**MANY)], root, 64)
    assert given.items() <= splits(root).items()


def test_a_bad_file_does_not_stop_the_rest(scans, root, tmp_path):
    sources, told = scans(bad=specimen(8), **MANY), []
    (tmp_path / "scans" / "bad.npy").write_bytes(b"no image")
    assert sum(prepare_dataset(sources, root, 64, tell=told.append)["crops"].values()) == 8
    assert [bool(each["error"]) for each in told] == [True] + [False] * 8
    before = contents(root)
    prepare_dataset(sources, root, 64, tell=told.append)  # is tried again, and changes nothing
    assert contents(root) == before and [bool(each["error"]) for each in told[9:]] == [False] * 8 + [True]
    np.save(tmp_path / "scans" / "bad.npy", specimen(8))
    assert sum(prepare_dataset(sources, root, 64)["crops"].values()) == 9


def test_a_file_that_has_changed_is_refused(scans, root):
    sources = scans(**MANY)
    prepare_dataset(sources, root, 64)
    before = contents(root)
    scans(s3=specimen(33))
    with pytest.raises(InputError, match=r"s3.npy: .* changed since; --overwrite"):
        prepare_dataset(sources, root, 64)
    assert contents(root) == before
    prepare_dataset(sources, root, 64, overwrite=True)
    assert len(contents(root)) == len(before) and contents(root) != before


def test_other_settings_are_refused(scans, root):
    sources = scans(**{name: specimen(int(name[1:]), (96, 96)) for name in MANY})
    prepare_dataset(sources, root, 64)
    with pytest.raises(InputError, match="prepared with size 96, found 64; choose another --out, or --overwrite"):
        prepare_dataset(sources, root, 96)
    assert prepare_dataset(sources, root, 96, overwrite=True)["size"] == 96


def test_overwriting_removes_no_file_of_others(scans, root):
    sources = scans(**MANY)
    prepare_dataset(sources, root, 64)
    other = Path(root, "train", "other.tif")
    other.touch()
    prepare_dataset(sources[:4], root, 64, overwrite=True)
    assert other.exists() and sum(len(files) for _, _, files in os.walk(root)) == 4 + 1 + 3


def test_a_folder_of_others_is_refused(scans, root):
    os.makedirs(os.path.join(root, "val"))
    Path(root, "val", "a.tif").touch()
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"found TIFFs in val, no prepare.json"):
            prepare_dataset(scans(**MANY), root, 64, overwrite=overwrite)


@pytest.mark.parametrize("images", [{"a": specimen(0, (64, 256))}, {}])
def test_one_specimen_is_refused_before_anything_is_written(scans, root, images):
    with pytest.raises(InputError, match="two specimens or more, .* found (one, a|none); no image is divided"):
        prepare_dataset(scans(**images), root, 64)
    assert not os.path.exists(root)


def test_one_folder_of_many_specimens_is_told_how_to_say_so(scans, root):
    sources = scans(a=specimen(0), b=specimen(1), c=specimen(2))
    together = [source._replace(specimen="folder") for source in sources]
    with pytest.raises(InputError, match="found one, folder; .* several specimens, say so by --split-by file$"):
        prepare_dataset(together, root, 64)
    with pytest.raises(InputError, match="found crops of 2, .* all in train; .* say so by --split-by file$"):
        prepare_dataset(
            [*(each._replace(split="train") for each in together[:2]), sources[2]._replace(split="train")], root, 64
        )
    with pytest.raises(InputError, match="give more files or folders$"):
        prepare_dataset(sources[:1], root + "-other", 64)


def test_two_specimens_of_one_content_are_one(scans, root):
    with pytest.raises(InputError, match="two specimens or more"):
        prepare_dataset(scans(a=specimen(0, (64, 128)), b=specimen(0, (64, 128)) * 2), root, 64)
    summary = prepare_dataset(scans(c=specimen(1)), root, 64)  # goes on with what was cut
    assert sum(summary["crops"].values()) == 5 and summary["crops"]["val"]


def test_too_small_images_are_told_the_size_that_they_have(scans, root):
    sources = scans(a=specimen(0, (100, 120)), b=specimen(1, (97, 99)))
    with pytest.raises(InputError, match="found crops of 0.*; --size 96 takes files that are left out as too small"):
        prepare_dataset(sources, root, 128)
    assert sum(prepare_dataset(sources, root, 96)["crops"].values()) == 2  # in the same folder, as nothing is in it yet


def test_two_at_once_are_kept_apart(scans, root):
    os.makedirs(root)
    with locks.held(os.path.join(root, ".lock")), pytest.raises(InputError, match="expected nobody else to prepare it"):
        prepare_dataset(scans(**MANY), root, 64)


def saved_stacks(folder):
    """Sources of stacks in several formats, each a specimen."""
    stacks = {f"{i}.{suffix}": specimen(i, (3, 70, 140)) for i, suffix in enumerate(("tif", "mrc", "hspy", "npy"))}
    for name, stack in stacks.items():
        stack[1, :, :70] = 5
        micrograph.write(str(folder / name), Micrograph(stack, (0.1, 0.1), "nm"))
    return [Source(str(folder / name), name) for name in stacks]


def test_frame_by_frame_the_data_are_those_of_whole_files(scans, tmp_path, root, monkeypatch):
    sources, whole, of_array = saved_stacks(tmp_path), [], stacks.of_array
    monkeypatch.setattr(stacks, "PART", 0)
    monkeypatch.setattr(stacks, "of_array", lambda data: whole.append(data) or of_array(data))
    prepare_dataset(sources, root, 64)
    assert not whole
    monkeypatch.setattr(stacks.Stack, "__bool__", lambda self: False, raising=False)  # as if none could be read so
    prepare_dataset(sources, root + "2", 64)
    assert len(whole) >= len(sources) and contents(root) == contents(root + "2") and len(contents(root)) > 20


def test_of_a_file_that_is_damaged_further_on_nothing_is_left(scans, tmp_path, root, monkeypatch):
    monkeypatch.setattr(stacks, "PART", 0)
    prepare_dataset(scans(**MANY), root, 64)
    before, told = contents(root), []
    path = tmp_path / "damaged.tif"
    tifffile.imwrite(path, specimen(9, (3, 64, 64)), compression="zlib", photometric="minisblack")
    with tifffile.TiffFile(path) as file:
        at, size = file.pages[2].dataoffsets[0], file.pages[2].databytecounts[0]
    content = bytearray(path.read_bytes())
    content[at : at + size] = bytes(size)
    path.write_bytes(content)
    prepare_dataset([Source(str(path), "damaged")], root, 64, tell=told.append)
    assert "damaged.tif: expected" in told[0]["error"] and contents(root) == before
