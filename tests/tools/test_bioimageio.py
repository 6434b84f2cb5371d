import io
import zipfile

import numpy as np
import onnx
import pytest
from sessions import run, session

from dlss_tf import Supersampler, micrograph, weights
from dlss_tf.errors import InputError
from dlss_tf.simulation.dataset import DEMO

spec = pytest.importorskip("bioimageio.spec")

from tools import bioimageio  # noqa: E402  needs it

FACTOR = 12  # whose image a Supersampler makes of tiles if it is let


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return bioimageio.package(str(tmp_path_factory.mktemp("packages") / "new" / "model.zip"), FACTOR)


def test_it_is_valid_and_says_what_goes_in_and_out(package):
    described = spec.load_model_description(package)
    summary = described.validation_summary
    assert summary.status in ("passed", "valid-format"), summary.format()
    (scan,), (image,) = described.inputs, described.outputs
    sizes = described.get_axis_sizes({("scan", "y"): 5, ("scan", "x"): 0}, batch_size=3)
    assert [size for (_, axis), size in sizes.inputs.items()] == [3, 1, 21, 16]
    assert [size for (_, axis), size in sizes.outputs.items()] == [3, 1, 21 * FACTOR, 16 * FACTOR]
    assert {each.scale for each in image.axes if each.type == "space"} == {FACTOR}  # all that Fiji's runner goes by
    assert [each.id for each in (*scan.preprocessing, *image.postprocessing)] == ["ensure_dtype"] * 2
    assert described.license == "MIT" and described.cite[0].doi == "10.48550/arXiv.1910.10467"
    assert described.config.dlss_tf["sha256"] == weights.digest()


def test_its_weights_give_its_image_and_that_is_a_supersamplers(package):
    with zipfile.ZipFile(package) as archive:
        assert "rdf.yaml" in archive.namelist()
        scan, image = (np.load(io.BytesIO(archive.read(name))) for name in ("scan.npy", "image.npy"))
        model = onnx.load_from_string(archive.read("weights.onnx"))
        page = archive.read("README.md").decode()
    demo = micrograph.read(DEMO).data
    expected = Supersampler(tile=2048)(demo, FACTOR, keep_outliers=True)
    np.testing.assert_array_equal(scan[0, 0], demo)
    for made in (image, *run(session(model), scan=scan)):
        np.testing.assert_allclose(made[0, 0] / np.ptp(demo), expected / np.ptp(demo), rtol=0, atol=1e-5)
    assert "## Validation" in page and "## Known failures" in page and "](" not in page


def test_refusals_leave_what_is_there(tmp_path):
    path = tmp_path / "model.zip"
    path.write_bytes(b"mine")
    for arguments, sentence in (
        ((str(tmp_path / "model.onnx"), 5), "ends in .zip"),
        ((str(path), 13), "factor: expected one of 2, 3"),
        ((str(path), 5, "unified-small"), "expected a scan-grid generator, found a two-stage one"),
    ):
        with pytest.raises(InputError, match=sentence):
            bioimageio.package(*arguments)
    assert path.read_bytes() == b"mine" and [each.name for each in tmp_path.iterdir()] == ["model.zip"]
