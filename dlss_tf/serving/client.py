"""A client of `dlss-tf serve`. Copy this file anywhere: the standard library and NumPy are all that it takes.

client = Client("http://localhost:8501")
image = client.supersample(scan, 5)                    # an array [h, w] -> [5 h, 5 w], in its units
client.supersample_file("scan.dm4", "scan-x5.tif", 5)  # with pixel size and history
"""

import io
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import numpy as np


class ServerError(ValueError):
    """The server refuses, or does not answer: one sentence, and HTTP's `status`, 0 without an answer."""

    def __init__(self, sentence: str, status: int = 0):
        super().__init__(sentence)
        self.status = status


class Client:
    """Of a server at `url`, whose answer, or whose queue, is waited for up to `seconds`."""

    def __init__(self, url: str, token: str = "", seconds: float = 600.0):
        self.url, self.token, self.seconds = url.rstrip("/"), token, seconds

    def supersample(self, scan: np.ndarray, factor: int, **options: Any) -> np.ndarray:
        """The image of a scan [..., h, w]; options are those of the Supersampler, by name."""
        return self.array("supersample", scan, factor=factor, format="npy", **options)

    def supersample_file(self, source: str, target: str, factor: int, **options: Any) -> None:
        """Write the image of the scan in a file, in the format of `target`'s suffix."""
        name = os.path.basename(target).lower()
        form = "ome.tif" if name.endswith(".ome.tif") else name.rpartition(".")[2]
        with open(source, "rb") as file:
            content = file.read()
        made = self.ask("supersample", content, name=os.path.basename(source), factor=factor, format=form, **options)
        with open(f"{target}.part", "wb") as file:
            file.write(made)
        os.replace(f"{target}.part", target)

    def array(self, path: str, scan: np.ndarray | None = None, **query: Any) -> np.ndarray:
        """The array that a route of /api answers with, asked with an array or with none."""
        return np.load(io.BytesIO(self.ask(path, None if scan is None else as_npy(scan), **query)), allow_pickle=False)

    def ask(self, path: str, content: bytes | None = None, method: str | None = None, **query: Any) -> bytes:
        """What a route of /api answers; an array's bytes are sent with the name of their kind of file."""
        if content is not None and content.startswith(b"\x93NUMPY"):
            query.setdefault("name", "scan.npy")
        asked = {k: str(v).lower() if isinstance(v, bool) else v for k, v in query.items() if v is not None}
        url = f"{self.url}/api/{path}?{urllib.parse.urlencode(asked)}"
        request = urllib.request.Request(url, content, method=method)
        request.add_header("Content-Type", "application/octet-stream")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        end = time.monotonic() + self.seconds
        while True:
            try:
                with urllib.request.urlopen(request, timeout=max(self.seconds, 1.0)) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                pause = float(error.headers.get("Retry-After") or 0)
                if not pause or time.monotonic() + pause > end:
                    raise ServerError(_sentence(error), error.code) from None
                time.sleep(pause)  # too many wait, or the generator starts again
            except OSError as error:
                raise ServerError(f"{self.url}: expected a server, found: {getattr(error, 'reason', error)}") from None


def as_npy(array: np.ndarray) -> bytes:
    """An array as NumPy's file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["error"])
    except (ValueError, LookupError, TypeError):
        return f"expected an answer, found {error.code} {error.reason}"
