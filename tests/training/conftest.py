import pytest
from shallow import shallow


@pytest.fixture(scope="session")
def short_run(tiny_config, shared_folder):
    """As `tiny_run`, of a network of few layers."""
    from dlss_tf.training.trainer import train

    def make(run):
        with pytest.MonkeyPatch.context() as patch:
            shallow(patch)
            assert train(tiny_config, run) == "complete"

    return shared_folder("tiny-run-of-few-layers", make)
