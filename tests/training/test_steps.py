import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import lattice
from dlss_tf._compat import variables
from dlss_tf.config import ONE_STAGE_PRESETS
from dlss_tf.data.examples import make_example
from dlss_tf.models import generators
from dlss_tf.models.two_stage import freeze, initialize
from dlss_tf.training import losses, steps
from dlss_tf.training.state import State
from dlss_tf.training.steps import train_step, validation_step

pytestmark = pytest.mark.usefixtures("few_layers")


@pytest.fixture
def config(tiny_config):
    return tiny_config.replace(iterations=1000)


@pytest.fixture
def crops(rng):
    """Smooth crops, so that a tiny network can learn them."""
    x = np.linspace(0, 6, 64)
    waves = [np.add.outer(np.sin(x * f), np.cos(x * f)) for f in (1, 2)]
    crops = np.stack([(w - w.min()) / np.ptp(w) for w in waves])
    return tf.constant(crops[..., None], tf.float32)


def new_state(config, crops):
    state = State.create(config)
    initialize(state.networks, size=64, seed=config.seed)
    freeze(state.networks)
    for i in range(state.replay.members):
        state.replay.fill(i, crops[i % 2], tf.constant(5))
    return state


def snapshot(model):
    return {name: v.numpy() for name, v in variables(model, trainable_only=True).items()}


def positions(step):
    return tf.constant([2 * step, 2 * step + 1], tf.int64)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"xla": True},
        {"mixed_precision": True},
        {"upsampling": "bilinear", "intensity_reference": "crop", "track_p": True},
        {"activation": "leaky", "xla": True, "mixed_precision": True},
    ],
    ids=["default", "xla", "mixed_precision", "bilinear, crop, tracked p", "leaky, xla, mixed_precision"],
)
def test_loss_falls_on_fixed_data(config, crops, changes):
    config = config.replace(factors=(5,), **changes)
    state = new_state(config, crops)
    step = train_step(config, state)
    history = [float(step(positions(i), crops)["equation_3"]) for i in range(60)]
    assert np.mean(history[-5:]) < 0.2 * np.mean(history[:5])
    assert int(state.iteration) == 60
    assert int(state.position) == 120


def test_each_network_minimises_its_own_loss(config, crops, monkeypatch):
    """Without eq. 7 the trainer stays and inner and outer move; without eq. 3 the outer stays."""
    for silenced, still in (("equation_7", "trainer"), ("equation_3", "outer")):
        with monkeypatch.context() as patch:
            patch.setattr(losses, silenced, lambda outputs, *_: 0.0 * tf.reduce_mean(outputs, (1, 2, 3)))
            state = new_state(config, crops)
            before = {name: snapshot(getattr(state.networks, name)) for name in ("inner", "outer", "trainer")}
            train_step(config, state)(positions(0), crops)
        for name, weights in before.items():
            after = snapshot(getattr(state.networks, name))
            moved = [key for key in weights if not np.array_equal(weights[key], after[key])]
            assert (not moved) if name == still else (len(moved) > len(weights) / 2), (silenced, name)


def test_first_step_moves_the_trainer_twice_as_far(config, crops):
    state = new_state(config, crops)
    before = snapshot(state.networks.generator), snapshot(state.networks.trainer)
    train_step(config, state)(positions(0), crops)
    after = snapshot(state.networks.generator), snapshot(state.networks.trainer)
    furthest = [max(np.abs(a[k] - b[k]).max() for k in a) for a, b in zip(after, before, strict=True)]
    assert furthest == pytest.approx([config.learning_rate, 2 * config.learning_rate], rel=1e-2)


def test_validation_changes_counters_only(config, crops):
    state = new_state(config, crops)
    before = {**snapshot(state.networks.generator), **snapshot(state.networks.trainer)}
    scalars, images = validation_step(config, state)(positions(3), crops)
    assert np.isfinite(float(scalars["validation_equation_3"]))
    assert images.shape == (6, 64, 64, 1)
    assert float(tf.reduce_min(images)) >= 0 and float(tf.reduce_max(images)) <= 1
    assert (int(state.iteration), int(state.position), int(state.validation_position)) == (0, 0, 8)
    after = {**snapshot(state.networks.generator), **snapshot(state.networks.trainer)}
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_no_blur_objective_learns_and_so_does_its_predictor(config, crops):
    config = config.replace(factors=(5,), objective="no-blur")
    state = new_state(config, crops)
    step = train_step(config, state)
    errors, predictor_losses = [], []  # of the generator and of M
    for i in range(80):
        scalars = step(positions(i), crops)
        errors.append(float(tf.reduce_mean(generator_mse(state, config, crops))) if i % 20 == 0 else None)
        predictor_losses.append(float(scalars["equation_4"]))
    assert float(tf.reduce_mean(generator_mse(state, config, crops))) < 0.2 * errors[0]
    assert np.mean(predictor_losses[-5:]) < 0.2 * np.mean(predictor_losses[:5])


def generator_mse(state, config, crops):
    example = make_example(crops, tf.constant([5, 5]), config.intensity_reference)
    return losses.mse(state.networks.generator(example.inputs, training=False), example.target)


def test_averaged_predictor_follows_its_weights_and_predicts(config, crops, monkeypatch):
    config = config.replace(objective="no-blur", average_predictor=0.75)
    state = new_state(config, crops)
    (predictor,) = state.models["predictor"]
    averaged = snapshot(state.averaged_predictor)
    before = snapshot(predictor)
    for name, start in averaged.items():
        np.testing.assert_array_equal(start, before[name])
    scalars = train_step(config, state)(positions(0), crops)
    after = snapshot(predictor)
    assert not any(np.array_equal(before[name], after[name]) for name in before if name.endswith("/kernel"))
    for name, value in snapshot(state.averaged_predictor).items():
        np.testing.assert_allclose(value, 0.75 * averaged[name] + 0.25 * after[name], rtol=1e-5, atol=1e-8)
    # Of two networks that predict 7 and 3, eq. 5 is the averaged one's; eq. 4 is a loss of the other.
    for model, constant in ((predictor, 7.0), (state.averaged_predictor, 3.0)):
        for name, variable in variables(model).items():
            variable.assign(tf.fill(variable.shape, constant if name == "mse_predictor_dense3/bias" else 0.0))
    scalars = train_step(config, state)(positions(1), crops)
    assert float(scalars["equation_5"]) == pytest.approx(3)


def one_stage_config(config):
    tiny = {"data": config.data, "size": 64, "width": 0.05, "batch": 2, "iterations": 1000}
    return ONE_STAGE_PRESETS["quick"].replace(**tiny)


@pytest.mark.parametrize("changes", [{}, {"xla": True}, {"mixed_precision": True}], ids=["default", "xla", "bfloat16"])
def test_one_stage_generator_learns(config, crops, changes):
    config = one_stage_config(config).replace(**changes)
    state = State.create(config)
    generators.initialize(config, state.networks)
    assert state.replay is None
    step = train_step(config, state)
    history = [{name: float(value) for name, value in step(positions(i), crops).items()} for i in range(60)]
    equation_11 = [scalars["equation_11"] for scalars in history]
    assert np.mean(equation_11[-5:]) < 0.2 * np.mean(equation_11[:5])
    assert history[-1]["loss"] == pytest.approx(equation_11[-1] + history[-1]["l2_penalty"], rel=1e-3)
    assert "replay_insertion_rate" not in history[-1]
    scalars, images = validation_step(config, state)(positions(60), crops)
    assert np.isfinite(float(scalars["validation_equation_11"])) and images.shape == (6, 64, 64, 1)


def test_the_powers_of_beta1_start_at_each_optimisers_own(config):
    state = State.create(config.replace(adversarial=True, objective="no-blur"))
    powers = {name: float(adam.beta1_power) for name, adam in state.adams.items()}
    assert powers == pytest.approx({"generator": 0.9, "trainer": 0.9, "predictor": 0.9, "discriminators": 0.5})


def test_adversarial_step_trains_both_sides(config, crops):
    config = config.replace(factors=(5,), adversarial=True, iterations=1000)
    state = new_state(config, crops)
    first_half = train_step(config, state)
    for i in range(100):
        first_half(positions(i), crops)
    state.iteration.assign(1000)
    step = train_step(config, state, adversarial=True)
    generators = snapshot(state.networks.generator)
    discriminators = [snapshot(network) for network in state.models["discriminators"]]
    history = [step(positions(i), crops) for i in range(60)]
    equation_8 = [float(scalars["equation_8"]) for scalars in history]
    assert np.mean(equation_8[-5:]) < 0.8 * equation_8[0]
    assert all(np.isfinite(float(value)) for scalars in history for value in scalars.values())
    last = {name: float(value) for name, value in history[-1].items()}
    assert last["equation_3"] < 25  # ALRC passes losses that small as they are
    assert last["equation_10"] == pytest.approx(last["equation_3"] + last["equation_9"], rel=1e-5)
    assert last["loss"] == pytest.approx(last["equation_10"] + last["equation_7"], rel=1e-5)
    moved = snapshot(state.networks.generator)
    assert not any(np.array_equal(generators[name], moved[name]) for name in generators if name.endswith("/v"))
    for network, before in zip(state.models["discriminators"], discriminators):
        assert not any(np.array_equal(before[name], value) for name, value in snapshot(network).items())


def test_adversarial_gradients_reach_the_right_networks(config, crops, monkeypatch):
    """Without the other losses, eq. 9 moves inner and outer, not the trainer; discriminators follow eq. 8 alone."""
    config = config.replace(adversarial=True, iterations=1000)
    for equation in ("equation_3", "equation_7"):
        monkeypatch.setattr(losses, equation, lambda outputs, *_: 0.0 * tf.reduce_mean(outputs, (1, 2, 3)))
    state = new_state(config, crops)
    state.iteration.assign(1000)
    models = {**state.networks._asdict(), "discriminator": state.models["discriminators"][0]}
    before = {name: snapshot(model) for name, model in models.items()}
    train_step(config, state, adversarial=True)(positions(0), crops)
    for name, model in models.items():
        after = snapshot(model)
        moved = [key for key in after if not np.array_equal(before[name][key], after[key])]
        assert (not moved) if name == "trainer" else (len(moved) > len(after) / 2), name


def test_one_coverage_alone_has_p_of_1(config, crops):
    state = new_state(config, crops)
    assert steps._p(config.replace(factors=(4,)), state, tf.constant([4, 4])).numpy() == pytest.approx([1, 1])


def test_p_is_equation_2_with_the_configs_coefficients(config, crops):
    state = new_state(config, crops)
    factors = tf.constant([4, 7, 10])
    np.testing.assert_allclose(steps._p(config, state, factors), [lattice.p(1 / s**2) for s in (4, 7, 10)], rtol=1e-6)
    fitted = config.replace(p_coefficients=(0.5, 0.0, 4.0), factors=(2, 4))
    np.testing.assert_allclose(
        steps._p(fitted, state, tf.constant([2, 4])), np.array([0.75, 0.515625]) / 0.6328125, rtol=1e-6
    )


def test_balanced_errors_are_divided_by_the_difficulty(config, crops, monkeypatch):
    monkeypatch.setattr(losses, "difficulty", lambda example, *_: tf.fill(tf.shape(example.p), 4.0))
    plain, balanced = (
        train_step(each, new_state(each, crops))(positions(0), crops)
        for each in (config, config.replace(balance_errors=True))
    )
    for name in ("equation_3", "equation_7"):
        assert float(balanced[name]) == pytest.approx(float(plain[name]) / 4, rel=1e-5)


def test_tracked_p_follows_each_coverages_errors(config, crops):
    config = config.replace(track_p=True, factors=(4, 10))
    state = new_state(config, crops)
    start = steps._p(config, state, tf.constant([4, 10])).numpy()
    published = np.array([lattice.p_raw(1 / 16), lattice.p_raw(1 / 100)])
    np.testing.assert_allclose(start, published / published.mean(), rtol=1e-5)

    @tf.function
    def track():
        for _ in tf.range(5000):
            steps._track(state, tf.constant([4, 10, 10]), tf.constant([1.0, 2.0, 4.0]))

    track()
    np.testing.assert_allclose(steps._p(config, state, tf.constant([4, 10])).numpy(), [0.5, 1.5], rtol=0.02)
    assert float(state.tracked_mse[5]) == pytest.approx(lattice.p_raw(1 / 25), rel=1e-5)


def test_nothing_in_many_steps_runs_in_python_or_moves_off_the_device(config, crops):
    """One call from Python for all steps, in a graph without Python operations, prints or files."""
    state = new_state(config, crops)
    elements = tf.data.Dataset.from_tensors((positions(0), crops)).repeat()
    run = steps.many_steps(train_step(config, state), iter(elements))
    graph = run.get_concrete_function().graph
    kinds = {node.type for node in graph.get_operations()}
    kinds |= {node.op for function in graph.as_graph_def().library.function for node in function.node_def}
    assert {"ResourceApplyAdam", "Conv2D", "IteratorGetNext", "ResourceScatterUpdate"} <= kinds
    assert not {kind for kind in kinds if "Py" in kind or "Summary" in kind or "File" in kind or kind == "PrintV2"}
    scalars = run(tf.constant(3))
    assert int(state.iteration) == 3
    assert {value.shape for value in scalars.values()} == {(3,)}


@pytest.mark.parametrize("count", [1, 3])
def test_of_steps_whose_data_is_bad_nothing_is_done(config, crops, count):
    """The third element cannot be taken: the call that it is in leaves all as it is, counters too."""
    state = new_state(config, crops)
    bad = tf.data.Dataset.from_tensors((positions(0), crops * np.nan))
    elements = tf.data.Dataset.from_tensors((positions(0), crops)).repeat(2).concatenate(bad)
    elements = elements.map(lambda index, crop: (index, tf.debugging.check_numerics(crop, "bad")))
    run = steps.many_steps(train_step(config, state), iter(elements))
    done = 0 if count == 3 else 2
    for _ in range(done):
        run(tf.constant(1))
    before = {name: value.numpy() for name, value in state.adams["generator"].state().items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match="bad"):
        run(tf.constant(count))
    after = {name: value.numpy() for name, value in state.adams["generator"].state().items()}
    assert int(state.iteration) == done and all(np.array_equal(before[name], after[name]) for name in before)
