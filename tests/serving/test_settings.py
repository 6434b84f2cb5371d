import pytest

from dlss_tf.errors import InputError
from dlss_tf.serving.settings import Settings, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_needs_no_token(host):
    assert is_loopback(host) and Settings(host=host).with_token().token == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "microscope", "localhost.example", ""])
def test_elsewhere_one_is_made(host):
    first, second = (Settings(host=host).with_token().token for _ in range(2))
    assert len(first) >= 32 and first != second
    assert Settings(host=host, token="mine").with_token().token == "mine"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"most_bytes": 0}, "most_bytes: expected more than 0, found 0"),
        ({"seconds": -1}, "seconds: expected more than 0, found -1"),
        ({"port": 99999}, "port: expected one from 0 to 65535, found 99999"),
        ({"grpc_port": -1}, "grpc_port: expected one from 0 to 65535, found -1"),
        ({"watch": "folder"}, "watch: expected a factor for the scans in folder, found none"),
    ],
)
def test_refuses(fields, sentence):
    with pytest.raises(InputError, match=sentence):
        Settings(**fields)
