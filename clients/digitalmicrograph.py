"""Supersamples the front image of Gatan's DigitalMicrograph by a server: `dlss-tf serve`.

For GMS 3.4 or later with its Python: open this file in a script window, set the three names below, Execute. The image
comes back in a window of its own, in the scan's values, with its calibration, named "NAME x5".

It needs what GMS's Python 3.7 has: the standard library and NumPy.
"""

import http.client
import json
import typing
import urllib.error
import urllib.parse
import urllib.request

import DigitalMicrograph as DM
import numpy as np

SERVER = "http://localhost:8501"  # where `dlss-tf serve` said that it is
FACTOR = 5  # every 5th point a side was scanned: the image is 5 times as wide and as high
TOKEN = ""  # the server's, if it has one

LONGEST = 330.0  # s for an answer; the server itself gives up after 300
#: How origins are told: as the value of the first pixel, in units. 1 would be the pixel whose value is 0.
ORIGIN_IS_A_VALUE = 0


class Failure(Exception):
    """Why there is no image, in one sentence for who ran the script."""


class Answer(typing.NamedTuple):
    """What a server made of a scan."""

    image: np.ndarray  # float32 [factor h, factor w], in the scan's values
    remarks: "list[str]"
    request: str  # by which the server's log calls it
    provenance: str  # what made it, in JSON: code, weights, options, the digest of what was sent


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are told, not followed: urllib would ask by GET, and another server is not to get the token."""

    def redirect_request(self, *_: "typing.Any") -> None:
        """No request."""


#: Straight to the server: instruments reach it in their own network, and Windows' proxy often does not.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def supersample(array: np.ndarray, factor: int, server: str, token: str = "") -> Answer:
    """Ask a server for the image of a scan.

    Args:
        array: The scan [h, w] of real numbers, in any units. Those of uint8 and uint16 are sent as they are, others as
            float32.
        factor: The image is `factor` h by `factor` w.
        server: Its address, such as "http://localhost:8501".
        token: What it asks for, if it does.

    Returns:
        The image in the scan's values, and what the server remarks of it.

    Raises:
        Failure: It cannot be reached, or refuses; then in its own words.
    """
    if isinstance(factor, bool) or not isinstance(factor, int):
        raise Failure(f"FACTOR: expected a whole number, found {factor!r}")
    numbers = _sent(array)
    height, width = numbers.shape
    asked = {"factor": factor, "dtype": numbers.dtype.name, "shape": f"{height},{width}", "format": "raw"}
    body, headers = _post(server, f"/api/supersample?{urllib.parse.urlencode(asked)}", numbers.tobytes(), token)
    shape = (factor * height, factor * width)
    if headers.get("Dlss-Shape") != "{},{}".format(*shape) or len(body) != 4 * shape[0] * shape[1]:
        raise Failure(f"SERVER: expected an image of {shape[1]} x {shape[0]} from {server}, found another answer")
    image = np.frombuffer(body, "<f4").reshape(shape).astype(np.float32)  # a copy: GMS takes no read-only memory
    told = [headers.get(name, "") for name in ("X-Request-Id", "Dlss-Provenance")]
    return Answer(image, _remarks(headers.get("Dlss-Remarks")), *told)


def main() -> None:
    """Supersample the front image and show what comes back; whatever goes wrong is one dialog."""
    try:
        remarks = _supersample_front()
    except Failure as failure:
        DM.OkDialog(f"dlss_tf: {failure}")
    except Exception as error:  # a traceback in the results window would tell nobody at the microscope what to do
        DM.OkDialog(f"dlss_tf: expected an image, found {type(error).__name__}: {error}")
    else:
        if remarks:
            DM.OkDialog("dlss_tf: the image is there. The server remarks:\n\n{}".format("\n".join(remarks)))


def _supersample_front() -> "list[str]":
    try:
        scan = DM.GetFrontImage()
    except Exception:  # GMS has no class of its own for this
        scan = None
    if scan is None:
        raise Failure("expected an image in front, found none; open or click on one")
    answer = supersample(scan.GetNumArray(), FACTOR, SERVER, TOKEN.strip())
    _show(scan, answer)
    return answer.remarks


def _show(scan: "typing.Any", answer: Answer) -> None:
    """In a window of its own, with what is known of the scan."""
    made = DM.CreateImage(answer.image)
    for dimension in (0, 1):  # x, y
        origin, size, unit = scan.GetDimensionCalibration(dimension, ORIGIN_IS_A_VALUE)
        if unit:  # without one there is no pixel size
            # the scan's first sample is the image's first pixel, so the origin stays
            made.SetDimensionCalibration(dimension, origin, size / FACTOR, _text(unit), ORIGIN_IS_A_VALUE)
    made.SetIntensityOrigin(scan.GetIntensityOrigin())
    made.SetIntensityScale(scan.GetIntensityScale())
    made.SetIntensityUnitString(_text(scan.GetIntensityUnitString()))
    name = scan.GetName()
    made.SetName(f"{name} x{FACTOR}")
    history = f"{name}, supersampled by {FACTOR} by {SERVER}, request {answer.request}"
    made.GetTagGroup().SetTagAsString("dlss_tf:History", "\n".join([history, *answer.remarks]))
    made.GetTagGroup().SetTagAsString("dlss_tf:Provenance", answer.provenance)
    made.ShowImage()


def _text(unit: "typing.Any") -> str:
    """A unit that GMS takes back: it gives micrometres as bytes, and spoils the sign in what it is given."""
    text = unit.decode("cp1252", "replace") if isinstance(unit, bytes) else unit
    return text.replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")


def _sent(array: np.ndarray) -> np.ndarray:
    """The numbers as they go: little-endian, of a type that the server knows."""
    if array.dtype.kind not in "buif":
        raise Failure(f"expected an image of real numbers in front, found one of {array.dtype}")
    if array.ndim != 2 or 0 in array.shape:
        raise Failure("expected an image in front, found {}".format(" x ".join(map(str, array.shape[::-1]))))
    if array.dtype == bool:
        array = array.astype(np.uint8)
    kept = array.dtype in (np.dtype(np.uint8), np.dtype(np.uint16))
    with np.errstate(over="ignore"):  # beyond float32 is infinite, which the server takes for a dead pixel
        return np.ascontiguousarray(array, array.dtype.newbyteorder("<") if kept else "<f4")


def _post(server: str, path: str, body: bytes, token: str) -> "tuple[bytes, typing.Any]":
    """Body and headers of the answer; Failure if there is none or it is an error."""
    if not server.lower().startswith(("http://", "https://")):
        raise Failure(f"SERVER: expected an address such as http://localhost:8501, found {server}")
    headers = {"Content-Type": "application/octet-stream"}
    if token:
        if not (token.isprintable() and all(ord(each) < 128 for each in token)):
            raise Failure("TOKEN: expected the server's token, found characters that it cannot have")
        headers["Authorization"] = f"Bearer {token}"
    try:
        request = urllib.request.Request(server.rstrip("/") + path, body, headers)
        with _OPENER.open(request, timeout=LONGEST) as answer:
            return answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        raise Failure(_refusal(server, error)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Failure(f"SERVER: expected a dlss-tf serve at {server}, found: {_reason(error)}") from None


def _refusal(server: str, error: urllib.error.HTTPError) -> str:
    """The server's own sentence, or what came instead of one."""
    place = error.headers.get("Location")
    if place:
        return f"SERVER: expected a dlss-tf serve at {server}, found that it sends to {place.partition('?')[0]}"
    try:
        return str(json.loads(error.read(10000).decode())["error"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return f"SERVER: expected a dlss-tf serve at {server}, found: {error.code} {error.reason}"


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    broken = isinstance(reason, ConnectionError) and not isinstance(reason, ConnectionRefusedError)
    text = str(reason) or type(reason).__name__
    return f"{text}; the image may be larger than it takes" if broken else text


def _remarks(header: "str | None") -> "list[str]":
    try:
        return [str(each) for each in json.loads(header or "[]")]
    except (ValueError, TypeError):
        return []


if __name__ == "__main__":
    main()
