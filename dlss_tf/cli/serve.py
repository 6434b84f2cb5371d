"""`dlss-tf serve`."""

from __future__ import annotations

import argparse

from . import options

SUMMARY = "serve a generator: a page for the group, TensorFlow Serving's protocols, Open Inference Protocol"


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
    parser.add_argument("--port", type=int, default=8501, help="of the page and REST; 0 for any (%(default)s)")
    parser.add_argument("--grpc-port", type=int, metavar="PORT", help="of TensorFlow Serving's gRPC (none)")
    options.add_token(parser)
    parser.add_argument("--size", type=int, default=512, help="side in px of the images of /v1 and gRPC (%(default)s)")
    limits = parser.add_argument_group("limits")
    limits.add_argument("--most-bytes", type=int, default=256_000_000, help="of a request (%(default)s)")
    limits.add_argument("--most-pixels", type=int, default=2**26, help="of a request's images (%(default)s)")
    limits.add_argument("--seconds", type=float, default=300.0, help="for a request (%(default)s)")
    limits.add_argument("--waiting", type=int, default=256, help="requests that may wait; more get 429 (%(default)s)")
    live = parser.add_argument_group("live")
    live.add_argument("--watch", metavar="FOLDER", help="supersample new scans in it, shown on the page as they come")
    live.add_argument("--factor", type=int, metavar="S", help="of those scans: every S-th point a side is scanned")
    options.add_options(live)


def run(arguments: argparse.Namespace) -> None:
    """Serve until stopped."""
    from ..errors import InputError

    try:
        from ..serving.server import serve
        from ..serving.settings import Settings
    except ImportError as error:
        raise InputError(f"serve: expected its packages, found no {error.name}; pip install 'dlss_tf[serve]'") from None
    from ..models import check_size
    from ..progress import say

    check_size(arguments.size)
    names = ("weights", "tile", "size", "backend", "host", "port", "grpc_port", "watch", "factor")
    limits = ("most_bytes", "most_pixels", "seconds", "waiting")
    chosen = options.names(arguments, (*names, *limits))
    serve(Settings(**chosen, token=options.token(arguments), options=options.options(arguments)), say)
