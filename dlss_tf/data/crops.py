"""Files to crops: an endless, repeatable tf.data stream of square [0, 1] crops from ``<root>/{train,val,test}/*.tif``.

Element k of the stream is a pure function of (files, size, seed, k), so a stream is resumed by its position alone::

    files = list_files(["data/stem"], "train")
    for position, crop in CropStream(files, 512, seed=1, position=last_position + 1):
        ...

Uncompressed TIFF files are decoded by TensorFlow operations (`decode_tiff`), all others by tifffile (`read_tiff`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf
import tifffile
from absl import logging as absl_logging

from ..errors import InputError
from . import augment

# What is wrong with a file is said once, by InputError or BadFiles, not again in tifffile's own words.
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)

# Magnitudes from here on count as non-finite: the difference of two of them would overflow float32.
_LARGEST = 1.7e38
_FLAT = 1e-6
_SYMMETRIES = 8


def list_files(roots: Sequence[str], split: str) -> list[str]:
    """The ``*.tif`` and ``*.tiff`` files of ``<root>/<split>``: sorted in each root, roots in the order given.

    Raises InputError, which names the folder, if there is no root, or one of them or its split folder is missing or
    holds no TIFF file.
    """
    if isinstance(roots, (str, os.PathLike)):
        roots = [roots]
    if not roots:
        raise InputError("No data folder was given; expected at least one that holds train, val and test.")
    return [path for root in roots for path in _list_folder(os.fspath(root), split)]


def balanced(roots: Sequence[str], split: str) -> list[str]:
    """As `list_files`, with the files of each root repeated as often as makes the roots about equally long."""
    folders = [list_files([root], split) for root in roots]
    longest = max(map(len, folders))
    return [path for files in folders for path in files * round(longest / len(files))]


def _list_folder(root: str, split: str) -> list[str]:
    folder = os.path.join(root, split)
    for needed in (root, folder):
        if not os.path.isdir(needed):
            raise InputError(f"The data folder {needed} does not exist; expected {os.path.join(folder, '*.tif')}.")
    try:
        # Broken links are kept: the stream names them as bad files. Sub-folders are not files.
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.name.lower().endswith((".tif", ".tiff")) and not e.is_dir()]
    except OSError as error:
        raise InputError(f"The data folder {folder} cannot be read: {error.strerror}.") from None
    if not names:
        raise InputError(f"The data folder {folder} holds no *.tif or *.tiff file.")
    return [os.path.join(folder, name) for name in sorted(names)]


# --- Intensities -----------------------------------------------------------------------------------------------------


def scale_to_unit(image: tf.Tensor) -> tf.Tensor:
    """Linear map of one image to [0, 1] by its own minimum and maximum.

    Args:
      image: real array or tensor of any shape with at least one element, any units. NaN, infinities and magnitudes
        of 1.7e38 or more (whose difference would overflow float32) are set to 0 first.

    Returns:
      float32 of the same shape, in [0, 1]; all 0.5 if maximum - minimum < 1e-6.
    """
    image = tf.cast(tf.convert_to_tensor(image), tf.float32)
    image = tf.where(_usable(image), image, 0.0)
    low = tf.reduce_min(image)
    span = tf.reduce_max(image) - low
    return tf.cond(span < _FLAT, lambda: tf.fill(tf.shape(image), 0.5), lambda: (image - low) / span)


def _usable(image: tf.Tensor) -> tf.Tensor:
    """Bool mask: neither NaN (every comparison with it is false) nor too large for scale_to_unit."""
    return tf.abs(image) < _LARGEST


# --- Uncompressed TIFF, in TensorFlow operations ---------------------------------------------------------------------

# Tag: value where it is absent. -1: the tag must be there. These say where and what the pixels are, or that they are
# arranged in a way that decode_tiff leaves to tifffile.
_TAGS = {
    256: -1,  # ImageWidth
    257: -1,  # ImageLength
    258: 1,  # BitsPerSample
    339: 1,  # SampleFormat: 1 unsigned, 2 signed, 3 floating point
    273: -1,  # StripOffsets
    279: -1,  # StripByteCounts
    259: 1,  # Compression
    266: 1,  # FillOrder
    277: 1,  # SamplesPerPixel
    317: 1,  # Predictor
    32997: 1,  # ImageDepth
    322: 1,  # TileWidth: no tiles can be 1 wide, so only an absent tag passes the test for 1
}
_KINDS = {
    (8, 1): tf.uint8,
    (8, 2): tf.int8,
    (16, 1): tf.uint16,
    (16, 2): tf.int16,
    (32, 2): tf.int32,
    (16, 3): tf.float16,
    (32, 3): tf.float32,
    (64, 3): tf.float64,
}
_TYPE_BYTES = [0, 1, 0, 2, 4, 0]  # of the field types BYTE 1, SHORT 3 and LONG 4; 0: not a type for a size or offset
_MOST_ENTRIES, _MOST_STRIPS, _LONGEST_SIDE = 256, 1 << 16, 1 << 20


def decode_tiff(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decode a plain TIFF file in TensorFlow operations; never raises, whatever the bytes are.

    Plain: classic TIFF of either byte order, one page, one sample of 8 to 64 bits a pixel (unsigned 8, 16; signed 8,
    16, 32; float 16, 32, 64), uncompressed, in one strip or in strips that follow one another without gaps.

    Args:
      contents: scalar string, the whole file.

    Returns:
      image: float32 [h, w] in the file's units, not scaled and possibly not finite; [0, 0] if it could not be decoded.
      decoded: scalar bool, whether it could. False says nothing about the file's health: ask `read_tiff`.
    """
    header = _bytes(contents, 0, 8)
    little = tf.reduce_all(header[:4] == [0x49, 0x49, 42, 0])
    big = tf.reduce_all(header[:4] == [0x4D, 0x4D, 0, 42])
    fields, plain = _read_directory(contents, _unsigned(header[4:], little), little)
    width, length, bits, sample_format = tf.unstack(fields["value"][:4])
    start, stored, contiguous = _strips(contents, fields, little)

    kinds = tf.constant(list(_KINDS), tf.int64)
    matches = tf.reduce_all(kinds == tf.stack([bits, sample_format]), axis=1)
    needed = width * length * (bits // 8)
    plain &= (little | big) & tf.reduce_any(matches) & contiguous
    plain &= (stored == needed) & (needed > 0) & (start + needed <= _length(contents))

    def decoder(dtype: tf.DType, little_endian: bool):
        def decode() -> tf.Tensor:
            pixels = tf.io.decode_raw(tf.strings.substr(contents, start, needed), dtype, little_endian)
            return tf.reshape(tf.cast(pixels, tf.float32), tf.stack([length, width]))

        return decode

    branches = [decoder(dtype, order) for dtype in _KINDS.values() for order in (False, True)]
    branches.append(lambda: tf.zeros([0, 0]))
    chosen = 2 * tf.argmax(matches, output_type=tf.int32) + tf.cast(little, tf.int32)
    image = tf.switch_case(tf.where(plain, chosen, len(branches) - 1), branches)
    return tf.ensure_shape(image, [None, None]), plain


def _read_directory(contents: tf.Tensor, start: tf.Tensor, little: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """The fields of _TAGS in the first image file directory, at byte ``start``, each [len(_TAGS)] int64 in its order.

    ``value``: the value, or its position in the file if it takes more than 4 bytes; ``count``: how many values;
    ``bytes``: of one value; ``at``: position of the first value. Second result: whether all of them are as a plain
    file's are, strips aside.
    """
    entries = _unsigned(_bytes(contents, start, 2), little)
    plain = (entries > 0) & (entries <= _MOST_ENTRIES)
    entries = tf.clip_by_value(entries, 1, _MOST_ENTRIES)  # at least one row, for argmax and gather
    end = start + 2 + 12 * entries
    table = tf.reshape(_bytes(contents, start + 2, 12 * entries), [-1, 12])
    plain &= _unsigned(_bytes(contents, end, 4), little) == 0  # no second page
    plain &= end + 4 <= _length(contents)

    matches = _unsigned(table[:, :2], little)[:, None] == tf.constant(list(_TAGS), tf.int64)
    index = tf.argmax(tf.cast(matches, tf.int32), axis=0)
    present = tf.reduce_any(matches, axis=0)
    rows = tf.gather(table, index)
    kind, count = _unsigned(rows[:, 2:4], little), _unsigned(rows[:, 4:8], little)
    size = tf.gather(tf.constant(_TYPE_BYTES, tf.int64), tf.minimum(kind, len(_TYPE_BYTES) - 1))
    inline = count * size <= 4
    # A single SHORT or BYTE fills the first bytes of its four.
    short = tf.where(size == 2, _unsigned(rows[:, 8:10], little), rows[:, 8])
    value = tf.where((count == 1) & (size < 4), short, _unsigned(rows[:, 8:12], little))
    at = tf.where(inline, start + 2 + 12 * index + 8, value)

    strips = tf.constant([tag in (273, 279) for tag in _TAGS])
    plain &= tf.reduce_all(~present | ((size > 0) & ((count == 1) | strips)))
    value = tf.where(present, value, tf.constant(list(_TAGS.values()), tf.int64))
    plain &= tf.reduce_all(value >= 0) & tf.reduce_all(value[6:] == 1) & tf.reduce_all(value[:2] <= _LONGEST_SIDE)
    return {"value": value, "count": count, "bytes": size, "at": at}, plain


def _strips(contents: tf.Tensor, fields: dict[str, tf.Tensor], little: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Where the pixels start, how many bytes there are (int64), and whether (bool) the strips leave no gaps."""
    count = fields["count"][4]
    valid = (count > 0) & (count <= _MOST_STRIPS) & (fields["count"][5] == count)
    count = tf.clip_by_value(count, 1, _MOST_STRIPS)
    tables = []
    for i in (4, 5):
        size = tf.maximum(fields["bytes"][i], 1)
        raw = _bytes(contents, fields["at"][i], count * size)
        tables.append(_unsigned(tf.reshape(raw, tf.stack([count, size])), little))
    offsets, lengths = tables
    valid &= tf.reduce_all(offsets[1:] == offsets[:-1] + lengths[:-1])
    return offsets[0], tf.reduce_sum(lengths), valid


def _length(contents: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.strings.length(contents), tf.int64)


def _bytes(contents: tf.Tensor, start: tf.Tensor | int, count: tf.Tensor | int) -> tf.Tensor:
    """int64 [count]: the bytes from position ``start`` on, 0 past the end, where substr and decode_raw would raise."""
    start, count = tf.cast(start, tf.int64), tf.cast(count, tf.int64)
    start = tf.clip_by_value(start, 0, tf.maximum(_length(contents), 0))
    found = tf.io.decode_raw(tf.strings.substr(contents, start, count), tf.uint8)
    return tf.cast(tf.pad(found, [[0, count - tf.size(found, tf.int64)]]), tf.int64)


def _unsigned(raw: tf.Tensor, little: tf.Tensor) -> tf.Tensor:
    """Unsigned integers (int64 [...]) from their bytes (int64 [..., 1 to 4]) in either order."""
    power = tf.range(tf.shape(raw, tf.int64)[-1])
    power = tf.where(little, power, tf.reverse(power, [0]))
    return tf.reduce_sum(tf.bitwise.left_shift(raw, 8 * power), axis=-1)


# --- Any TIFF, by tifffile -------------------------------------------------------------------------------------------


def read_tiff(path: str) -> np.ndarray:
    """Read one grey image from any TIFF file that tifffile can decode.

    Returns:
      float32 [h, w] in the file's units; single pixels may be NaN or infinite. Further axes of length 1 are dropped.

    Raises:
      InputError: one sentence that names the file, if it is unreadable, empty, truncated, not two-dimensional, not of
        real numbers, or without one finite value.
    """
    return _grey_image(path, _read_array(path))


def _read_array(path: str) -> np.ndarray:
    try:
        size = os.path.getsize(path)
        if size == 0:
            raise InputError(f"{path} is empty: 0 bytes, expected a TIFF image.")
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages[0]
            end = max((a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=False)), default=0)
            if end > size:  # tifffile would fill what is missing with zeros
                raise InputError(f"{path} is truncated: its pixels end at byte {end}, the file at byte {size}.")
            # A lone page needs no series, which damaged metadata can keep tifffile from finding.
            return page.asarray() if len(tiff.pages) == 1 else tiff.asarray()
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # tifffile and its decoders raise whatever a damaged file makes them run into
        reason = (" ".join(str(error).split()) or type(error).__name__).rstrip(".")
        raise InputError(f"{path} cannot be read as a TIFF image: {reason}.") from None


def _grey_image(path: str, image: np.ndarray) -> np.ndarray:
    shape = image.shape
    if image.ndim > 2:
        image = image.squeeze()
    if image.ndim != 2 or not image.size:
        raise InputError(f"{path} has shape {shape}, expected one grey image of height x width.")
    if image.dtype.kind not in "buif":
        raise InputError(f"{path} holds {image.dtype} pixels, expected real numbers.")
    with np.errstate(over="ignore", invalid="ignore"):
        image = np.ascontiguousarray(image, dtype=np.float32)
    if not np.isfinite(image).any():
        raise InputError(f"{path} holds no finite value: every pixel is NaN or infinite.")
    return image


# --- The stream ------------------------------------------------------------------------------------------------------


class BadFiles:
    """Counts the files of one stream that cannot be used, and stops it when they are too many. Thread-safe.

    Args:
      total: number of files of the stream.
      folder: where they lie, for the message.
    """

    def __init__(self, total: int, folder: str = "the data"):
        self.total, self.folder = total, folder
        self._lock = threading.Lock()
        self._reasons: dict[str, str] = {}

    @property
    def count(self) -> int:
        """How many different files were reported."""
        return len(self._reasons)

    def reason(self, path: str) -> str | None:
        """Why ``path`` was reported; None if it was not."""
        return self._reasons.get(path)

    def report(self, path: str, reason: str) -> None:
        """Note that ``path`` is bad. The first time it is logged: ``reason`` is a sentence that names the file.

        Raises InputError if now more than 1 in 100 files, or all of them, are bad.
        """
        with self._lock:
            if path not in self._reasons:
                self._reasons[path] = reason
                absl_logging.warning("Skipped a bad file: %s", reason)
            count = len(self._reasons)
        if count == self.total:
            raise InputError(f"None of the {self.total} files in {self.folder} can be used; the last: {reason}")
        if count * 100 > self.total:
            raise InputError(
                f"{count} of {self.total} files in {self.folder} are bad, more than 1 in 100; the last: {reason}"
            )


class CropStream:
    """Endless repeatable stream of random crops, resumable at any position.

    Every epoch visits every file once in an order of its own. A crop lies at random in its file, is flipped or rotated
    by one of the 8 symmetries of the square, drawn anew each epoch, and is scaled to [0, 1] by `scale_to_unit`. Bad
    files are skipped, so positions may have gaps. Element k depends on (files, size, seed, k) alone.
    With `augment`, magnification, contrast and dose vary too, see `augment`.

    Iterating gives pairs (position, crop):
      position: int64 [batch], each element's index k in the endless stream. To resume a stream bit-exactly, make one
        with ``position`` = the last position seen + 1.
      crop: float32 [batch, size, size, 1] in [0, 1].
    It raises InputError if more than 1 in 100 files, or all of them, are bad.

    Args:
      files: TIFF files, in an order that must be the same whenever the stream is resumed; see `list_files`.
      size: side of a crop, pixels. A file with a shorter side is bad.
      batch: crops an element.
      seed: chooses order, crop positions, symmetries and augmentation.
      position: index in the endless stream to start from.
      augment: whether to vary magnification, contrast and dose.

    Attributes:
      files: list of str.
      bad: `BadFiles`.
      dataset: the tf.data.Dataset behind it, to iterate inside `input_errors()`.
    """

    def __init__(
        self,
        files: Sequence[str],
        size: int,
        *,
        batch: int = 1,
        seed: int = 0,
        position: int = 0,
        augment: bool = False,
    ):
        if not files:
            raise InputError("A stream of crops needs at least one file.")
        for name, value, least in (("size", size, 1), ("batch", batch, 1), ("position", position, 0)):
            if value < least:
                raise InputError(f"{name} must be at least {least}, not {value}.")
        self.files = [os.fspath(path) for path in files]
        self.size, self.batch, self.seed, self.position = size, batch, seed, position
        self.augment = augment
        self.bad = BadFiles(len(self.files), _folders(self.files))
        self._failure: InputError | None = None
        # Made here, eagerly: inside the map it would become a constant of the graph, copied and hashed at each use.
        self._paths = tf.constant([os.fsencode(path) for path in self.files])
        self.dataset = self._make_dataset()

    def __iter__(self) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
        iterator = iter(self.dataset)
        while True:
            with self.input_errors():
                element = next(iterator)
            yield element

    @contextlib.contextmanager
    def input_errors(self) -> Iterator[None]:
        """Raises InputError where iterating `dataset` itself raises tf.errors.OpError because files are bad."""
        try:
            yield
        except tf.errors.OpError:
            if self._failure is None:
                raise
            raise InputError(str(self._failure)) from None

    def _make_dataset(self) -> tf.data.Dataset:
        plain = tf.autograph.experimental.do_not_convert  # all conditions are tf.cond: nothing to convert
        elements = tf.data.Dataset.range(self.position, np.iinfo(np.int64).max)
        elements = elements.map(plain(self._element), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        elements = elements.filter(plain(lambda index, crop, good: good))
        elements = elements.map(plain(lambda index, crop, good: (index, crop)))
        return elements.batch(self.batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)

    def _element(self, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Position ``index`` of the stream: itself, its crop [size, size, 1], and whether the file is good."""
        path = self._path(index)
        # One draw serves all three choices; the remainder's bias is below size / 2^31.
        draws = tf.random.stateless_uniform([3], self._seed(index), 0, tf.int32.max, tf.int32, alg="philox")
        zoom = augment.zoom(self._seed(index)) if self.augment else tf.constant(1.0)
        image, _ = decode_tiff(_read_or_empty(path))
        crop = self._crop(image, draws, zoom)
        good = tf.reduce_any(_usable(crop))  # False for a [0, 0] crop, too
        crop = tf.cond(good, lambda: crop, lambda: self._crop(self._read_slowly(path), draws, zoom))
        good = tf.size(crop) > 0
        crop = tf.cond(good, lambda: self._finish(crop, index, draws[2]), lambda: tf.zeros([self.size, self.size]))
        return index, tf.reshape(crop, [self.size, self.size, 1]), good

    def _path(self, index: tf.Tensor) -> tf.Tensor:
        """The file of position ``index``. Every epoch is a permutation that is computed an element at a time."""
        count = tf.constant(len(self.files), tf.int64)
        # Both TensorFlow versions give the same bijection, hashed from the two seed numbers (checked by the tests).
        shuffled = tf.random.experimental.index_shuffle(index % count, self._seed(index // count), count - 1)
        return self._paths[shuffled]

    def _seed(self, number: tf.Tensor) -> tf.Tensor:
        return tf.stack([tf.constant(self.seed % (1 << 63), tf.int64), number])

    def _crop(self, image: tf.Tensor, draws: tf.Tensor, zoom: tf.Tensor) -> tf.Tensor:
        """A square of side `zoom` size, or the largest there is, at random from [h, w]; [0, 0] if that is too small."""
        shortest = tf.reduce_min(tf.shape(image))
        side = tf.minimum(tf.cast(tf.round(zoom * self.size), tf.int32), shortest)
        room = tf.shape(image) - side
        return tf.cond(
            shortest >= self.size,
            lambda: tf.slice(image, draws[:2] % (room + 1), tf.stack([side, side])),
            lambda: tf.zeros([0, 0]),
        )

    def _finish(self, crop: tf.Tensor, index: tf.Tensor, symmetry: tf.Tensor) -> tf.Tensor:
        """A square region of a file as a crop [size, size] in [0, 1]."""
        crop = scale_to_unit(crop)
        if self.augment:
            crop = augment.resample(crop, self.size)
            crop = scale_to_unit(augment.vary(scale_to_unit(crop), self._seed(index)))
        return _turn(crop, symmetry)

    def _read_slowly(self, path: tf.Tensor) -> tf.Tensor:
        """[h, w] of any TIFF, in Python; [0, 0] if the file is bad, which it reports."""
        return tf.ensure_shape(tf.numpy_function(self._read_or_report, [path], tf.float32), [None, None])

    def _read_or_report(self, name: bytes) -> np.ndarray:
        path = os.fsdecode(name)
        reason = self.bad.reason(path)
        if reason is None:
            try:
                return self._read(path)
            except InputError as error:
                reason = str(error)
        try:  # again for a known file: a stream that has failed and is iterated anew must fail, not search for ever
            self.bad.report(path, reason)
        except InputError as error:
            self._failure = error  # tf.data turns what it raises into an error of its own; __iter__ turns it back
            raise
        return np.zeros([0, 0], np.float32)

    def _read(self, path: str) -> np.ndarray:
        image = read_tiff(path)
        height, width = image.shape
        if min(height, width) < self.size:
            raise InputError(f"{path} has {height} x {width} pixels, expected at least {self.size} x {self.size}.")
        return image


def _read_or_empty(path: tf.Tensor) -> tf.Tensor:
    """The file's bytes, or no bytes if it cannot be opened, where tf.io.read_file would end the stream."""
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False  # they would be sought for every file
    options.autotune.enabled = False
    contents = tf.data.Dataset.from_tensors(path).map(tf.io.read_file).ignore_errors()
    contents = contents.concatenate(tf.data.Dataset.from_tensors("")).take(1)
    return contents.with_options(options).get_single_element()


def _turn(image: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
    """Square image [n, n] under symmetry ``draw`` modulo 8: bit 0 flips rows, bit 1 columns, bit 2 transposes."""
    which = draw % _SYMMETRIES
    axes = tf.boolean_mask([0, 1], tf.stack([(which & 1) > 0, (which & 2) > 0]))
    image = tf.cond(tf.size(axes) > 0, lambda: tf.reverse(image, axes), lambda: image)
    return tf.cond((which & 4) > 0, lambda: tf.transpose(image), lambda: image)


def _folders(files: Sequence[str]) -> str:
    """'a', 'a and b', 'a and 2 more folders': where files lie."""
    folders = list(dict.fromkeys(os.path.dirname(path) or "." for path in files))
    if len(folders) <= 2:
        return " and ".join(folders)
    return f"{folders[0]} and {len(folders) - 1} more folders"
