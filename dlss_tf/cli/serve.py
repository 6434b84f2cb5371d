"""`dlss-tf serve`."""

from __future__ import annotations

import argparse

from . import factors, options
from .parsing import whole

SUMMARY = "serve a generator: a page for the group, TensorFlow Serving's protocols, Open Inference Protocol"
EXAMPLES = (
    "dlss-tf serve                          # a page at http://127.0.0.1:8501",
    "dlss-tf serve --watch scans --factor 5 # and every new scan in a folder on it",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The generator, where it is served, who may ask, limits, a folder to watch."""
    options.add_generator(parser)
    parser.add_argument(
        "--backend",
        metavar="URL",
        help="a TensorFlow Serving that has the exported generator, such as http://host:8501",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; off loopback clients need a token (%(default)s)",
    )
    parser.add_argument(
        "--port",
        type=whole(0, 65535),
        default=8501,
        metavar="N",
        help="of the page and REST, 1 to 65535, or 0 for any that is free (%(default)s)",
    )
    parser.add_argument(
        "--grpc-port",
        type=whole(0, 65535),
        metavar="N",
        help="of TensorFlow Serving's gRPC, 1 to 65535, or 0 for any that is free (none)",
    )
    options.add_token(parser)
    parser.add_argument(
        "--size",
        type=int,
        default=512,
        metavar="PX",
        help="side of the images of /v1 and gRPC, a multiple of 32 px (%(default)s)",
    )
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--most-bytes", type=int, default=256_000_000, metavar="N", help="of a request, 1 or more (%(default)s)"
    )
    limits.add_argument(
        "--most-pixels", type=int, default=2**26, metavar="N", help="of a request's images, 1 or more (%(default)s)"
    )
    limits.add_argument(
        "--seconds", type=float, default=300.0, metavar="N", help="for a request, above 0 (%(default)s)"
    )
    limits.add_argument(
        "--waiting",
        type=int,
        default=256,
        metavar="N",
        help="requests that may wait, 1 or more; others get 429 (%(default)s)",
    )
    live = parser.add_argument_group("live: how scans in a folder are supersampled")
    live.add_argument("--watch", metavar="FOLDER", help="supersample new scans in it, shown on the page as they come")
    factors.add(live, factors.OF_SCAN, required=False)
    options.add_options(live)


def run(arguments: argparse.Namespace) -> None:
    """Serve until stopped."""
    from ..errors import InputError
    from ..packages import install

    try:
        from ..serving.server import serve
        from ..serving.settings import Settings
    except ImportError as error:
        raise InputError(f"serve: expected its packages, found no {error.name}; {install('serve')}") from None
    from ..models import check_size
    from ..progress import say

    check_size(arguments.size)
    names = ("weights", "tile", "runtime", "size", "backend", "host", "port", "grpc_port", "watch", "factor")
    limits = ("most_bytes", "most_pixels", "seconds", "waiting")
    chosen = options.names(arguments, (*names, *limits))
    serve(Settings(**chosen, token=options.token(arguments), options=options.options(arguments)), say)
