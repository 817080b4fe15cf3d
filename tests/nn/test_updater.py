"""An Updater makes the steps of a Solver, in a loop of one's own."""

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.nn import schedules
from minpy.nn.divergence import DivergedError
from minpy.nn.updater import Updater

from .networks import TwoLayers, quadrant_data, quiet_solver, values


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"clip_norm": 0.05},
        {"schedule": schedules.warmup(8)},
        {"weight_decay": 0.3},
        {"clip_norm": 0.05, "schedule": schedules.cosine(15), "weight_decay": 0.3},
    ],
)
def test_a_loop_with_an_updater_makes_the_steps_of_a_solver(options):
    model, other = TwoLayers(prob=0), TwoLayers(prob=0)
    for each in (model, other):
        np.random.seed(3)
        each.init_params()
    solver = quiet_solver(model, num_epochs=2, restore_best=False, **options)
    solver.train()
    if "weight_decay" in options:
        options = {**options, "matrix_decay": options["weight_decay"]}
        del options["weight_decay"]
    updater = Updater(other, "adam", learning_rate=0.01, **options)
    data = quadrant_data()
    for _ in range(2):
        for batch in data:
            updater(other.loss_and_gradients(other.params, batch)[1])
    assert updater.steps == solver.iteration == 20
    assert values(model.params) == values(other.params)


def test_gradients_with_an_infinite_norm_make_no_step():
    model = TwoLayers()
    model.init_params()
    before = values(model.params)
    updater = Updater(model, learning_rate=0.1, clip_norm=1.0)
    gradients = {name: np.zeros_like(x) for name, x in model.params.items()}
    gradients["w1"][0, 0] = onp.inf
    with pytest.raises(DivergedError, match="norm of the gradients became inf at step 1"):
        updater(gradients)
    assert values(model.params) == before


def test_setting_the_rate_sets_what_a_schedule_multiplies():
    model = TwoLayers()
    model.init_params()
    gradients = {name: np.ones_like(x) for name, x in model.params.items()}
    updater = Updater(model, learning_rate=1.0, schedule=lambda step: 0.5)
    updater(gradients)
    updater.learning_rate = 0.2
    updater(gradients)
    assert updater["w1"]["learning_rate"] == pytest.approx(0.1)
    updater.scale_rates(0.5)
    updater(gradients)
    assert updater["w1"]["learning_rate"] == pytest.approx(0.05)


def test_a_parameter_that_the_model_lacks_is_named():
    model = TwoLayers()
    model.init_params()
    with pytest.raises(KeyError, match="w9; the parameters are w1, b1, w2, b2"):
        Updater(model, learning_rate=0.1)({"w9": np.ones(2)})


# ---------------------------------------------------------------------------- groups


def model_with_gradients():
    model = TwoLayers(prob=0)
    model.init_params("constant", {"value": 1.0})
    return model, {name: np.ones_like(x) for name, x in model.params.items()}


def test_groups_of_parameters_as_in_torch(torch):
    model, gradients = model_with_gradients()
    groups = {"w1": {"learning_rate": 0.5, "momentum": 0.5}, "w*": {"weight_decay": 0.1}}
    updater = Updater(model, "sgd_momentum", learning_rate=0.1, momentum=0.9, groups=groups)
    tensors = {name: torch.ones(x.shape, requires_grad=True) for name, x in model.params.items()}
    theirs = torch.optim.SGD(
        [
            {"params": [tensors["w1"]], "lr": 0.5, "momentum": 0.5},
            {"params": [x for n, x in tensors.items() if n[0] == "w" and n != "w1"],
             "weight_decay": 0.1},
            {"params": [x for n, x in tensors.items() if n[0] != "w"]},
        ],
        lr=0.1,
        momentum=0.9,
    )  # fmt: skip
    for _ in range(3):
        updater(gradients)
        for x in tensors.values():
            x.grad = torch.ones_like(x)
        theirs.step()
    for name, x in tensors.items():
        onp.testing.assert_allclose(model.params[name].asnumpy(), x.detach(), rtol=1e-5)


def test_a_group_has_a_rule_and_a_schedule():
    model, gradients = model_with_gradients()
    updater = Updater(
        model,
        "adam",
        beta1=0.5,
        learning_rate=0.1,
        groups={"b*": {"update_rule": "sgd", "learning_rate": 1.0}, "w1": {"update_rule": "adam"}},
        schedule=lambda step: 0.5,
    )
    updater(gradients)
    assert updater.rules["b1"].__name__ == "sgd" and "beta1" not in updater["b1"]
    assert updater["w1"]["beta1"] == 0.5  # the same rule: what all have, it has
    assert model.params["b1"][0].item() == 0.5


def test_a_group_without_parameters_is_explained():
    with pytest.raises(ValueError, match=r"group 'conv\*' holds no parameter; there are w1, b1"):
        Updater(model_with_gradients()[0], groups={"conv*": {}}).add_all()
    with pytest.raises(ValueError, match=r"group 'conv\*' holds no parameter"):
        quiet_solver(param_groups={"conv*": {}}).train()


# ---------------------------------------------------------------------------- several batches


@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.05, "schedule": schedules.cosine(15)}])
def test_gradients_of_several_batches_make_one_step(options):
    model, other = TwoLayers(prob=0), TwoLayers(prob=0)
    for each in (model, other):
        np.random.seed(3)
        each.init_params()
    solver = quiet_solver(model, num_epochs=2, accumulate=2, restore_best=False, **options)
    solver.train()
    assert (solver.iteration, solver.updater.steps) == (20, 10)
    updater = Updater(other, "adam", learning_rate=0.01, **options)
    data = quadrant_data()
    for _ in range(2):
        batches = list(data)
        for pair in zip(batches[::2], batches[1::2], strict=True):
            both = [other.loss_and_gradients(other.params, batch)[1] for batch in pair]
            updater({name: (g + both[1][name]) / 2 for name, g in both[0].items()})
    for name, x in model.params.items():
        onp.testing.assert_allclose(x.asnumpy(), other.params[name].asnumpy(), rtol=1e-5)
    with pytest.raises(ValueError, match="accumulate must be a positive integer, but is 0"):
        Updater(model, accumulate=0)


def test_training_goes_on_between_two_batches_of_a_step(tmp_path):
    def solver(**options):
        np.random.seed(3)
        model = TwoLayers(prob=0)
        model.init_params()
        return quiet_solver(model, num_epochs=2, accumulate=3, restore_best=False, **options)

    unbroken = solver()
    unbroken.train()

    class Stop:
        def on_step_end(self, solver):
            if solver.iteration == 10:
                solver.save_checkpoint(tmp_path / "at10.npz")

    solver(callbacks=[Stop()]).train()
    resumed = solver()
    resumed.resume(tmp_path / "at10.npz")
    assert resumed.updater.gathered_count == 1 and resumed.updater.steps == 3
    resumed.train()
    assert values(resumed.model.params) == values(unbroken.model.params)
