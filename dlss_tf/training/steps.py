"""The compiled steps: everything that one iteration computes, as one tf.function each."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from .. import lattice
from ..config import Config
from ..data import seeds
from ..data.examples import Example, draw_factors, make_example, to_crop_scale
from ..layers import replicas
from ..layers.blur import blur_output, blur_target
from ..models import discriminators, generators, mse_predictor, one_stage
from ..models.two_stage import TwoStage
from . import averages, distribution, losses, scan_grid, schedules
from .state import State, by_factor

P_DECAY = 0.999  # of the tracked MSE of each coverage


def train_step(
    config: Config, state: State, adversarial: bool = False
) -> Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]:
    """The training step: (positions int64 [b], crops [b, N, N, 1] in [0, 1]) -> scalars for the log.

    Draws coverages, mixes in replayed examples, minimises each network's loss by one ADAM step, offers hard examples to
    the replay buffer, which one-stage and scan-grid generators' steps do not have. Replicas that share the batch make
    the same step together, to rounding (`distribution.together`).
    """

    def step(positions: tf.Tensor, crops: tf.Tensor) -> dict[str, tf.Tensor]:
        factors = _drawn_factors(config, positions, config.seed)
        if state.replay is not None:
            crops, factors, fresh = state.replay.mix(crops, factors, state.iteration)
        p = _p(config, state, factors)
        with tf.GradientTape(persistent=True) as tape:
            if config.network == "scan-grid":
                mse, terms, objectives = scan_grid.objectives(config, state, crops, factors[0], p)
            else:
                mse, terms, objectives, p = _objectives(config, state, crops, factors, p, adversarial)
            objectives = {name: replicas.share(objective) for name, objective in objectives.items()}
        rates = _rates(config, state.iteration)
        _minimise(config, state, tape, objectives, rates)
        averages.update(config, state, adversarial)
        _track(state, factors, mse * p)
        replayed = {}
        if state.replay is not None:
            state.replay.insert(crops, factors, mse, fresh, state.iteration)
            replayed["replay_insertion_rate"] = state.replay.insertion_rate.read_value()
        state.position.assign(positions[-1] + 1)
        state.iteration.assign_add(1)
        means = {name: replicas.share(tf.reduce_mean(term)) for name, term in terms.items()}
        return {
            **replicas.total({"loss": objectives["generator"], **means}),
            "learning_rate": rates["generator"][0],
            **replayed,
        }

    return distribution.together(step, state.distribution, config.batch, config.xla)


def many_steps(
    step: tf.types.experimental.GenericFunction, stream: tf.data.Iterator
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """`step` on the next `count` elements of a dataset's iterator, in one call: count -> its scalars, [count] each.

    The host starts the call and does nothing in between. All elements are taken first: if one of them cannot be,
    nothing of any step is done, not even what needs no data, such as counting.
    """
    names = step.get_concrete_function(*stream.element_spec).structured_outputs

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)], autograph=False)
    def run(count: tf.Tensor) -> dict[str, tf.Tensor]:
        def take(i: tf.Tensor, taken: tuple[tf.TensorArray, ...]) -> tuple[tf.Tensor, tuple[tf.TensorArray, ...]]:
            return i + 1, tuple(array.write(i, value) for array, value in zip(taken, next(stream)))

        def body(i: tf.Tensor, arrays: dict[str, tf.TensorArray]) -> tuple[tf.Tensor, dict[str, tf.TensorArray]]:
            scalars = step(*(array.read(i) for array in taken))
            return i + 1, {name: array.write(i, scalars[name]) for name, array in arrays.items()}

        taken = tuple(tf.TensorArray(each.dtype, count, element_shape=each.shape) for each in stream.element_spec)
        _, taken = tf.while_loop(lambda i, _: i < count, take, (0, taken), parallel_iterations=1)
        with tf.control_dependencies([array.flow for array in taken]):
            first = tf.identity(0)
        arrays = {name: tf.TensorArray(tf.float32, count, element_shape=[]) for name in names}
        _, arrays = tf.while_loop(lambda i, _: i < count, body, (first, arrays), parallel_iterations=1)
        return {name: array.stack() for name, array in arrays.items()}

    return run


def _p(config: Config, state: State, factors: tf.Tensor) -> tf.Tensor:
    """p(c) of eq. 2 for factors [b]: from eq. 1, or from the tracked MSEs; 1 for a generator of one coverage."""
    if config.track_p:
        tracked = state.tracked_mse
        return tf.gather(tracked, factors) / tf.reduce_mean(tf.gather(tracked, config.factors))
    return tf.gather(tf.constant(by_factor(lambda c: lattice.p(c, config.p_coefficients, config.factors))), factors)


def _track(state: State, factors: tf.Tensor, mse: tf.Tensor) -> None:
    """Move each coverage's tracked MSE, decay 0.999, towards those of the batch, [b]."""
    which = tf.one_hot(factors, lattice.MAX_FACTOR + 1)  # [b, 17]
    count, summed = replicas.total((tf.reduce_sum(which, 0), tf.reduce_sum(which * mse[:, None], 0)))
    mean = summed / tf.maximum(count, 1.0)
    moved = P_DECAY * state.tracked_mse + (1 - P_DECAY) * mean
    state.tracked_mse.assign(tf.where(count > 0, moved, state.tracked_mse))


def _drawn_factors(config: Config, positions: tf.Tensor, seed: int) -> tf.Tensor:
    """A factor for each example, [b]; one for all of a batch where the network's grid is the scan's."""
    factors = draw_factors(positions, config.factors, seed)
    factors = tf.fill(tf.shape(factors), factors[0]) if config.network == "scan-grid" else factors
    return replicas.own(factors)


def _objectives(
    config: Config, state: State, crops: tf.Tensor, factors: tf.Tensor, p: tf.Tensor, adversarial: bool
) -> tuple[tf.Tensor, dict[str, tf.Tensor], dict[str, tf.Tensor], tf.Tensor]:
    """MSE over what losses are divided by, [b], losses by equation, what each group minimises, and that divisor, [b].

    Of the paper's networks, which see their scans infilled.
    """
    example = make_example(crops, factors, config.intensity_reference, p)
    blurred = blur_target(example.target)
    if config.balance_errors:
        example = example._replace(p=example.p * losses.difficulty(example, blurred, config.factors))
    if config.network == "one-stage":
        outputs, terms, objectives = _one_stage_objectives(state, example, blurred)
    else:
        outputs, terms, objectives = _two_stage_objectives(config, state, example, blurred, crops, adversarial)
    target = example.target if config.objective == "no-blur" else blurred
    return losses.weighted_mse(outputs, target, example), terms, objectives, example.p


def _one_stage_objectives(
    state: State, example: Example, blurred: tf.Tensor
) -> tuple[tf.Tensor, dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    """Outputs, losses by equation, and what each group minimises: eq. 11 through ALRC, and L2 (section IV)."""
    outputs = state.networks.generator(example.inputs, training=True)
    equation_11 = losses.equation_11(outputs, blurred, example)
    l2 = one_stage.l2_penalty(state.networks.generator)
    minimised = tf.reduce_mean(state.alrcs["equation_11"](equation_11)) + l2
    return outputs, {"equation_11": equation_11, "l2_penalty": l2}, {"generator": minimised}


def _two_stage_objectives(
    config: Config, state: State, example: Example, blurred: tf.Tensor, crops: tf.Tensor, adversarial: bool
) -> tuple[tf.Tensor, dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    """Outputs, losses by equation, and what each group minimises (section II).

    Eq. 7 does not depend on the outer generator, nor eq. 3, 6 and 9 on the inner trainer, so the gradient of their sum
    gives each its own: inner all, outer all but eq. 7, trainer eq. 7 alone. The discriminators' eq. 8 (`adversarial`)
    and the predictor's eq. 4 have gradients of their own.
    """
    assert isinstance(state.networks, TwoStage)
    inner = state.networks.inner(example.inputs, training=True)
    outputs = state.networks.outer([example.inputs, inner], training=True)
    terms, mse_loss = _mse_terms(config, state, blur_output(outputs) if adversarial else outputs, blurred, example)
    terms["equation_7"] = losses.equation_7(state.networks.trainer(inner, training=True), blurred, example)
    inner_loss = tf.reduce_mean(state.alrcs["equation_7"](terms["equation_7"]))
    if not adversarial:
        objectives = {"generator": mse_loss + inner_loss}
        if "predictor" in state.models:
            objectives["predictor"] = tf.reduce_mean(terms["equation_4"])
        return outputs, terms, objectives
    generated = to_crop_scale(outputs, example, config.intensity_reference)
    terms |= _adversarial_terms(config, state, crops, generated)
    terms["equation_10"] = tf.reduce_mean(terms["equation_9"]) + mse_loss
    objectives = {
        "generator": terms["equation_10"] + inner_loss,
        "discriminators": tf.reduce_mean(terms["equation_8"]),
    }
    return outputs, terms, objectives


def _mse_terms(
    config: Config, state: State, outputs: tf.Tensor, blurred: tf.Tensor, example: Example
) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """The outer generator's MSE loss: its terms by equation, [b], and what is minimised, after ALRC, scalar."""
    if config.objective == "blur":
        equation_3 = losses.equation_3(outputs, blurred, example)
        return {"equation_3": equation_3}, tf.reduce_mean(state.alrcs["equation_3"](equation_3))
    (predictor,) = state.models["predictor"]
    seed = seeds.key(config.seed, seeds.PREDICTOR_CROPS, state.iteration)
    crops = mse_predictor.random_crops(example.target, seed)
    predictions = mse_predictor.predictions(predictor, crops)
    averaged = state.averaged_predictor
    predicted = losses.equation_5(predictions if averaged is None else mse_predictor.predictions(averaged, crops))
    # mu1 is the first moment of the error itself: that of eq. 6, which it multiplies, would feed back on itself.
    state.alrcs["error"](losses.LAMBDA * losses.weighted_mse(outputs, example.target, example))
    mu1 = tf.convert_to_tensor(state.alrcs["error"].mu1)
    unknown = losses.keep_known(outputs, example.target, example.factor)
    terms = {
        "equation_4": losses.equation_4(predictions, outputs, example.target, example),
        "equation_5": predicted,
        "equation_6": losses.equation_6(unknown, example.target, example, mu1, predicted),
    }
    return terms, tf.reduce_mean(state.alrcs["equation_6"](terms["equation_6"]))


def _adversarial_terms(config: Config, state: State, real: tf.Tensor, generated: tf.Tensor) -> dict[str, tf.Tensor]:
    """Eq. 8 and 9, [b]: real and generated images in the crop's [0, 1], cropped at the same places."""
    seed = seeds.key(config.seed, seeds.DISCRIMINATOR_CROPS, state.iteration)
    judged_real, judged_generated, fooled = [], [], []
    for network, crops in zip(state.models["discriminators"], discriminators.multiscale_crops(real, generated, seed)):
        fooled.append(network(crops[1], training=False))
        # One call on both, since each training call is a power iteration.
        both = network(tf.concat([crops[0], tf.stop_gradient(crops[1])], 0), training=True)
        real_scores, generated_scores = tf.split(both, 2)
        judged_real.append(real_scores)
        judged_generated.append(generated_scores)
    return {
        "equation_8": losses.equation_8(judged_real, judged_generated),
        "equation_9": losses.equation_9(fooled),
    }


def _rates(config: Config, iteration: tf.Tensor) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
    """Learning rate and beta1 of each group's ADAM."""
    if config.schedule == "constant":
        rate, beta1 = schedules.constant(iteration, config.learning_rate), tf.constant(schedules.BETA1)
        return {"generator": (rate, beta1), "trainer": (2 * rate, beta1)}
    if config.network == "one-stage":
        return {"generator": tuple(schedules.one_stage(iteration, config.iterations, config.learning_rate))}
    if config.network == "scan-grid":
        rate = schedules.cosine(iteration, config.iterations, config.learning_rate)
        return {"generator": (rate, tf.constant(schedules.BETA1))}
    now = schedules.table_1(iteration, config.iterations, config.learning_rate)
    return {
        "generator": (now.generator_rate, now.beta1),
        "trainer": (now.trainer_rate, now.beta1),
        "predictor": (now.predictor_rate, now.predictor_beta1),
        "discriminators": (now.discriminator_rate, now.discriminator_beta1),
    }


def _minimise(
    config: Config, state: State, tape: tf.GradientTape, objectives: dict[str, tf.Tensor], rates: dict
) -> None:
    """One ADAM step of every group that has an objective; all gradients are taken before any weight moves."""
    groups = {name: adam.variables_by_name for name, adam in state.adams.items()}
    joint = {name: groups[name] for name in ("generator", "trainer") if name in groups}
    gradients = tape.gradient(objectives["generator"], joint)
    for name in ("predictor", "discriminators"):
        if name in objectives:
            gradients[name] = tape.gradient(objectives[name], groups[name])
    gradients = replicas.total(gradients)
    if config.network == "scan-grid":
        gradients = {name: scan_grid.clipped(gradient) for name, gradient in gradients.items()}
    for name, gradient in gradients.items():
        state.adams[name].apply(gradient, *rates[name])


def validation_step(config: Config, state: State) -> Callable[[tf.Tensor, tf.Tensor], tuple[dict, tf.Tensor]]:
    """The validation step: as `train_step`, but forward only; no iteration. Returns scalars, and images for the log.

    The scalar is eq. 3 or 11, or lambda MSE / p(c) against the target as it is for the objective without blur. The
    images are input, output and target of the batch, float32 [3 b, N, N, 1] in the crop's [0, 1].
    """
    sharp = config.objective == "no-blur"
    equation = "validation_equation_11" if config.network == "one-stage" else "validation_equation_3"
    name = "validation_mse" if sharp else equation

    def step(positions: tf.Tensor, crops: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        factors = _drawn_factors(config, positions, config.seed + seeds.VALIDATION)
        example = make_example(crops, factors, config.intensity_reference, _p(config, state, factors))
        target = example.target if sharp else blur_target(example.target)
        outputs = generators.complete(config, state.generator, example.inputs, factors[0], training=False)
        state.validation_position.assign(positions[-1] + 1)
        scalars = {name: replicas.mean(losses.equation_3(outputs, target, example))}
        return scalars, _log_images(example, outputs, crops if sharp else blur_target(crops), config)

    return distribution.together(step, state.distribution, config.batch, config.xla)


def _log_images(example: Example, outputs: tf.Tensor, target: tf.Tensor, config: Config) -> tf.Tensor:
    inputs = example.inputs * example.scale + example.low
    images = [inputs, to_crop_scale(outputs, example, config.intensity_reference), target]
    images = tf.concat([replicas.everywhere(each) for each in images], 0)
    return tf.clip_by_value(images, 0.0, 1.0)
