import pytest

from dlss_tf import cli
from dlss_tf.cli.exits import FAILED
from dlss_tf.cli.parsing import version


def test_info(tiny_run, capsys):
    assert cli.main(["info", "--weights", tiny_run]) == 0
    assert '"width": 0.05' in capsys.readouterr().out


def test_info_of_a_preset_and_its_schedule(capsys):
    assert cli.main(["info", "--preset", "paper"]) == 0
    assert '"iterations": 1000000' in capsys.readouterr().out
    assert cli.main(["info", "--preset", "paper", "--schedule"]) == 0
    assert "1937500" in capsys.readouterr().out


def test_info_of_the_one_stage_schedule(capsys):
    assert cli.main(["info", "--preset", "paper", "--network", "one-stage", "--schedule"]) == 0
    assert "12500      0.0005" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["info", "--weights", "{}"], "config.json: expected a run's configuration"),
        (["info", "--weights", "{}", "--preset", "paper"], "--preset: expected none with --weights"),
        (["info", "--weights", "{}", "--network", "one-stage"], "--network: expected none with --weights"),
        (["info", "{}/a.npy", "--preset", "paper"], "--preset: expected none with files, found paper"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(refused, arguments, sentence):
    assert sentence in refused(arguments)


def test_unasked_it_tells_what_is_installed(capsys):
    assert cli.main(["info"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(version()) and "--weights unified-scan" in told
    assert "\ndlss-tf info FILE tells what a file holds" in told


def test_a_folder_stands_for_the_files_in_it_results_too(save, tmp_path, capsys):
    for name in ("a", "a-x4", "scan-2"):
        save(tmp_path / f"{name}.npy", 8, 9)
    assert cli.main(["info", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()[::2]
    assert lines == [f"{tmp_path}/{name}.npy:" for name in ("a-x4", "a", "scan-2")]


def test_counts_silent_channels(tiny_run, tiny_data, capsys):
    assert cli.main(["info", "--weights", tiny_run, "--data", tiny_data, "--split", "test", "--size", "64"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["layer", "silent", "/", "channels"] and len(lines) == 1 + 40 + 1
    assert lines[1].startswith("inner_conv1 ") and lines[-1].startswith("all ")


def test_what_files_hold(several, save, tmp_path, capsys):
    scan = save(tmp_path / "a.npy", 3, 8, 9)
    assert cli.main(["info", several, str(tmp_path / "none.tif"), scan]) == FAILED
    found = capsys.readouterr()
    assert found.out.splitlines() == [
        f"{several}:",
        "  1  BF     64x60 px, pixel size unknown, float32",
        "  2* HAADF  60x64 px, pixel size unknown, float32",
        f"{scan}:",
        "  1*   3x8x9 px, pixel size unknown, float32",
    ]
    assert found.err == f"dlss-tf: {tmp_path}/none.tif: expected an image file, found nothing\n"
