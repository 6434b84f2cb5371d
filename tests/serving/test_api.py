import hashlib
import json

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.micrograph import Micrograph

FILE = "/api/supersample"


@pytest.fixture
def scan(rng):
    return rng.normal(1000, 30, (21, 26)).astype(np.float32)


@pytest.fixture
def content(scan, tmp_path):
    """A scan's hspy file, with all that can be known."""
    path = str(tmp_path / "scan.hspy")
    micrograph.write(path, Micrograph(scan, (0.25, 0.25), "nm", "gold on carbon", ("scanned",)))
    return open(path, "rb").read()


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.ptp(expected))


@pytest.mark.parametrize("form", ["tif", "ome.tif", "hspy", "mrc"])
def test_a_file_comes_back_as_an_image_with_pixel_size_and_history(web, content, scan, supersampler, tmp_path, form):
    answer = web.post(FILE, params={"factor": 5, "name": "a scan.hspy", "format": form}, content=content)
    assert answer.status_code == 200
    path = tmp_path / f"answer.{form}"
    path.write_bytes(answer.content)
    image = micrograph.read(str(path))
    close(image.data, supersampler(scan, 5))
    assert image.pixel_size == pytest.approx((0.05, 0.05)) and image.units == "nm"
    assert f'filename="gold-on-carbon.{form}"' in answer.headers["Content-Disposition"]
    made = image.provenance
    assert made["source"] == {"file": "a scan.hspy", "sha256": hashlib.sha256(content).hexdigest()}
    assert made["generator"]["sha256"] == supersampler.made_by["generator"]["sha256"]
    assert "weights" not in made["generator"] and made["server"] is True
    if form != "mrc":
        assert any("supersampled by 5 with dlss_tf" in line for line in image.history)
        assert "scanned" in image.history


def test_raw_numbers_and_every_depth(web, scan, supersampler):
    low, high = float(scan.min()), float(scan.max())
    sent = np.rint((scan - low) / (high - low) * 65535).astype("<u2")
    expected = supersampler((low + (high - low) * (sent / 65535.0)).astype(np.float32), 5)
    asked = {"factor": 5, "dtype": "uint16", "shape": "21,26", "low": low, "high": high, "format": "raw"}
    for depth, size in {"float32": 4, "float16": 2, "uint16": 2, "uint12": 2, "uint8": 1}.items():
        answer = web.post(FILE, params={**asked, "depth": depth}, content=sent.tobytes())
        assert answer.headers["Dlss-Shape"] == "105,130" and len(answer.content) == 105 * 130 * size
        numbers = np.frombuffer(answer.content, {"uint12": "<u2"}.get(depth, depth)).reshape(105, 130)
        if depth == "float32":
            close(numbers, expected)
            continue
        most = {"float16": 1, "uint16": 65535, "uint12": 4095, "uint8": 255}[depth]
        bottom, top = float(answer.headers["Dlss-Low"]), float(answer.headers["Dlss-High"])
        step = (top - bottom) / (most if most > 1 else 2048)
        assert np.abs(bottom + (top - bottom) * numbers.astype(float) / most - expected).max() <= step


def test_options_and_what_comes_beside(web, content, scan, supersampler, tmp_path):
    asked = {"factor": 5, "name": "scan.hspy", "ensemble": True, "what": "uncertainty", "format": "npy"}
    answer = web.post(FILE, params=asked, content=content)
    (tmp_path / "a.npy").write_bytes(answer.content)
    close(np.load(tmp_path / "a.npy"), supersampler.ensemble(scan, 5).uncertainty)
    refused = web.post(FILE, params={**asked, "ensemble": False}, content=content)
    assert refused.status_code == 400 and "which was not asked for" in refused.json()["error"]
    both = web.post(FILE, params={**asked, "uncertainty": True}, content=content)
    assert both.status_code == 400 and "uncertainty: expected False for an ensemble" in both.json()["error"]


def test_what_is_remarked_is_told_by_the_clients_name(web, scan):
    scan[3, 4] = np.nan
    answer = web.post(FILE, params={"factor": 5, "dtype": "float32", "shape": "21,26"}, content=scan.tobytes())
    (remark,) = json.loads(answer.headers["Dlss-Remarks"])
    assert remark == "scan: 1 of 546 samples are not finite; they were filled in from their neighbours"


def test_results_are_kept_for_a_page(web, content, scan, supersampler):
    made = web.post("/api/results", params={"factor": 5, "name": "scan.hspy"}, content=content)
    assert made.status_code == 201
    result = made.json()
    assert list(result["images"]) == ["scan", "image"] and result["factor"] == 5 and result["remarks"] == []
    image = result["images"]["image"]
    assert image["pixel_size"] == [0.05, 0.05] and image["units"] == "nm" and image["title"] == "gold on carbon"
    assert image["shape"] == [105, 130] and len(image["history"]) == 2
    where = f"/api/results/{result['id']}"
    assert web.get(where).json() == result
    raw = web.get(f"{where}/scan", params={"format": "raw"})
    np.testing.assert_array_equal(np.frombuffer(raw.content, "<f4").reshape(21, 26), scan)
    close(np.frombuffer(web.get(f"{where}/image?format=raw").content, "<f4").reshape(105, 130), supersampler(scan, 5))
    assert web.get(f"{where}/guessed").status_code == 404 and web.get(f"{where}/secrets").status_code == 422
    assert web.delete(where).status_code == 204 and web.get(where).status_code == web.delete(where).status_code == 404


def test_a_job_can_be_followed(web, content):
    job = "a-job-of-mine"
    with web.stream("GET", f"/api/progress/{job}") as events:
        lines = events.iter_lines()
        web.post(FILE, params={"factor": 5, "name": "scan.hspy", "ensemble": True, "job": job}, content=content)
        said = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert said[-1] == {} and events.headers["content-type"].startswith("text/event-stream")


def test_info(web):
    info = web.get("/api/info").json()
    assert info["generator"]["factors"] == [4, 5, 8] and info["generator"]["network"] == "scan-grid"
    assert ".dm4" in info["formats"]["read"] and "hspy" in info["formats"]["written"] and info["live"] is False
    assert web.get("/api/live").status_code == 404


@pytest.mark.parametrize(
    ("asked", "body", "status", "sentence"),
    [
        (
            {"factor": 5, "name": "scan.dm4"},
            b"no dm4",
            400,
            "scan.dm4: expected a .dm4 image, found a file that is damaged, or",
        ),
        ({"factor": 5, "name": "../../etc/passwd"}, b"x", 400, "name: expected a suffix out of"),
        ({"factor": 5, "name": "../\x1b[2J/a.npy"}, b"x", 400, "a.npy: expected"),
        ({"factor": 5, "name": "a.zspy"}, b"x", 400, "name: expected a suffix out of"),
        ({"factor": 5}, b"x", 400, "name: expected the name of the file, or dtype and shape"),
        ({"factor": 5, "dtype": "uint8"}, b"x", 400, "dtype, shape: expected both"),
        ({"factor": 5, "dtype": "uint8", "shape": "9,9"}, b"x", 400, "body: expected 81 bytes"),
        ({"factor": 5, "dtype": "uint8", "shape": "0,9"}, b"", 400, "body: expected a file, found nothing"),
        ({"factor": 6, "dtype": "uint8", "shape": "2,2"}, b"abcd", 400, "factor: expected one of 4, 5, 8"),
        ({"factor": 5.5, "dtype": "uint8", "shape": "2,2"}, b"abcd", 422, "factor: "),
        ({"factor": 99, "dtype": "uint8", "shape": "2,2"}, b"abcd", 422, "factor: "),
        ({"factor": 5, "dtype": "uint8", "shape": "2"}, b"abcd", 422, "shape: "),
        ({"factor": 5, "dtype": "uint8", "shape": "2,2", "tile": 3}, b"abcd", 422, "tile: "),
        ({"factor": 5, "dtype": "uint8", "shape": "2,2", "depth": "float16"}, b"abcd", 400, "depth: expected another"),
        ({"factor": 5, "dtype": "uint8", "shape": "999,999"}, bytes(999 * 999), 413, "px in all, found 24950025"),
        (
            {"factor": 5, "dtype": "uint8", "shape": "2000,2000"},
            bytes(4_000_000),
            413,
            "body: expected at most 3000000",
        ),
    ],
)
def test_refuses_in_a_sentence(web, asked, body, status, sentence):
    answer = web.post(FILE, params=asked, content=body)
    assert answer.status_code == status and sentence in answer.json()["error"], answer.text
    assert "/tmp" not in answer.text and "\x1b" not in answer.text


def test_a_body_of_unknown_length_has_the_limit_too(web):
    def endless():
        while True:
            yield bytes(100_000)

    import httpx

    try:
        answer = web.post(FILE, params={"factor": 5, "name": "a.tif"}, content=endless())
    except httpx.HTTPError:  # it went on sending to who had answered
        return
    assert answer.status_code == 413


def test_fewer_bits_cost_through_the_server_what_table_3_says(web, supersampler, tiny_data):
    """Bytes on the wire and error of each bit depth, against those that `experiments.table3` measures without one."""
    import tensorflow as tf

    from dlss_tf import lattice
    from dlss_tf.data.examples import make_example, to_crop_scale
    from dlss_tf.evaluation.images import blurred, central_crops
    from dlss_tf.evaluation.metrics import mse
    from experiments import table3

    ((_, crop), *_) = central_crops([f"{tiny_data}/test/00000.tif"], 64)
    reference = supersampler.config.intensity_reference
    example = make_example(tf.constant(crop[None, :, :, None]), tf.constant([5]), reference)
    scan, first = lattice.downsample(example.inputs.numpy()[0, :, :, 0], 5), lattice.offset(64, 5)
    measured = table3.measure(supersampler, crop)
    depths = {"float32": "float32", "float16": "float16", "12-bit": "uint12", "8-bit, saturating": "uint8"}
    for name, depth in depths.items():
        wire = table3.CASTS[name].there(scan)
        asked = {"factor": 5, "dtype": depth, "shape": ",".join(map(str, wire.shape)), "low": 0, "high": 1}
        answer = web.post(FILE, params={**asked, "format": "raw", "keep_outliers": True}, content=wire.tobytes())
        assert int(answer.request.headers["Content-Length"]) == measured[name]["raw"]
        sides = [int(side) for side in answer.headers["Dlss-Shape"].split(",")]
        image = np.frombuffer(answer.content, "<f4").reshape(sides)
        image = np.pad(image, [(first, 0)] * 2, mode="edge")[:64, :64]  # its first pixel is the lattice's first sample
        output = to_crop_scale(tf.constant(image[None, :, :, None]), example, reference).numpy()[0, :, :, 0]
        assert mse(output, blurred(crop)) == pytest.approx(measured[name]["mse"], rel=0.02)
