"""Microscope images with pixel size, units, title and history: read from and written to the files that people have.

TIFF goes through tifffile, PNG through Pillow, .npy through NumPy; RosettaSciIO reads the rest. No TensorFlow.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import importlib
import logging
import os
import re
import shutil
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import __version__
from .errors import InputError

TIFF = (".tif", ".tiff")
OME = (".ome.tif", ".ome.tiff")
FOLDERS = (".zspy",)  # formats whose files are folders
#: Suffixes that RosettaSciIO reads and that hold, or may hold, images.
ROSETTA = (
    *(".dm3", ".dm4", ".emd", ".ser", ".emi", ".mrc", ".mrcz", ".ali", ".hspy", ".zspy", ".hdf5", ".h5", ".nxs"),
    *(".bcf", ".prz", ".unf", ".rpl", ".elid", ".img", ".asw", ".blo", ".mib", ".tvips", ".xml", ".app5", ".sur"),
)
READABLE = (*OME, *TIFF, ".png", ".npy", *ROSETTA)
WRITABLE = (*OME, *TIFF, ".png", ".npy", ".mrc", ".hspy", ".zspy")
MOST_AXES = {**dict.fromkeys((*OME, *TIFF), 4), ".png": 2, ".mrc": 3}  # an image, a stack, a series of stacks

LONGEST_READ = 60.0  # s, and one more a megabyte, after which a file counts as damaged
MOST_EXPANSION = 1000  # an image that claims more bytes than so many times its file's is not believed
LARGEST_PIXEL = 1e-5  # m; larger ones in a TIFF's resolution tags are a printer's, no microscope's
_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "nm": 1e-9, "Å": 1e-10, "pm": 1e-12}
_UNIT_NAMES = {"n_m": "nm", "u_m": "µm", "um": "µm", "μm": "µm", "\\u00B5m": "µm", "micron": "µm", "microns": "µm",
               "A": "Å", "Å": "Å", "angstrom": "Å", "Angstrom": "Å", "meter": "m", "pixel": "px", "pixels": "px",
               "<undefined>": "px", "": "px"}  # fmt: skip
#: In the units of diffraction patterns.
RECIPROCAL = re.compile(r"1\s*/|\^\s*\{?\s*-\s*1|[A-Za-zÅ]-1\b|⁻¹|rad(ian)?s?\b|deg\b|°", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Micrograph:
    """An image, or a stack of images of one size, with what is known about it."""

    data: np.ndarray  # [h, w] or [..., h, w], real, in the detector's units
    pixel_size: tuple[float, float] | None = None  # of rows and columns, in `units`; None if it is not known
    units: str = "px"  # of the pixel size: nm, Å, µm, ...; px if there is a size without units
    title: str = ""
    history: tuple[str, ...] = ()  # what was done to it, a line each

    def rescaled(self, data: np.ndarray, ratio: float, step: str) -> Micrograph:
        """With other data, whose pixels are `ratio` times as large, and a line more of history."""
        size = None if self.pixel_size is None else tuple(side * ratio for side in self.pixel_size)
        return dataclasses.replace(self, data=data, pixel_size=size, history=(*self.history, step))

    def describe(self) -> str:
        """'1280x1280 px of 0.0262 nm'."""
        size = "x".join(map(str, self.data.shape)) + " px"
        if self.pixel_size is None:
            return f"{size}, pixel size unknown"
        sides = dict.fromkeys(f"{side:.4g}" for side in self.pixel_size)
        return f"{size} of {' x '.join(sides)} {self.units if self.units != 'px' else '(no units)'}"


def suffix_of(path: str) -> str:
    """The suffix in small letters, ".ome.tif" as a whole; "" if it is none that is read or written."""
    name = os.path.basename(os.path.normpath(path)).lower()
    return next((suffix for suffix in (*READABLE, *WRITABLE) if name.endswith(suffix) and name != suffix), "")


def stem_of(path: str) -> str:
    """The file's name without that suffix."""
    name = os.path.basename(os.path.normpath(path))
    return name[: len(name) - len(suffix_of(path))]


def check_suffix(path: str) -> None:
    """InputError unless files of that suffix can be written."""
    if suffix_of(path) not in WRITABLE:
        found = os.path.splitext(path)[1] or "none"
        raise InputError(f"{path}: expected a suffix out of {', '.join(WRITABLE)}, found {found}")


def check_axes(path: str, axes: int) -> None:
    """InputError unless data of so many axes can be written into a file of that suffix."""
    most = MOST_AXES.get(suffix_of(path), axes)
    if axes > most:
        raise InputError(f"{path}: expected at most {most} axes for {suffix_of(path)}, found {axes}; try .hspy")


# ---------------------------------------------------------------- reading


def read(path: str) -> Micrograph:
    """The image, or stack of images, in a file; of several the one with the largest images.

    Raises InputError, in one sentence that names the file, if it is missing, damaged or holds no real image: spectra,
    diffraction patterns and colour images are refused by name.
    """
    suffix = suffix_of(path)
    if suffix not in FOLDERS and os.path.isdir(path):
        raise InputError(f"{path}: expected an image file, found a folder")
    if not os.path.exists(path):
        raise InputError(f"{path}: expected an image file, found nothing")
    if suffix not in READABLE:
        raise InputError(f"{path}: expected an image file, found an unknown suffix; known are {', '.join(READABLE)}")
    if _bytes_on_disk(path) == 0:
        raise InputError(f"{path}: expected an image, found an empty file")
    readers = {".png": _read_png, ".npy": _read_npy, **dict.fromkeys((*TIFF, *OME), _read_tiff)}
    reader = readers.get(suffix, _read_rosetta)
    with _quiet() as messages:
        try:
            with _at_most(LONGEST_READ + _bytes_on_disk(path) / 1e6):
                micrograph = reader(path)
        except InputError:
            raise
        except _TooLong:
            reason = "reading it has no end"
            raise InputError(f"{path}: expected a {suffix} image, found a damaged file ({reason})") from None
        except PermissionError:
            raise InputError(f"{path}: expected a file that can be read, found one that may not be") from None
        except Exception as error:  # third-party readers raise anything on a damaged file
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise InputError(f"{path}: expected a {suffix} image, found a damaged file ({reason})") from None
    for message in messages:  # tifffile gives what is left of a truncated file, and an error message
        if "corrupt" in message or "invalid page offset" in message:
            raise InputError(f"{path}: expected a {suffix} image, found a damaged or truncated file")
    _check_image(path, micrograph.data)
    return micrograph


def _check_image(path: str, data: np.ndarray) -> None:
    if data.dtype.fields or np.iscomplexobj(data) or data.dtype.kind not in "biuf":
        raise InputError(f"{path}: expected a real image, found values of type {data.dtype}")
    if data.ndim < 2 or 0 in data.shape:
        raise InputError(f"{path}: expected an image [h, w] or a stack of them, found shape {list(data.shape)}")


def _check_bytes(path: str, shape: Sequence[int], dtype: np.dtype) -> None:
    """InputError if a header promises what its file cannot hold."""
    announced, there = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize, _bytes_on_disk(path)
    if announced > MOST_EXPANSION * max(there, 1000):
        raise InputError(f"{path}: expected {announced} bytes of image as it says, found a file of {there} bytes")


def _bytes_on_disk(path: str) -> int:
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


def _read_npy(path: str) -> Micrograph:
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)  # a header that lies fails here, not in memory
    return Micrograph(np.array(mapped), title=stem_of(path))


def _read_png(path: str) -> Micrograph:
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        return Micrograph(_grey(path, np.asarray(image)), title=stem_of(path))


def _grey(path: str, image: np.ndarray) -> np.ndarray:
    """A colour image [..., h, w, 3 or 4] as grey if its colours are all alike; InputError if not."""
    if image.ndim < 3:
        return image
    colours = image[..., :3] if image.shape[-1] in (3, 4) else image[..., :1]
    if (colours != colours[..., :1]).any():
        raise InputError(f"{path}: expected a grey image, found a colour one")
    return np.ascontiguousarray(colours[..., 0])


def _read_tiff(path: str) -> Micrograph:
    import tifffile

    with tifffile.TiffFile(path) as file:
        series = max(file.series, key=lambda each: int(np.prod(each.shape[-2:])))
        page = series.keyframe
        _check_bytes(path, series.shape, series.dtype)
        len(file.pages)  # finds all of them, and an end that is missing
        data = series.asarray()
        if "S" in series.axes:  # samples of a pixel: colours
            data = _grey(path, np.moveaxis(data, series.axes.index("S"), -1))
        size, units = _tiff_pixel_size(file, page)
        title, history = _tiff_title_and_history(file)
    return Micrograph(data, size, units, title or stem_of(path), history)


def _tiff_pixel_size(file, page) -> tuple[tuple[float, float] | None, str]:
    """From OME's or ImageJ's metadata, FEI's, or the resolution tags."""
    if file.is_ome:
        pixels = _ome_image(file)["Pixels"]
        sizes = [pixels.get(f"PhysicalSize{axis}") for axis in "YX"]
        if all(sizes):
            return _calibrated([float(size) for size in sizes], pixels.get("PhysicalSizeXUnit", "µm"))
    if file.fei_metadata:
        scan = file.fei_metadata.get("Scan", {})
        if scan.get("PixelWidth") and scan.get("PixelHeight"):
            return _calibrated([scan["PixelHeight"] * 1e9, scan["PixelWidth"] * 1e9], "nm")
    resolutions = [page.tags.get(f"{axis}Resolution") for axis in "YX"]
    if not all(tag and tag.value[0] for tag in resolutions):
        return None, "px"
    sizes = [tag.value[1] / tag.value[0] for tag in resolutions]
    if file.is_imagej and file.imagej_metadata.get("unit"):
        return _calibrated(sizes, file.imagej_metadata["unit"])
    metres = {2: 0.0254, 3: 0.01}.get(int(page.tags["ResolutionUnit"].value) if "ResolutionUnit" in page.tags else 2)
    if metres is None or max(sizes) * metres > LARGEST_PIXEL:
        return None, "px"
    return _calibrated([size * metres * 1e9 for size in sizes], "nm")


def _ome_image(file) -> dict[str, Any]:
    """What OME's metadata says of the file's image, of several the first."""
    import tifffile

    image = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
    return image[0] if isinstance(image, list) else image


def _tiff_title_and_history(file) -> tuple[str, tuple[str, ...]]:
    """As `_write_tiff` puts them: the title, then a line for each step."""
    if file.is_ome:
        image = _ome_image(file)
        return str(image.get("Name", "")), tuple(str(image.get("Description", "")).splitlines())
    lines = str((file.imagej_metadata or {}).get("Info", "")).splitlines()
    return (lines[0], tuple(lines[1:])) if lines else ("", ())


def _read_rosetta(path: str) -> Micrograph:
    suffix = suffix_of(path)
    datasets, errors = [], []
    for plugin in _plugins(path, suffix):
        try:
            datasets = _datasets(path, plugin)
            break
        except Exception as error:  # not this plugin's format; the others with this suffix may know it
            errors.append(error)
    if not datasets:
        raise errors[0] if errors else InputError(f"{path}: expected an image, found a file without data")
    images = [dataset for dataset in datasets if _kind(dataset) == "an image"]
    if not images:
        kinds = ", ".join(dict.fromkeys(_kind(dataset) for dataset in datasets))
        raise InputError(f"{path}: expected an image, found {kinds}")
    image = max(images, key=lambda each: int(np.prod(each["data"].shape[-2:])))
    _check_bytes(path, image["data"].shape, image["data"].dtype)
    data = image["data"]
    rows, columns = _signal_axes(image)
    size, units = _calibrated([abs(rows["scale"]), abs(columns["scale"])], rows.get("units"))
    general = image["metadata"].get("General", {})
    history = str(general.get("notes", "")).splitlines()
    return Micrograph(
        np.asarray(data.compute() if hasattr(data, "compute") else data),
        size,
        units,
        str(general.get("title") or "") or stem_of(path),
        tuple(history),
    )


def _datasets(path: str, plugin: dict[str, Any]) -> list[dict[str, Any]]:
    """What a reader finds in a file, with the arrays left on disk where it can do that."""
    reader = importlib.import_module(plugin["api"]).file_reader
    options = {"select_type": "image"} if plugin["name"] == "EMD" else {}
    try:
        return reader(path, lazy=True, **options)
    except NotImplementedError:  # formats of small files
        pass
    except ValueError:  # HDF5's arrays stay on disk only if they are in chunks
        _check_hdf5(path)
    return reader(path, **options)


def _check_hdf5(path: str) -> None:
    """InputError if an array in the file promises more than it can hold."""
    import h5py

    def check(_, item) -> None:
        if isinstance(item, h5py.Dataset):
            _check_bytes(path, item.shape or (), item.dtype)

    with h5py.File(path) as file:
        file.visititems(check)


def _plugins(path: str, suffix: str) -> list[dict[str, Any]]:
    """RosettaSciIO's readers for a suffix."""
    try:
        import rsciio
    except ImportError:
        raise InputError(f"{path}: reading {suffix} needs RosettaSciIO; pip install 'dlss_tf[files]'") from None
    plugins = [p for p in rsciio.IO_PLUGINS if suffix[1:] in [extension.lower() for extension in p["file_extensions"]]]
    return sorted(plugins, key=lambda p: p["name"] == "MRCZ")  # which needs a package of its own for plain MRC files


def _signal_axes(dataset: dict[str, Any]) -> list[dict[str, Any]]:
    return [axis for axis in dataset["axes"] if not axis.get("navigate")]


def _kind(dataset: dict[str, Any]) -> str:
    """'an image', or what a dataset is instead."""
    data, signal = dataset["data"], _signal_axes(dataset)
    shape = "x".join(map(str, data.shape))
    kind = dataset["metadata"].get("Signal", {}).get("signal_type", "")
    if data.dtype.fields:
        return "a colour image"
    if np.issubdtype(data.dtype, np.complexfloating):
        return f"a complex image {shape}"
    if len(signal) != 2 or kind:
        name = "a spectrum" if data.ndim == 1 else "a spectrum image" if len(signal) == 1 else "data"
        return f"{name} {shape}" + (f" ({kind})" if kind else "")
    if any(RECIPROCAL.search(str(axis.get("units"))) for axis in signal):
        return f"diffraction patterns {shape}"
    if sum(n > 1 for n in data.shape[:-2]) > 1:
        return f"4-D data {shape}"
    return "an image"


def _calibrated(sizes: Sequence[float], units: Any) -> tuple[tuple[float, float] | None, str]:
    """Pixel size and units by their usual name, px if there are none; no size if one of the two is not positive."""
    if not all(np.isfinite(size) and size > 0 for size in sizes):
        return None, "px"
    text = "" if units is None else str(units).strip()
    return (float(sizes[0]), float(sizes[1])), _UNIT_NAMES.get(text, text)


class _TooLong(BaseException):
    """No Exception, since readers pass over those."""


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raises _TooLong in what takes longer: a reader may believe a count in a damaged file and go on for hours.

    Where there is no alarm, off the main thread or on Windows, there is no limit.
    """
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Messages(logging.Handler):
    """Keeps what is logged as text."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextlib.contextmanager
def _quiet() -> Iterator[list[str]]:
    """Without the warnings and messages of readers and writers; gives the error messages."""
    handler, loggers = _Messages(), [logging.getLogger(name) for name in ("rsciio", "tifffile")]
    before = [(logger.propagate, logger.level) for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.addHandler(handler)
            logger.propagate = False
            logger.setLevel(logging.ERROR)  # whatever another library has set
        try:
            yield handler.texts
        finally:
            for logger, (propagate, level) in zip(loggers, before):
                logger.removeHandler(handler)
                logger.propagate = propagate
                logger.setLevel(level)


# ---------------------------------------------------------------- writing


def write(path: str, micrograph: Micrograph) -> None:
    """Write by suffix: ImageJ or OME TIFF, hspy, zspy, mrc, npy, or a PNG to look at, 8 bit with a scale bar.

    Beside, then renamed, so `path` is never half a file. TIFF and mrc hold fewer types than NumPy: others become
    float32. PNG stretches the 0.1 to 99.9 percentiles over its greys. Raises InputError, in one sentence that names the
    file, for a suffix, a shape or a place that cannot be written.
    """
    check_suffix(path)
    check_axes(path, micrograph.data.ndim)
    suffix = suffix_of(path)
    beside = os.path.join(os.path.dirname(path), f".{os.getpid()}.part{suffix}")
    writers: dict[str, Callable[[str, Micrograph], None]] = {
        **dict.fromkeys(TIFF, _write_imagej),
        **dict.fromkeys(OME, _write_ome),
        ".png": _write_png,
        ".npy": lambda target, image: np.save(target, image.data),
        ".mrc": _write_mrc,
        ".hspy": _write_rosetta,
        ".zspy": _write_rosetta,
    }
    try:
        if not os.path.isdir(os.path.dirname(path) or "."):  # which some writers would make
            raise FileNotFoundError(errno.ENOENT, "")
        with _quiet():
            writers[suffix](beside, micrograph)
        if suffix in FOLDERS and os.path.isdir(path):
            shutil.rmtree(path)
        os.replace(beside, path)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error).splitlines()[0]
        raise InputError(f"{path}: expected a place that can be written, found: {reason}") from None
    finally:
        if os.path.isdir(beside):
            shutil.rmtree(beside, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.remove(beside)


def _as_type(data: np.ndarray, *types: str) -> np.ndarray:
    return data if data.dtype in [np.dtype(each) for each in types] else data.astype(np.float32)


def _write_imagej(path: str, micrograph: Micrograph) -> None:
    import tifffile

    data = _as_type(micrograph.data, "u1", "u2", "f4")
    if data.nbytes > 3.9e9:  # ImageJ's kind of TIFF ends at 4 GiB
        return _write_ome(path, micrograph)
    metadata = {"axes": "TZYX"[4 - data.ndim :], "Info": "\n".join([micrograph.title, *micrograph.history])}
    options: dict[str, Any] = {}
    if micrograph.pixel_size:
        rows, columns = micrograph.pixel_size
        options["resolution"] = (1 / columns, 1 / rows)
        # By its names: a description is ASCII, and HyperSpy takes a size only where there is a unit.
        metadata["unit"] = {"µm": "micron", "Å": "angstrom", "px": "pixel"}.get(micrograph.units, micrograph.units)
        options["extratags"] = _digital_micrograph_tags(micrograph)
    metadata |= dict(zip(("min", "max"), _display_range(data)))
    return tifffile.imwrite(path, data, imagej=True, metadata=metadata, **options)


def _write_ome(path: str, micrograph: Micrograph) -> None:
    import tifffile

    data = _as_type(micrograph.data, "i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
    metadata: dict[str, Any] = {"axes": "TZYX"[4 - data.ndim :], "Name": micrograph.title}
    metadata["Description"] = "\n".join(micrograph.history)
    options: dict[str, Any] = {}
    if micrograph.pixel_size:
        for axis, size in zip("YX", micrograph.pixel_size):
            metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": micrograph.units}
        options["extratags"] = _digital_micrograph_tags(micrograph)
    tifffile.imwrite(path, data, ome=True, bigtiff=data.nbytes > 3.9e9, metadata=metadata, **options)


def _digital_micrograph_tags(micrograph: Micrograph) -> list[tuple]:
    """Units and pixel size of columns and rows where DigitalMicrograph keeps them in a TIFF; HyperSpy looks there."""
    units = "" if micrograph.units == "px" else micrograph.units
    rows, columns = micrograph.pixel_size
    name = units.encode("latin-1", "replace")
    named = [(tag, "s", 0, name, True) for tag in (65003, 65004)]
    return [*named, (65009, "d", 1, columns, True), (65010, "d", 1, rows, True)]


def _write_mrc(path: str, micrograph: Micrograph) -> None:
    mrcfile = _import("mrcfile")
    data = _as_type(micrograph.data, "i1", "i2", "u2", "f4")
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(data)
        if data.ndim == 3:
            file.set_image_stack()
        if micrograph.pixel_size and micrograph.units in _METRES:
            angstroms = [size * _METRES[micrograph.units] * 1e10 for size in micrograph.pixel_size]
            file.voxel_size = (angstroms[1], angstroms[0], 1.0)
        for line in (micrograph.title, *micrograph.history):
            if line:
                file.add_label(line.encode("ascii", "replace").decode()[:79])


def _write_rosetta(path: str, micrograph: Micrograph) -> None:
    writer = _import("rsciio.hspy._api" if path.endswith(".hspy") else "rsciio.zspy._api")
    if path.endswith(".hspy"):
        _reserve(path, micrograph.data.nbytes)
    metadata = {
        "General": {"title": micrograph.title, "notes": "\n".join(micrograph.history)},
        "Signal": {"signal_type": ""},
    }
    signal = {
        "data": micrograph.data,
        "axes": _axes(micrograph),
        "metadata": metadata,
        "original_metadata": {},
        "attributes": {"_lazy": False, "ragged": False},
        "learning_results": {},
        "models": {},
        "tmp_parameters": {},
        "package_info": {"package": "dlss_tf", "package_version": __version__},
    }
    writer.file_writer(path, signal, show_progressbar=False)


def _reserve(path: str, size: int) -> None:
    """Raises OSError if the disk has no room for so many bytes: HDF5 may crash the process once it runs out."""
    with open(path, "wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size + 2**20)
    os.remove(path)


def _axes(micrograph: Micrograph) -> list[dict[str, Any]]:
    """As HyperSpy has them: frames to navigate, rows and columns to see."""
    shape = micrograph.data.shape
    axes = []
    for i, count in enumerate(shape):
        frame = i < len(shape) - 2
        size = 1.0 if frame or micrograph.pixel_size is None else micrograph.pixel_size[i - len(shape)]
        name = f"frame{i}" if frame else "yx"[i - len(shape)]
        units = None if frame or micrograph.units == "px" else micrograph.units
        axes.append({"_type": "UniformDataAxis", "name": name, "units": units, "navigate": frame, "is_binned": False,
                     "size": count, "scale": float(size), "offset": 0.0})  # fmt: skip
    return axes


def _import(module: str):
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(f"writing needs {error.name}; pip install 'dlss_tf[files]'") from None


# ---------------------------------------------------------------- a PNG to look at


def _display_range(data: np.ndarray) -> tuple[float, float]:
    """0.1 and 99.9 percentiles of the finite values, of a sample of them if they are many."""
    finite = data.ravel()[:: max(1, data.size // 10**6)]
    finite = finite[np.isfinite(finite)]
    low, high = (float(value) for value in np.percentile(finite, (0.1, 99.9))) if finite.size else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _write_png(path: str, micrograph: Micrograph) -> None:
    from PIL import Image

    low, high = _display_range(micrograph.data)
    grey = np.clip(np.nan_to_num((micrograph.data.astype(np.float64) - low) / (high - low)), 0, 1)
    image = Image.fromarray(np.round(255 * grey).astype(np.uint8))
    if micrograph.pixel_size and micrograph.units in _METRES:
        _draw_scale_bar(image, micrograph.pixel_size[1], micrograph.units)
    image.save(path, optimize=True)


def scale_bar(width: int, pixel_size: float) -> float:
    """Length of a bar, 1, 2 or 5 times a power of ten in the units of the pixel size: 1/10 to 1/4 of `width` px."""
    longest = width * pixel_size / 4
    power = 10.0 ** np.floor(np.log10(longest))
    return float(max(step * power for step in (1, 2, 5) if step * power <= longest * (1 + 1e-9)))


def _draw_scale_bar(image, pixel_size: float, units: str) -> None:
    """White on a black rim, at the lower left."""
    from PIL import ImageDraw, ImageFont

    length = scale_bar(image.width, pixel_size)
    thick, margin = max(2, image.height // 100), max(3, image.width // 40)
    left, bottom = margin, image.height - margin
    draw = ImageDraw.Draw(image)
    right = left + round(length / pixel_size)
    draw.rectangle([left - 1, bottom - thick - 1, right + 1, bottom + 1], fill=0)
    draw.rectangle([left, bottom - thick, right, bottom], fill=255)
    font = ImageFont.load_default(size=max(10, image.height // 25))
    label = f"{length:g} {units}".replace("µ", "u")  # which Pillow's font does not have
    draw.text((left, bottom - 2 * thick), label, 255, font, anchor="ls", stroke_width=1, stroke_fill=0)
