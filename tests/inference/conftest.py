import pytest

from dlss_tf.inference.runtimes import NEEDED


@pytest.fixture(scope="session", params=NEEDED)
def runtime(request):
    """Each of them."""
    return request.param
