"""A trained generator as an ONNX file, for whatever runs such: ONNX Runtime, OpenVINO, MATLAB, a browser."""

from __future__ import annotations

import os

from .. import software, weights
from ..errors import InputError, reason
from ..formats.replacing import replacing
from ..packages import needed

SUFFIX = ".onnx"


def export_onnx(weights_or_name: str | None, path: str, overwrite: bool = False) -> str:
    """Write the model of `models.onnx.generators`, with the head that tells its errors if there is one; the path.

    Weights of half precision are kept in that. Its properties tell by what it was made, as `weights.identity` and
    `software.described`, and `config`, the generator's own.

    Raises:
        InputError: missing weights, another suffix than .onnx, a place that cannot be written, or without `overwrite`
            one where there is something; nothing is left behind then.
    """
    if os.path.splitext(path)[1].lower() != SUFFIX:
        raise InputError(f"{path}: expected a file's name that ends in {SUFFIX}, found another")
    try:
        from ..models.onnx.generators import model
    except ImportError as error:
        raise InputError(f"export: expected to find {needed(error.name or 'onnx')}") from None
    config, arrays = weights.load(weights_or_name)
    told = os.path.exists(os.path.join(weights.find(weights_or_name), weights.SPREAD_FILE))
    head = weights.load_spread(weights_or_name) if told else None
    properties = {**software.described(), **weights.identity(weights_or_name), "config": config.to_json()}
    made = model(config, arrays, head, half=True, properties=properties).SerializeToString()
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with replacing(path, overwrite) as beside, open(beside, "wb") as file:
            file.write(made)
    except OSError as error:
        if isinstance(error, FileExistsError) and os.path.lexists(path):
            raise InputError(f"{path}: expected no file, found one; --overwrite replaces it") from None
        raise InputError(f"{path}: expected a place that can be written, found: {reason(error)}") from None
    return path
