"""Files as DigitalMicrograph writes them, with the tags that readers need."""

import struct

COLOURS, UINT16 = 23, 10  # its types of data


def write_dm3(path, images, thumbnail=None):
    """A .dm3 of images: name, array [h, w] of uint16 or [h, w, 4] of uint8, unit, signal ("CL", "EELS", ...)."""
    tags = {"ImageList": [_image(*image) for image in images]}
    if thumbnail is not None:
        tags["Thumbnails"] = [{"ImageIndex": thumbnail}]
    root = _group(tags)
    path.write_bytes(struct.pack(">iii", 3, len(root), 1) + root)


def _image(name, array, unit="nm", signal=""):
    colours = array.ndim == 3
    values = array.view("<u4")[..., 0] if colours else array.astype("<u2")
    axis = {"Origin": 0.0, "Scale": 0.5, "Units": unit}
    data = {
        "Calibrations": {"Brightness": {"Origin": 0.0, "Scale": 1.0, "Units": ""}, "Dimension": [axis, axis]},
        "Data": values,
        "DataType": COLOURS if colours else UINT16,
        "Dimensions": [values.shape[1], values.shape[0]],
        "PixelDepth": values.dtype.itemsize,
    }
    return {"ImageData": data, "Name": name, "ImageTags": {"Meta Data": {"Signal": signal}}}


def _group(tags):
    named = tags.items() if isinstance(tags, dict) else [("", tag) for tag in tags]
    return struct.pack(">BBi", 1, 0, len(named)) + b"".join(_tag(*each) for each in named)


def _tag(name, value):
    is_group = isinstance(value, (dict, list))
    head = struct.pack(">BH", 20 if is_group else 21, len(name)) + name.encode()
    return head + (_group(value) if is_group else b"%%%%" + _data(value))


def _data(value):
    if isinstance(value, float):
        return struct.pack(">ii", 1, 6) + struct.pack("<f", value)
    if isinstance(value, int):
        return struct.pack(">ii", 1, 5) + struct.pack("<I", value)
    if isinstance(value, str):
        return struct.pack(">iiii", 3, 20, 4, len(value)) + value.encode("utf-16-le")
    return struct.pack(">iiii", 3, 20, {2: 4, 4: 5}[value.itemsize], value.size) + value.tobytes()
