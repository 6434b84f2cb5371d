"""What the networks do is tested of Keras' and of ONNX'; here what they are made of."""

from dlss_tf.config import Config, preset
from dlss_tf.models import wiring


class Recorder:
    """Blocks that note their names."""

    def __init__(self, config):
        self.config, self.names = config, []

    def __getattr__(self, kind):
        def make(*given, **how):
            self.names.append(f"{kind} {next(each for each in given if isinstance(each, str) and each != 'x')}")
            return "x"

        return make


def test_the_inner_generator_of_figure_11():
    recorder = Recorder(Config())
    wiring.inner(recorder, "x")
    assert recorder.names[:6] == ["halved inner_downsample", *(f"conv inner_conv{i}" for i in range(1, 6))]
    assert sum(name.startswith("add inner_residual") for name in recorder.names) == 6
    assert recorder.names[-4:] == [f"conv inner_up{i}" for i in range(1, 5)]


def test_upsampling_is_transposed_or_bilinear():
    recorder = Recorder(Config().replace(upsampling="bilinear"))
    wiring.inner(recorder, "x")
    assert recorder.names[-2:] == ["doubled inner_up4_resize", "conv inner_up4"]
    assert wiring.is_transposed("inner_up4/kernel", Config())
    assert not wiring.is_transposed("inner_up4/kernel", recorder.config)
    assert not wiring.is_transposed("inner_conv1/kernel", Config())


def test_slopes_of_the_published_code():
    leaky = Config().replace(activation="leaky")
    assert [wiring.slope(leaky, *how) for how in ((5, 1, False), (3, 2, False), (3, 2, True), (3, 1, False))] == [
        0.1,
        0.1,
        0.01,
        0.01,
    ]
    assert wiring.slope(Config(), 5, 1, False) == 0


def test_levels_of_the_scan_grid_generator():
    recorder = Recorder(preset("quick", "scan-grid"))
    wiring.body(recorder, "x")
    order = [name.split()[1] for name in recorder.names if name.split()[0] in ("halve", "double")]
    assert order == ["halve2", "halve3", "double2", "double1"]
    assert sum(name.endswith("_conv2") for name in recorder.names) == 3 + 3 + 4 + 3 + 3
