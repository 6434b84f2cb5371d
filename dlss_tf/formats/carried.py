"""Where a Dask array's values come from, carried by its graph: what is made of the array, or of a part, has it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dask.array as da

from . import notes

NAME = "dlss_tf"  # of ours among a layer's annotations, which Dask shows, and neither acts on nor sends to a scheduler


def give(array: da.Array, provenance: Mapping[str, Any]) -> da.Array:
    """The array, of which every one that is made of it can tell where it came from."""
    layer = array.dask.layers[array.name]
    layer.collection_annotations = {**(layer.collection_annotations or {}), NAME: dict(provenance)}
    return array


def found(array: da.Array) -> dict[str, Any]:
    """Where its values came from; {} if that is not known, or if they are of several origins."""
    layers = getattr(array.dask, "layers", {}).values()
    told = [notes.checked(each.collection_annotations.get(NAME)) for each in layers if each.collection_annotations]
    origins = [each for each in told if each]
    return origins[0] if origins and all(each == origins[0] for each in origins) else {}
