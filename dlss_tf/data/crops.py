"""Files to crops: an endless, repeatable tf.data stream of square [0, 1] crops.

Element k of the stream is a pure function of (files, size, seed, k), so a stream is resumed by its position alone::

    files = list_files(["data/stem"], "train")
    for position, crop in CropStream(files, 512, seed=1, position=last_position + 1):
        ...
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from ..errors import InputError
from . import augment
from .files import BadFiles, folders, read_tiff

# Magnitudes from here on count as non-finite: the difference of two of them would overflow float32.
_LARGEST = 1.7e38
_FLAT = 1e-6
_SYMMETRIES = 8


def scale_to_unit(image: tf.Tensor) -> tf.Tensor:
    """Linear map of one image to [0, 1] by its own minimum and maximum.

    Args:
        image: real array or tensor of any shape with at least one element, any units. NaN, infinities and magnitudes of
            1.7e38 or more (whose difference would overflow float32) are set to 0 first.

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


class CropStream:
    """Endless repeatable stream of random crops, resumable at any position.

    Every epoch visits every file once in an order of its own. A crop lies at random in its file, is flipped or rotated
    by one of the 8 symmetries of the square, drawn anew each epoch, and is scaled to [0, 1] by `scale_to_unit`. Bad
    files are skipped, so positions may have gaps. Element k depends on (files, size, seed, k) alone.
    With `augment`, magnification, contrast and dose vary too, see `augment`.

    Iterating gives pairs: position, int64 [batch], each element's index k in the endless stream, and crop, float32
    [batch, size, size, 1] in [0, 1]. To resume a stream bit-exactly, make one whose `position` is one above the last
    that was seen. It raises InputError if more than 1 in 100 files, or all of them, are bad.

    Args:
        files: TIFF files, in an order that must be the same whenever the stream is resumed; see `list_files`.
        size: side of a crop, pixels. A file with a shorter side is bad.
        batch: crops an element.
        seed: chooses order, crop positions, symmetries and augmentation.
        position: index in the endless stream to start from.
        augment: whether to vary magnification, contrast and dose.
        part: of every `batch` positions those that this stream reads, and so has in an element; others read the rest.

    Attributes:
        files: the paths, in their order.
        bad: those that were found to be bad, and how many may be.
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
        part: slice | None = None,
    ):
        if not files:
            raise InputError("A stream of crops needs at least one file.")
        for name, value, least in (("size", size, 1), ("batch", batch, 1), ("position", position, 0)):
            if value < least:
                raise InputError(f"{name} must be at least {least}, not {value}.")
        self.files = [os.fspath(path) for path in files]
        self.size, self.batch, self.seed, self.position = size, batch, seed, position
        self.augment, self.part = augment, part or slice(0, batch)
        self.bad = BadFiles(len(self.files), folders(self.files))
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
        """To iterate `dataset` in.

        Raises:
            InputError: where iterating it raises tf.errors.OpError because files are bad.
        """
        try:
            yield
        except tf.errors.OpError:
            if self._failure is None:
                raise
            raise InputError(str(self._failure)) from None

    def _make_dataset(self) -> tf.data.Dataset:
        plain = tf.autograph.experimental.do_not_convert  # all conditions are tf.cond: nothing to convert
        elements = tf.data.Dataset.range(self.position, np.iinfo(np.int64).max)
        count = self.part.stop - self.part.start
        if count < self.batch:
            elements = tf.data.Dataset.range(np.iinfo(np.int64).max // self.batch)
            elements = elements.map(
                plain(lambda i: self.position + self.part.start + i // count * self.batch + i % count)
            )
        elements = elements.map(plain(self._element), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        elements = elements.filter(plain(lambda index, crop, good: good))
        elements = elements.map(plain(lambda index, crop, good: (index, crop)))
        return elements.batch(count, drop_remainder=True).prefetch(tf.data.AUTOTUNE)

    def _element(self, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Position `index` of the stream: itself, its crop [size, size, 1], and whether the file is good."""
        path = self._path(index)
        # One draw serves all three choices; the remainder's bias is below size / 2^31.
        draws = tf.random.stateless_uniform([3], self._seed(index), 0, tf.int32.max, tf.int32, alg="philox")
        zoom = augment.zoom(self._seed(index)) if self.augment else tf.constant(1.0)
        image = tf.numpy_function(self._read_or_report, [path], tf.float32)
        crop = self._crop(tf.ensure_shape(image, [None, None]), draws, zoom)
        good = tf.size(crop) > 0
        crop = tf.cond(good, lambda: self._finish(crop, index, draws[2]), lambda: tf.zeros([self.size, self.size]))
        return index, tf.reshape(crop, [self.size, self.size, 1]), good

    def _path(self, index: tf.Tensor) -> tf.Tensor:
        """The file of position `index`. Every epoch is a permutation that is computed an element at a time."""
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

    def _read_or_report(self, name: bytes) -> np.ndarray:
        """[h, w] of any TIFF; [0, 0] if the file is bad, which it reports."""
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


def _turn(image: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
    """Square image [n, n] under symmetry `draw` modulo 8: bit 0 flips rows, bit 1 columns, bit 2 transposes."""
    which = draw % _SYMMETRIES
    axes = tf.boolean_mask([0, 1], tf.stack([(which & 1) > 0, (which & 2) > 0]))
    image = tf.cond(tf.size(axes) > 0, lambda: tf.reverse(image, axes), lambda: image)
    return tf.cond((which & 4) > 0, lambda: tf.transpose(image), lambda: image)
