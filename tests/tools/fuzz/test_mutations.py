import contextlib
import io
import random
import zipfile

import numpy as np
import pytest
from PIL import Image

from tools.fuzz import mutations

TEXT = b'<Scan width="24" unit="nm">1.5e-9</Scan>' + bytes(100) + "gold".encode("utf-16-le") + bytes(range(256))


@pytest.mark.parametrize("change", dict.fromkeys(mutations.MUTATIONS))
def test_each_mutation_changes_files_and_bears_empty_ones(change):
    changed = [change(TEXT, random.Random(seed), TEXT[::-1]) for seed in range(20)]
    assert len(set(changed) - {TEXT}) >= 10
    assert changed == [change(TEXT, random.Random(seed), TEXT[::-1]) for seed in range(20)]
    for seed in range(20):
        change(b"", random.Random(seed), b"")


def test_extremes_are_whole_numbers_of_all_sizes():
    changed = [mutations.extreme(bytes(64), random.Random(seed), b"") for seed in range(500)]
    assert {len(each) for each in changed} == {64}
    for number in (b"\xff" * 8, b"\0\0\0\x80", b"\x7f" + b"\xff" * 7, b"\0\0\0\0\0\0\0\x80"):
        assert any(number in each for each in changed)


def test_numbers_in_text_are_replaced():
    changed = [mutations.number(TEXT, random.Random(seed), b"") for seed in range(300)]
    assert any(b'width="-1"' in each for each in changed) and any(
        b">nan<" in each.replace(b" ", b"") for each in changed
    )
    assert len([each for each in changed if len(each) == len(TEXT)]) > 100


def test_parts_of_a_zip_are_mutated_and_it_stays_sound():
    packed = io.BytesIO()
    np.savez_compressed(packed, data=np.arange(50), title="gold")
    changed = [mutations.mutated(packed.getvalue(), random.Random(seed), TEXT) for seed in range(50)]
    sound = [each for each in changed if _is_sound_zip(each)]
    assert 5 < len(sound) < 50 and len(set(sound)) > 5


def _is_sound_zip(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.testzip() is None
    except Exception:
        return False


def test_chunks_of_a_png_are_mutated_with_checksums_that_fit():
    packed = io.BytesIO()
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(packed, "PNG")
    images = set()
    for seed in range(100):
        changed = mutations._png(packed.getvalue(), random.Random(seed), TEXT, mutations.near)
        with contextlib.suppress(Exception):
            images.add(Image.open(io.BytesIO(changed)).convert("L").tobytes())
    assert len(images) > 5
