import json
import subprocess
import sys
from pathlib import Path

import pytest
from shallow import shallow

from benchmarks import bench, ours
from dlss_tf.config import PRESETS

ROOT = Path(__file__).resolve().parents[2]
SMALL = 256  # side of a matrix product that takes no time


@pytest.mark.slow
def test_flops_of_the_paper_generator():
    # Multiples of 2 x 3 x 3 x 64 x 64 x 256 x 256: the layers that halve or double the side take half of it.
    unit = 2 * 9 * 64 * 64 * 256**2
    inner = 3 / 2 + 3 / 8 + 18 * 9 / 16 + 3 / 8 + 3 / 2
    outer = 1 / 2 + 9 + 1 / 2 + 1
    thin = 2 * 25 * 64 * 256**2 + 2 * 25 * 32 * 512**2 + 2 * 9 * 32 * 512**2  # from and to one channel
    assert ours.generator_flops(PRESETS["paper"], 512) == unit * (inner + outer) + thin  # 121 GFLOP
    assert ours.training_flops(PRESETS["paper"]) == pytest.approx(3 * 125e9, rel=0.02)  # inner trainer included


def test_flops_of_single_convolutions():
    from tensorflow import keras

    from dlss_tf.layers.weight_norm import WeightNormConv2D, WeightNormConv2DTranspose

    image = keras.Input((None, None, 1))
    down = WeightNormConv2D(8, 5, 2)(image)
    up = WeightNormConv2DTranspose(4, 3, 2)(down)
    convolution = 2 * 5 * 5 * 1 * 8 * 16 * 16  # for each output pixel of 32 -> 16
    transposed = 2 * 3 * 3 * 8 * 4 * 16 * 16  # for each input pixel of 16 -> 32
    assert ours._convolution_flops(keras.Model(image, down), 32) == convolution
    assert ours._convolution_flops(keras.Model(image, up), 32) == convolution + transposed


def test_training_counts_three_passes_and_the_inner_trainer():
    config = PRESETS["paper"].replace(width=0.05, size=64, batch=2)
    trainer = 2 * 9 * 32 * 32 * (8 * 8 + 8)
    assert ours.training_flops(config) == 3 * 2 * (ours.generator_flops(config, 64) + trainer)


def arguments(mode):
    return ["--mode", mode, "--preset", "quick", "--width=0.05", "--size=64", "--batch=1", "--runs=1"]


@pytest.mark.slow
def test_one_measurement():
    program = f"from benchmarks import ours; ours.GEMM_SIDE = {SMALL}; ours.main()"
    command = [sys.executable, "-c", program, *arguments("savedmodel")]
    check(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def test_a_measurement_of_training(monkeypatch, capsys):
    """In this process, which has TensorFlow loaded."""
    shallow(monkeypatch)
    monkeypatch.setattr(ours, "GEMM_SIDE", SMALL)
    monkeypatch.setattr("sys.argv", ["ours", *arguments("train")])
    ours.main()
    check(capsys.readouterr().out)


def check(printed):
    report = json.loads(printed)
    assert len(report["seconds"]) == 1
    assert report["seconds"][0] > 0
    assert 0.1 < report["peak_gib"] < 10
    assert report["gflop"] > 0.01
    assert report["gemm_gflops"] > 0.1


def reports(ours, eager, compiled=None):
    def one(seconds, gemm, **more):
        return {"seconds": seconds, "peak_gib": seconds[0], "gemm_gflops": gemm, **more}

    failed = {"error": "RuntimeError: no compiler"}
    return {
        "ours": one(ours, 90.0, gflop=200.0),
        "eager": one(eager, 100.0),
        "compiled": failed if compiled is None else one(compiled, 80.0),
    }


def test_ratios_are_taken_round_by_round():
    # The machine is half as fast in the second round and a tenth as fast in the third.
    rounds = [reports([1, 3, 2], [4, 4]), reports([4, 4], [8, 8]), reports([20, 20], [10, 10])]
    found = bench.summary(rounds)
    assert found["seconds"] == {"ours": 4, "eager": 8}
    assert found["ratio"] == {"eager": 0.5}  # of 0.5, 0.5 and 2
    assert found["over_floor"] == pytest.approx(4 / (200 / 100))
    assert found["peak_gib"] == {"ours": 20, "eager": 10}
    assert found["errors"] == {"compiled": "RuntimeError: no compiler"}


def test_table_with_a_failure_and_a_case_without_peer():
    failed = [{"ours": {"error": "ended by signal 9"}, **{p: reports([1], [2], [4])[p] for p in ("eager", "compiled")}}]
    pipeline = [{"ours": {"seconds": [0.002], "peak_gib": 0.5, "gemm_gflops": 50.0}}]
    rounds = {"train": failed, "good": [reports([1], [2], [4])], "pipeline": pipeline}
    cases = {name: {"settings": {"mode": name}, "summary": bench.summary(r)} for name, r in rounds.items()}
    lines = bench.table(cases).splitlines()
    assert lines[2] == "| train | failed | 2 | 4 |  |  |  |  | 2 | 4 |"
    assert lines[3] == "| good | 1 | 2 | 4 | 0.5 | 0.25 | 0.5 | 1 | 2 | 4 |"
    assert lines[4] == "| pipeline | 0.002 |  |  |  |  |  | 0.5 |  |  |"
    assert "- train, ours, failed: ended by signal 9" in lines
    assert "- pipeline: 500 crops/s on one core; 100 iterations/s at batch 1 need 0.2 cores." in lines


def test_only_the_table_is_replaced():
    text = "before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n"
    assert bench.replace_table(text, "| new |") == "before\n<!-- bench -->\n| new |\n<!-- /bench -->\nafter\n"
    document = bench.DOCUMENT.read_text(encoding="utf-8")
    before, after = document.split(bench.BEGIN)[0], document.split(bench.END)[1]
    replaced = bench.replace_table(document, "| new |")
    assert replaced == f"{before}{bench.BEGIN}\n| new |\n{bench.END}{after}"


def test_a_process_that_fails_says_why():
    assert bench.run([sys.executable, "-c", "raise MemoryError('too little')"]) == {"error": "MemoryError: too little"}
    killed = bench.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    assert killed["error"].startswith("ended by signal 9")


def test_a_failed_program_is_not_tried_again(monkeypatch):
    tried = []

    def run(arguments):
        tried.append(arguments)
        return {"error": "no"} if "torch_peer" in " ".join(arguments) else {"seconds": [1.0]}

    monkeypatch.setattr(bench, "run", run)
    case = next(case for case in bench.CASES if case.peer)
    found = bench.measure(case, 3, "python", bench.Progress("test", 9), 0)
    assert len(tried) == 3 + 1 + 1
    assert [by_program["eager"] for by_program in found] == [{"error": "no"}] * 3


def test_names_of_cases_are_unique():
    assert len({case.name for case in bench.CASES}) == len(bench.CASES)
