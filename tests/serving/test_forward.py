import pytest

from dlss_tf.errors import InputError
from dlss_tf.serving import forward


@pytest.mark.parametrize("url", ["localhost:8501", "ftp://host", "", "http://", "http://host:port", "http://[::1"])
def test_refuses_addresses(url):
    with pytest.raises(InputError, match="backend: expected an address such as"):
        forward.model_url(url)


def test_the_address_may_name_the_model():
    assert forward.model_url("http://host:8501/") == "http://host:8501/v1/models/dlss"
    assert forward.model_url("http://host/v1/models/mine") == "http://host/v1/models/mine"


def test_answers_come_as_they_are(server):
    assert forward.fetch(f"{server}v2/health/live") == (200, b'{"live":true}')
    status, content = forward.fetch(f"{server}v1/models/dlss:predict", b"{")
    assert status == 400 and b"JSON Parse error" in content


def test_nobody_there_is_a_sentence():
    with pytest.raises(forward.Unavailable, match="^http://127.0.0.1:9/v1: expected a TensorFlow Serving, found"):
        forward.fetch("http://127.0.0.1:9/v1")
