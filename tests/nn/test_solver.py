"""Training: what a `Solver` computes, keeps and says."""

import math
import signal
import threading

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers, optim, schedules
from minpy.nn.divergence import DivergedError
from minpy.nn.io import DataBatch, DataIter, NDArrayIter, PrefetchIter
from minpy.nn.model import ModelBase
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import FullyConnected, ReLU
from minpy.nn.solver import Solver, fraction_right

from .networks import Line, TwoLayers, modules, quadrant_data, quadrants, quiet_solver, values

# ---------------------------------------------------------------------------- what a step is


def by_hand(model, data, rule, config, epochs):
    """Train as one would without a solver."""
    configs = {name: dict(config) for name in model.params}

    def loss(params, x, y):
        hidden = layers.relu(layers.affine(x, params["w1"], params["b1"]))
        hidden = layers.dropout(hidden, model.prob)
        return layers.softmax_loss(layers.affine(hidden, params["w2"], params["b2"]), y)

    losses = []
    for _ in range(epochs):
        for batch in data:
            value, gradients = minpy.value_and_grad(loss)(
                model.params, batch.data[0], batch.label[0]
            )
            losses.append(value.item())
            for name, g in gradients.items():
                model.params[name], configs[name] = rule(model.params[name], g, configs[name])
    return losses


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_a_solver_does_what_a_loop_by_hand_does(rule):
    config = {"learning_rate": 0.01}
    np.random.seed(0)
    model = TwoLayers()
    model.init_params()
    losses = by_hand(model, quadrant_data(), optim.rule(rule), config, epochs=2)
    np.random.seed(0)
    solver = quiet_solver(update_rule=rule, optim_config=config, restore_best=False)
    solver.train()
    assert solver.loss_history == losses
    assert values(solver.model.params) == values(model.params)


def test_steps_are_made_in_place_and_outside_of_recordings():
    solver = quiet_solver(restore_best=False)
    solver.init()
    before = dict(solver.model.params)
    raw = {name: x.asnumpy() for name, x in before.items()}
    copies = {name: x.copy() for name, x in raw.items()}
    solver.train()
    for name, x in solver.model.params.items():
        assert x is before[name]
        assert not minpy.is_recorded(x)
        assert x.asnumpy() is raw[name] or onp.shares_memory(x.asnumpy(), raw[name])
        assert not onp.array_equal(copies[name], x.asnumpy())


def test_model_params_are_recorded_during_the_step_alone():
    seen = []

    class Watched(Line):
        def forward(self, X, mode):
            seen.append((mode, minpy.is_recorded(self.params["w"])))
            return super().forward(X, mode)

    x = onp.ones((4, 3), "f")
    data = NDArrayIter(x, x[:, :1], 4)
    quiet_solver(Watched(), data, data, task_type="regression").train()
    assert set(seen) == {("train", True), ("test", False)}


def test_an_error_in_a_model_leaves_its_params_as_they_were():
    class Failing(TwoLayers):
        def loss(self, predict, y):
            if len(solver.loss_history) == 3:
                raise KeyError("a mistake in the model")
            return super().loss(predict, y)

    solver = quiet_solver(Failing())
    with pytest.raises(KeyError):
        solver.train()
    assert not any(minpy.is_recorded(x) for x in solver.model.params.values())
    assert solver.iteration == 3


def test_a_parameter_may_have_rules_of_its_own():
    model = ModelBase()
    model.forward = lambda X, mode: X * model.params["fast"] + model.params["slow"]
    model.loss = lambda predict, y: np.sum(predict)
    model.add_param("slow", (1,), init_rule="constant", init_config={"value": 1.0})
    model.add_param(
        "fast",
        (1,),
        init_rule="constant",
        update_rule="sgd",
        optim_config={"learning_rate": 10.0},
    )
    data = NDArrayIter(onp.ones((2, 1), "f"), batch_size=2)
    solver = quiet_solver(
        model,
        data,
        num_epochs=1,
        update_rule="sgd_momentum",
        optim_config={"learning_rate": 0.5, "momentum": 0.0},
        task_type="regression",
        restore_best=False,
    )
    data.provide_label = []
    model.loss_batch = lambda batch, predict: np.sum(predict)
    solver.test_dataiter = None
    solver.train()
    assert model.params["slow"].item() == pytest.approx(1 - 0.5 * 2)
    assert model.params["fast"].item() == pytest.approx(-10.0 * 2)
    assert "momentum" not in solver.optim_configs["fast"]


# ---------------------------------------------------------------------------- learning rates


def rates(solver):
    seen = []

    class Watch:
        def on_step_end(self, solver):
            seen.append(solver.learning_rate)

    solver.callbacks.append(Watch())
    solver.train()
    return seen


def test_the_learning_rate_decays_after_each_epoch():
    solver = quiet_solver(lr_decay=0.5, optim_config={"learning_rate": 0.08}, num_epochs=3)
    assert rates(solver) == pytest.approx([0.08] * 10 + [0.04] * 10 + [0.02] * 10)


def test_the_learning_rate_follows_a_schedule_and_decays():
    solver = quiet_solver(
        schedule=schedules.step_decay(5, 0.1), lr_decay=0.5, optim_config={"learning_rate": 1.0}
    )
    expected = [0.1**i * (1 if i < 2 else 0.5) for i in range(4) for _ in range(5)]
    assert rates(solver) == pytest.approx(expected)


def test_a_schedule_needs_a_learning_rate():
    with pytest.raises(ValueError, match=r"a schedule multiplies the learning rate, and w1 has"):
        quiet_solver(schedule=schedules.cosine(10), optim_config={})


def test_clipping_bounds_the_norm_of_all_gradients():
    def one_step(**options):
        np.random.seed(0)
        solver = quiet_solver(
            TwoLayers(prob=0.0),
            quadrant_data(batch_size=100),
            update_rule="sgd",
            optim_config={"learning_rate": 1.0},
            num_epochs=1,
            restore_best=False,
            **options,
        )
        solver.init()
        before = {name: x.asnumpy().copy() for name, x in solver.model.params.items()}
        solver.train()
        return optim.global_norm({k: x - before[k] for k, x in solver.model.params.items()})

    assert one_step() > 0.1
    assert one_step(clip_norm=0.03) == pytest.approx(0.03, rel=1e-4)


def test_weights_decay_and_biases_do_not():
    solver = quiet_solver(weight_decay=0.25)
    decays = {name: c.get("weight_decay", 0) for name, c in solver.optim_configs.items()}
    assert decays == {"w1": 0.25, "b1": 0, "w2": 0.25, "b2": 0}
    solver.train()
    without = quiet_solver()
    without.train()
    norm, larger = (optim.global_norm(s.model.params["w1"]) for s in (solver, without))
    assert norm < 0.95 * larger


# ---------------------------------------------------------------------------- accuracy


class Oracle(ModelBase):
    """Says class `i % 2` for sample `i`."""

    def forward(self, X, mode):
        i = X[:, 0]
        return np.stack([1 - i % 2, i % 2], axis=1)

    def loss(self, predict, y):
        return np.mean((predict[:, 1] - y) ** 2)


@pytest.mark.parametrize("batch_size", [1, 3, 5, 7, 20])
@pytest.mark.parametrize("task_type", ["classification", "regression"])
def test_padding_does_not_count(batch_size, task_type):
    x = onp.arange(5.0)[:, None]
    wrong = onp.array([0, 1, 0, 1, 1])  # the last one; padding repeats the first ones, all right
    data = NDArrayIter(x, wrong, batch_size)
    solver = quiet_solver(Oracle(), data, data, task_type=task_type)
    expected = 4 / 5 if task_type == "classification" else 1 / 5
    assert solver.check_accuracy(data) == pytest.approx(expected)


@pytest.mark.parametrize("task_type", ["classification", "regression"])
def test_padding_does_not_count_in_nested_outputs_either(task_type):
    class Several(Oracle):
        def forward(self, X, mode):
            scores = super().forward(X, mode)
            return scores, {"hidden": X * 2, "penalty": np.array(0.25)}

        def loss(self, predict, y):
            scores, others = predict
            assert others["hidden"].shape == (len(y), 1)
            return super().loss(scores, y) + others["penalty"]

    x = onp.arange(5.0)[:, None]
    data = NDArrayIter(x, onp.array([0, 1, 0, 1, 1]), 3)
    solver = quiet_solver(Several(), data, data, task_type=task_type)
    expected = 4 / 5 if task_type == "classification" else 1 / 5 + 1 / 4
    assert solver.check_accuracy(data) == pytest.approx(expected)


def test_looking_at_some_samples():
    x = onp.arange(40.0)[:, None]
    data = NDArrayIter(x, onp.arange(40) % 2, 8)
    solver = quiet_solver(Oracle(), data, data)
    assert solver.check_accuracy(data, num_samples=10) == 1.0

    class Stream(DataIter):
        given = 0

        def next(self):
            self.given += 1
            return data.next()

        def reset(self):
            super().reset()
            data.reset()

    stream = Stream()
    assert solver.check_accuracy(stream, num_samples=10) == 1.0
    assert stream.given == 2


def test_looking_at_the_accuracy_leaves_the_iterator_where_it_was():
    data = quadrant_data()
    solver = quiet_solver(train=data)
    solver.init()
    first = next(iter(data))
    solver.check_accuracy(data)
    second = next(data)
    again = quadrant_data()
    for batch in (first, second):
        onp.testing.assert_array_equal(batch.index, next(again).index)


@pytest.mark.parametrize(
    ("scores", "labels", "right"),
    [
        (onp.eye(3)[[0, 1, 2, 0]], [0, 1, 2, 1], 0.75),
        (onp.eye(3)[[0, 1, 2, 0]], onp.eye(3)[[0, 1, 2, 1]], 0.75),
        (onp.eye(4)[[[0, 1], [2, 3]]], [[0, 1], [2, 0]], 0.75),  # (N, T, C)
        (onp.moveaxis(onp.eye(5)[[[0, 1, 2], [2, 3, 4]]], 2, 1), [[0, 1, 2], [2, 3, 0]], 5 / 6),
    ],
)
def test_the_fraction_of_right_classes(scores, labels, right):
    assert fraction_right(np.array(scores), np.array(labels)) == pytest.approx(right)


def test_a_single_score_is_no_classification():
    with pytest.raises(ValueError, match=r"shape \(4, 1\) hold one score for each sample"):
        fraction_right(np.zeros((4, 1)), np.zeros(4))


# ---------------------------------------------------------------------------- the best


ROUGH = {"update_rule": "sgd", "optim_config": {"learning_rate": 3.0}}  # good and bad epochs


def test_the_best_parameters_are_copies_of_the_best_epoch():
    np.random.seed(0)
    solver = quiet_solver(num_epochs=8, **ROUGH)
    kept = []

    class Keep:
        def on_epoch_end(self, solver):
            kept.append(values(solver.model.params))

    solver.callbacks.append(Keep())
    solver.train()
    best = int(onp.argmax(solver.val_acc_history))
    assert best < 7, "the last epoch is the best: nothing is tested"
    assert solver.best_epoch == best + 1
    assert solver.best_val_acc == max(solver.val_acc_history)
    assert values(solver.best_params) == kept[best] != kept[-1]
    assert values(solver.model.params) == kept[best]
    solver.model.params["w1"][:] = 0
    assert values(solver.best_params) == kept[best]


@pytest.mark.parametrize("task_type", ["classification", "regression"])
def test_any_result_is_better_than_a_nan(task_type):
    solver = quiet_solver(task_type=task_type)
    assert solver.is_better(0.5, than=math.nan)
    assert not solver.is_better(math.nan, than=0.5)
    assert not solver.is_better(math.nan, than=math.nan)


def test_what_is_kept_beside_the_parameters_is_that_of_the_best_epoch_too():
    class Counting(TwoLayers):
        def forward(self, X, mode):
            if mode == "train":
                self.aux_params["steps"] = self.aux_params["steps"] + 1
            return super().forward(X, mode)

    model = Counting().add_aux_param("steps", np.zeros(1))
    solver = quiet_solver(model, num_epochs=8, **ROUGH)
    solver.train()
    assert model.aux_params["steps"].item() == 10 * solver.best_epoch < 80


def test_the_last_parameters_stay_if_that_is_asked_for():
    np.random.seed(0)
    solver = quiet_solver(num_epochs=8, restore_best=False, **ROUGH)
    solver.train()
    assert values(solver.model.params) != values(solver.best_params)


def test_the_best_is_kept_although_no_answer_is_right():
    x = onp.zeros((4, 4), "f")
    data = NDArrayIter(x, onp.array([7, 7, 7, 7]), 4)
    solver = quiet_solver(TwoLayers(classes=8), data, data, num_epochs=1)
    solver.init()
    solver.model.loss = lambda predict, y: np.mean(predict[:, 0] * 0)
    solver.train()
    assert solver.best_val_acc == 0.0
    assert solver.best_params.keys() == solver.model.params.keys() != set()


def test_of_a_regression_the_smallest_loss_is_the_best():
    x = onp.random.default_rng(0).normal(size=(60, 3)).astype("f")
    data = NDArrayIter(x, x.sum(axis=1, keepdims=True) + 1, 10, seed=0)
    solver = quiet_solver(
        Line(),
        data,
        data,
        task_type="regression",
        num_epochs=30,
        update_rule="sgd",
        optim_config={"learning_rate": 0.1},
    )
    solver.train()
    assert solver.best_val_acc == min(solver.val_acc_history) < 1e-3 < solver.val_acc_history[0]
    onp.testing.assert_allclose(solver.model.params["w"].asnumpy(), onp.ones((3, 1)), atol=0.05)


def test_without_test_data_the_training_data_says_what_is_best():
    solver = Solver(TwoLayers(), quadrant_data(), num_epochs=2, verbose=False)
    solver.train()
    assert solver.val_acc_history == []
    assert solver.best_val_acc == max(solver.train_acc_history)


# ---------------------------------------------------------------------------- how far


def test_training_again_goes_on_for_as_many_epochs():
    solver = quiet_solver(num_epochs=2)
    solver.train()
    assert (solver.epoch, solver.iteration, len(solver.loss_history)) == (2, 20, 20)
    solver.train()
    assert (solver.epoch, solver.iteration, len(solver.train_acc_history)) == (4, 40, 4)


def test_init_begins_anew():
    np.random.seed(0)
    solver = quiet_solver()
    solver.init()
    first = values(solver.model.params)
    solver.train()
    np.random.seed(0)
    solver.init()
    assert values(solver.model.params) == first
    assert (solver.epoch, solver.loss_history, solver.best_epoch) == (0, [], None)
    assert all("m" not in config for config in solver.optim_configs.values())


def test_parameters_that_are_there_are_trained_further():
    solver = quiet_solver()
    solver.train()
    model = solver.model
    before = values(model.params)
    seen = []

    class First:
        def on_train_begin(self, solver):
            seen.append(values(solver.model.params))

    quiet_solver(model, callbacks=[First()]).train()
    assert seen == [before]


def test_parameters_that_were_put_there_without_being_added_are_trained_too():
    class Cs231n(Line):
        def __init__(self):
            super().__init__()
            del self.param_configs["w"]
            self.params["w"] = 0.1 * np.ones((3, 1), dtype="float32")

    x = onp.random.default_rng(0).normal(size=(60, 3)).astype("f")
    data = NDArrayIter(x, x.sum(axis=1, keepdims=True), 10, seed=0)
    solver = quiet_solver(Cs231n(), data, data, task_type="regression", num_epochs=40)
    solver.train()
    onp.testing.assert_allclose(solver.model.params["w"].asnumpy(), onp.ones((3, 1)), atol=0.2)


def test_a_model_of_modules_learns_its_shapes_and_trains():
    np.random.seed(0)
    data = quadrant_data(samples=400)
    solver = quiet_solver(modules(), data, num_epochs=10, optim_config={"learning_rate": 0.02})
    solver.train()
    assert solver.best_val_acc > 0.85


def test_digits():
    sklearn_datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn")
    digits = sklearn_datasets.load_digits()
    order = onp.random.default_rng(0).permutation(len(digits.target))
    x = (digits.data[order] / 16).astype("float32")
    y = digits.target[order]
    np.random.seed(0)
    net = Sequential(FullyConnected(128), ReLU(), FullyConnected(10))
    solver = Solver(
        Model(net, loss="softmax_loss"),
        NDArrayIter(x[:1400], y[:1400], 50, shuffle=True),
        NDArrayIter(x[1400:], y[1400:], 100),
        update_rule="adam",
        optim_config={"learning_rate": 3e-3},
        num_epochs=15,
        verbose=False,
    )
    solver.train()
    assert solver.check_accuracy(solver.test_dataiter) == solver.best_val_acc >= 0.97


# ---------------------------------------------------------------------------- options


def test_an_unknown_option_is_refused_with_the_near_ones():
    message = (
        r"Solver has no option num_epoch; did you mean num_epochs\? Its options are task_type,"
    )
    with pytest.raises(TypeError, match=message):
        quiet_solver(num_epoch=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task_type": "clustering"}, "task_type is 'classification' or 'regression', not 'clust"),
        ({"update_rule": "sdg"}, "no update rule is called 'sdg'"),
        ({"init_rule": "savier"}, "no init rule is called 'savier'"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        quiet_solver(**options)


def test_every_option_is_listed_for_the_message():
    import inspect

    from minpy.nn.solver import OPTIONS

    named = inspect.signature(Solver.__init__).parameters.values()
    assert [p.name for p in named if p.kind is p.KEYWORD_ONLY] == list(OPTIONS)


def test_a_loss_that_is_no_number_is_named():
    class Unsummed(TwoLayers):
        def loss(self, predict, y):
            return predict

    with pytest.raises(ValueError, match=r"the loss has shape \(10, 2\), but must be one number"):
        quiet_solver(Unsummed()).train()


# ---------------------------------------------------------------------------- when it goes wrong


class Exploding(TwoLayers):
    bad = math.nan

    def loss(self, predict, y):
        factor = self.bad if len(solver_of[self].loss_history) == 14 else 1.0
        return super().loss(predict, y) * factor


solver_of = {}


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_training(bad):
    model = Exploding()
    model.bad = bad
    solver = solver_of[model] = quiet_solver(model)
    with pytest.raises(DivergedError) as caught, onp.errstate(invalid="ignore"):
        solver.train()
    message = str(caught.value)
    assert message.startswith(f"the loss became {bad} at step 15, in epoch 2; that step was not")
    for loss in solver.loss_history[-5:-1]:
        assert f"{loss:.4g}" in message
    assert "Learning rate: 0.01" in message
    for part in ("w1", "b2", "norm of its gradient", "nan", "clip_norm", "minpy.detect_nan()"):
        assert part in message
    assert solver.iteration == 14
    assert all(onp.isfinite(x.asnumpy()).all() for x in model.params.values())


def test_nan_in_the_data_is_found():
    x, y = quadrants()
    x[37, 2] = onp.nan
    with pytest.raises(DivergedError) as caught, onp.errstate(invalid="ignore"):
        quiet_solver(train=NDArrayIter(x, y, 10)).train()
    message = str(caught.value)
    assert message.startswith("the loss became nan at step 4, in epoch 1")
    assert "In this batch data[0] holds NaN or infinities" in message
    assert "label" not in message


def test_infinite_gradients_stop_training_where_they_are_clipped():
    class Steep(Line):
        def loss(self, predict, y):
            return np.sum(np.sqrt(np.abs(predict) * 0))

    x = onp.ones((4, 3), "f")
    solver = quiet_solver(Steep(), NDArrayIter(x, x[:, :1], 4), clip_norm=1.0)
    message = "the gradients became infinite at step 1, in epoch 1"
    with pytest.raises(DivergedError, match=message), onp.errstate(all="ignore"):
        solver.train()


# ---------------------------------------------------------------------------- interrupts


@pytest.mark.parametrize("bad", ["loss", "gradients", "update"])
def test_the_history_has_the_steps_that_were_made(bad):
    class Failing(TwoLayers):
        def loss(self, predict, y):
            factor = 1.0
            if solver.iteration == 3:
                factor = {"loss": onp.nan, "gradients": 1e38, "update": 1.0}[bad]
            return super().loss(predict, y) * factor * factor

    def rule(w, dw, config):
        if bad == "update" and solver.iteration == 3:
            raise ArithmeticError("in the update")
        return optim.sgd(w, dw, config)

    options = {"update_rule": rule, "optim_config": {"learning_rate": 0.1}, "clip_norm": 1.0}
    solver = quiet_solver(Failing(), **options)
    with pytest.raises(ArithmeticError), onp.errstate(all="ignore"):
        solver.train()
    assert solver.iteration == len(solver.loss_history) == 3
    assert onp.isfinite(solver.loss_history).all()


class InterruptAt:
    def __init__(self, step):
        self.step = step

    def on_step_end(self, solver):
        if solver.iteration == self.step:
            signal.raise_signal(signal.SIGINT)


def test_after_an_interrupt_training_goes_on_as_if_nothing_had_been(capsys):
    np.random.seed(3)
    unbroken = quiet_solver()
    unbroken.train()
    np.random.seed(3)
    solver = quiet_solver(callbacks=[InterruptAt(13)])
    solver.train()
    assert (solver.epoch, solver.iteration) == (1, 13)
    said = capsys.readouterr().out
    assert said.startswith("Training was interrupted after step 13, in epoch 2 of 2.")
    assert "solver.train() goes on from there" in said
    assert 0 <= solver.check_accuracy(solver.test_dataiter) <= 1
    solver.train()
    assert solver.loss_history == unbroken.loss_history
    assert values(solver.model.params) == values(unbroken.model.params)
    assert solver.stop_reason is None


def test_a_second_interrupt_stops_at_once():
    class Twice(TwoLayers):
        def loss(self, predict, y):
            if len(solver.loss_history) == 5:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
            return super().loss(predict, y)

    solver = quiet_solver(Twice())
    with pytest.raises(KeyboardInterrupt):
        solver.train()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not any(minpy.is_recorded(x) for x in solver.model.params.values())


def test_training_in_a_thread_leaves_signals_alone():
    solver = quiet_solver()
    thread = threading.Thread(target=solver.train)
    thread.start()
    thread.join()
    assert solver.epoch == 2


def test_somebody_elses_handler_stays():
    def theirs(*_):
        return None

    before = signal.signal(signal.SIGINT, theirs)
    try:
        quiet_solver(callbacks=[InterruptAt(3)]).train()
        assert signal.getsignal(signal.SIGINT) is theirs
    finally:
        signal.signal(signal.SIGINT, before)


# ---------------------------------------------------------------------------- to look at


def test_the_summary_says_what_was_trained():
    solver = quiet_solver()
    solver.train()
    text = str(solver.summary())
    assert "parameters" in text and "58" in text  # 4 * 8 + 8 + 8 * 2 + 2
    for part in ("epochs", "steps", "20", "time", f"{solver.best_val_acc:.4g} (epoch"):
        assert part in text
    assert "<table>" in solver.summary()._repr_html_()
    assert repr(solver) == "Solver(TwoLayers, epoch 2, step 20)"


def test_the_plot_shows_the_histories():
    pytest.importorskip("matplotlib", reason="needs Matplotlib")
    solver = quiet_solver()
    solver.train()
    loss_axes, accuracy_axes = solver.plot().axes
    drawn = [line.get_ydata() for line in loss_axes.lines]
    assert any(onp.array_equal(y, solver.loss_history) for y in drawn)
    drawn = [list(line.get_ydata()) for line in accuracy_axes.lines]
    assert solver.train_acc_history in drawn and solver.val_acc_history in drawn


@pytest.mark.parametrize("wrap", [lambda data: data, PrefetchIter])
def test_each_epoch_is_whole_also_of_an_iterator_that_cannot_say_where_it_is(wrap):
    x, y = quadrants()

    class Stream(DataIter):
        place = 0
        batch_size = 10

        def next(self):
            if self.place == 100:
                raise StopIteration
            self.place += 10
            part = slice(self.place - 10, self.place)
            return DataBatch([np.asarray(x[part])], [np.asarray(y[part])], index=self.place)

        def reset(self):
            super().reset()
            self.place = 0

    seen = []

    class Note(TwoLayers):
        def forward_batch(self, batch, mode):
            if mode == "train":
                seen.append(batch.index)
            return super().forward_batch(batch, mode)

    quiet_solver(Note(), train=wrap(Stream()), train_acc_num_samples=30, num_epochs=3).train()
    assert seen == 3 * list(range(10, 110, 10))


def test_batches_may_hold_numpys_arrays():
    data = quadrant_data()

    class Own(DataIter):
        def next(self):
            batch = data.next()
            return DataBatch([x.asnumpy() for x in batch.data], [y.asnumpy() for y in batch.label])

        def reset(self):
            super().reset()
            data.reset()

    np.random.seed(0)
    solver = quiet_solver(train=Own(), test=Own(), restore_best=False)
    solver.train()
    np.random.seed(0)
    other = quiet_solver(test=quadrant_data(), restore_best=False)
    other.train()
    assert solver.loss_history[:10] == other.loss_history[:10]
    solver.model.params["w1"][0, 0] = onp.nan
    with pytest.raises(DivergedError), onp.errstate(invalid="ignore"):
        solver.train()


def test_data_of_one_epoch_is_seen_once():
    x, y = quadrants()
    seen = []

    class Watching(NDArrayIter):
        def next(self):
            batch = super().next()
            seen.extend(batch.index.tolist())
            return batch

    data = Watching(x, y, 10, shuffle=True)
    quiet_solver(train=data, num_epochs=1, train_acc_num_samples=5).train()
    assert sorted(seen) == list(range(100))
