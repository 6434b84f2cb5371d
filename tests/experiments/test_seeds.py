import pytest

from dlss_tf import weights
from dlss_tf.config import Config
from dlss_tf.errors import InputError
from dlss_tf.evaluation.images import label
from experiments._errors import root_means
from experiments.seeds import TABLE_2_FACTORS, check, spread

RUN = Config()


@pytest.mark.parametrize(
    ("configs", "sentence"),
    [
        ([RUN], "two runs or more, found 1"),
        ([RUN, RUN], r"different seeds, found \[0, 0\]"),
        ([RUN, RUN.replace(seed=1, width=0.5)], r"seed alone, found width \[1.0, 0.5\]"),
    ],
)
def test_refuses_runs_that_differ_in_more_or_less_than_their_seed(configs, sentence):
    with pytest.raises(InputError, match=sentence):
        check(configs)


def test_takes_runs_of_different_seeds():
    check([RUN, RUN.replace(seed=1), RUN.replace(seed=2, checkpoint_minutes=1.0)])


def test_spread_over_runs():
    roots = (0.1, 0.2, 0.3)
    errors = [{"a": {label(s): root**2 for s in TABLE_2_FACTORS}} for root in roots]
    found = spread(root_means(each, TABLE_2_FACTORS) for each in errors)
    assert found["1/25"] == pytest.approx({"mean": 0.2, "std": 0.1})


def test_runs_are_measured_each_for_itself(made, tiny_run, tmp_path):
    config, arrays = weights.load(tiny_run)
    other = str(tmp_path / "other")
    config.replace(seed=config.seed + 1).save_in(other)
    weights.save(other, {name: 0.5 * array for name, array in arrays.items()})
    report = made("seeds", "--run", tiny_run, "--run", other, generator=False)
    means = [report["by_seed"][str(config.seed + i)]["1/25"]["mean"] for i in range(2)]
    assert means[0] != means[1]
    assert report["coverages"]["1/25"] == pytest.approx(
        {"mean": sum(means) / 2, "std": abs(means[0] - means[1]) / 2**0.5}
    )
    assert report["images"] == 3 and (tmp_path / "seeds.png").exists()
