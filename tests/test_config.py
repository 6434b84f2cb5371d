import dataclasses
import re

import pytest

from dlss_tf.config import PRESETS, RULES, Config, preset
from dlss_tf.errors import InputError


def test_round_trips_through_json(tmp_path):
    config = PRESETS["quick"].replace(data=("a", "b"), width=0.125)
    config.save(tmp_path / "config.json")
    assert Config.load(tmp_path / "config.json") == config
    assert [p.name for p in tmp_path.iterdir()] == ["config.json"]


def test_former_name_of_a_field_is_read(tmp_path):
    (tmp_path / "config.json").write_text('{"network": "scan-grid", "intensity_reference": "scan", "average": 0.5}')
    assert Config.load(tmp_path / "config.json").average_weights == 0.5


@pytest.mark.parametrize("name", PRESETS)
def test_papers_presets_average_no_weights(name):
    assert preset(name).average_weights == preset(name, "one-stage").average_weights == 0
    assert preset(name, "scan-grid").average_weights == 0.999


def test_paper_preset_is_table_1():
    config = preset("paper")
    assert (config.width, config.size, config.batch) == (1.0, 512, 1)
    assert (config.iterations, config.learning_rate) == (1_000_000, 3e-4)
    assert config.factors == (4, 5, 6, 7, 8, 9, 10)
    assert config.intensity_reference == "crop"
    assert not config.bias


def test_text_becomes_the_fields_type():
    config = Config().replace(factors="4,5", width="0.5", xla="true", batch="3", data="x,y")
    assert dataclasses.asdict(config) | {"factors": (4, 5), "width": 0.5, "xla": True, "batch": 3} == vars(config)
    assert config.data == ("x", "y")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"size": 100}, "size: expected a multiple of 32 px, at least 32, found 100"),
        ({"batch": 0}, "batch: expected at least 1, found 0"),
        ({"batch": "two"}, "batch: expected a whole number, found 'two'"),
        ({"width": -1}, "width: expected a number in"),
        ({"width": "nan"}, "width: expected a number in"),
        ({"xla": "maybe"}, "xla: expected true or false, found 'maybe'"),
        ({"factors": "4,17"}, "factors: expected whole numbers from 2 to 16"),
        ({"factors": ""}, "factors: expected"),
        ({"upsampling": "nearest"}, "upsampling: expected one of transposed, bilinear, found nearest"),
        ({"iterations": 3}, "iterations: expected at least 8, found 3"),
        ({"activation": "gelu"}, "activation: expected one of relu, leaky, found gelu"),
        ({"rules": 7}, "rules: expected 2, the edition that this version trains by, found 7"),
        ({"rules": 0}, "rules: expected 2, the edition that this version trains by, found 0"),
        ({"colour": 1}, "unknown field 'colour'; known are preset, data, "),
        ({"activatoin": "relu"}, "unknown field 'activatoin'; did you mean activation?"),
        ({"network": "onestage"}, "expected one of two-stage, one-stage, scan-grid, found onestage; did you mean one-"),
        ({"learning_rate": 0}, "learning_rate: expected a positive number, found 0"),
        ({"seed": -1}, "seed: expected a whole number from 0"),
        (
            {"network": "one-stage", "factors": "5", "intensity_reference": "scan", "balance_errors": True},
            "a one-stage generator's balance_errors: expected false, found True",
        ),
        ({"average_weights": -0.1}, "average_weights: expected a decay in [0, 1), found -0.1"),
        ({"schedule": "cosine"}, "schedule: expected one of falling, constant, found cosine"),
        ({"average_predictor": 1}, "average_predictor: expected a decay in [0, 1), found 1"),
        ({"p_coefficients": (1.0, 2.0)}, "p_coefficients: expected three numbers"),
        ({"p_coefficients": (-1.0, 0.0, 0.0)}, "p_coefficients: expected three numbers whose polynomial is positive"),
    ],
)
def test_refuses_bad_values_in_one_sentence(changes, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        Config().replace(**changes)


def test_one_stage_presets_are_section_4s():
    config = preset("paper", "one-stage")
    assert (config.network, config.factors, config.batch) == ("one-stage", (5,), 16)
    assert (config.iterations, config.learning_rate, config.freeze_at) == (100_000, 1e-3, 0.5)
    assert {preset(name, "one-stage").intensity_reference for name in PRESETS} == {"scan"}


@pytest.mark.parametrize(
    "changes",
    [
        {"factors": (4, 5)},
        {"objective": "no-blur"},
        {"adversarial": True},
        {"intensity_reference": "crop"},
        {"activation": "leaky"},
    ],
)
def test_a_one_stage_generator_refuses_what_section_4_does_not_have(changes):
    (name,) = changes
    with pytest.raises(InputError, match=f"a one-stage generator's {name}: expected .*, found"):
        preset("quick", "one-stage").replace(**changes)


def test_a_file_that_names_no_edition_of_the_rules_is_of_the_first(tmp_path):
    (tmp_path / "config.json").write_text('{"width": 0.5}')
    old = Config.load(str(tmp_path / "config.json"))
    assert (old.width, old.rules, old.activation) == (0.5, 1, "relu")
    old.replace(width=0.25).save_in(str(tmp_path / "again"))
    assert Config.load(str(tmp_path / "again" / "config.json")).rules == 1
    assert {preset(name, network).rules for name in PRESETS for network in ("two-stage", "one-stage")} == {RULES}


def test_unknown_preset():
    with pytest.raises(InputError, match="preset: expected one of quick, small, paper, found fast$"):
        preset("fast")


HOSTILE = (
    *(
        '{"self": 1}',
        '{"factors": [Infinity]}',
        '{"factors": [4.5]}',
        '{"iterations": 1e300}',
        '{"freeze_at": Infinity}',
    ),
    *('{"size": 1048576}', '{"batch": 1e9}', '{"width": 1e999}', '{"seed": -Infinity}', '{"p_coefficients": {"a": 1}}'),
    *(
        "[" * 100_000,
        '{"data": 1}',
        f'{{"seed": {"9" * 4000}}}',
        '{"factors": null}',
        '{"": 1}',
        '{"learning_rate": []}',
    ),
)


@pytest.mark.parametrize("content", [None, "", "[1]", "{not json", '{"width": "wide"}', *HOSTILE], ids=range(21))
def test_refuses_a_bad_file_in_one_short_sentence_that_names_it(tmp_path, content):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=f"^{path}: ") as refusal:
        Config.load(str(path))
    assert len(str(refusal.value)) < 1000 and "\n" not in str(refusal.value)
