import subprocess
import sys

from dlss_tf.inference.options import Options
from dlss_tf.interfaces.napari import compute


def test_needs_a_runtime_but_to_compute():
    code = """if True:
        import sys
        sys.modules["tensorflow"] = sys.modules["onnxruntime"] = None
        from dlss_tf.interfaces.napari import compute, process
        try:
            compute.supersample(None, compute.Request(5))
        except ValueError as error:
            print(error)
    """
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.startswith(f"runtime: expected onnx or tensorflow in {sys.prefix}, found none; pip install ")
    assert there.stdout.endswith(f"; or choose another environment than {sys.prefix}\n")
    assert there.stdout.count("\n") == 1


def test_a_request_survives_being_sent():
    request = compute.Request(5, "run", Options(ensemble=True, deblur="wiener"))
    assert compute.Request.from_json(request.to_json()) == request
    assert compute.Request.from_json(compute.Request(4).to_json()) == compute.Request(4)
