import pytest

from dlss_tf import Supersampler, weights
from dlss_tf._compat import variables
from dlss_tf.data.files import list_files
from dlss_tf.evaluation.images import blurred, central_crops, completed
from dlss_tf.evaluation.metrics import mse, root_mean
from dlss_tf.models import generators
from dlss_tf.training.validation import root_mses


@pytest.mark.parametrize("run", ["tiny_run", "tiny_scan_grid_run"])
def test_errors_are_those_that_evaluate_has(run, request, tiny_data):
    """Of networks that see the infilled scan, and the scan alone."""
    run = request.getfixturevalue(run)
    config, arrays = weights.load(run)
    generator = generators.build(config).generator
    for name, variable in variables(generator).items():
        variable.assign(arrays[name])
    crops = [crop for _, crop in central_crops(list_files([tiny_data], "val")[:2], 64)]
    found, supersampler = root_mses(config, generator, crops, (4, 8)), Supersampler(run)
    for s in (4, 8):
        expected = root_mean(mse(completed(supersampler, crop, s)[1], blurred(crop)) for crop in crops)
        assert found[s] == pytest.approx(expected, rel=1e-3)
