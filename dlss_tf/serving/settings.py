"""What `dlss-tf serve` is told, as plain data."""

from __future__ import annotations

import dataclasses
import ipaddress
import secrets
from typing import Any

from ..errors import InputError
from ..inference.options import Options

MODEL = "dlss"  # what the model is called in every protocol
VERSION = "1"
AT_ONCE = 2  # questions that the worker answers: what one leaves of the cores, in and between passes, is another's


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of a server.

    Raises:
        InputError: a limit that is none, or a folder to watch without a factor.
    """

    weights: str | None = None
    tile: int = 1024
    runtime: str | None = None
    size: int = 512  # side in px of the images of TensorFlow Serving's signatures
    backend: str | None = None  # address of a TensorFlow Serving that has the generator
    host: str = "127.0.0.1"
    port: int = 8501  # 0: any that is free
    grpc_port: int | None = None
    token: str = ""  # that clients send; made anew where one is needed
    most_bytes: int = 256_000_000  # of a request
    most_pixels: int = 2**26  # of an image that is made
    seconds: float = 300.0  # for a request
    waiting: int = 256  # requests
    kept_bytes: int = 1_000_000_000  # of results that pages look at
    watch: str | None = None  # folder whose new scans are supersampled, for the page's live tab
    factor: int | None = None  # of those
    options: Options = Options()  # of those

    def __post_init__(self) -> None:
        for name in ("most_bytes", "most_pixels", "seconds", "waiting"):
            if getattr(self, name) <= 0:
                raise InputError(f"{name}: expected more than 0, found {getattr(self, name)}")
        for name in ("port", "grpc_port"):
            if not 0 <= (getattr(self, name) or 0) <= 65535:
                raise InputError(f"{name}: expected one from 0 to 65535, found {getattr(self, name)}")
        if self.backend is not None and self.grpc_port is not None:
            raise InputError(
                f"grpc_port: expected none beside {self.backend}, which has its own, found {self.grpc_port}"
            )
        if self.watch is not None and self.factor is None:
            raise InputError(f"watch: expected a factor for the scans in {self.watch}, found none")

    @property
    def worker(self) -> dict[str, Any]:
        """The arguments of `worker.Generator`."""
        return {name: getattr(self, name) for name in ("weights", "tile", "runtime", "size", "backend")}

    def with_token(self) -> Settings:
        """With a token that was made now, if others than this machine can reach the server and there is none."""
        if self.token or is_loopback(self.host):
            return self
        return dataclasses.replace(self, token=secrets.token_urlsafe(24))


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches it."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
