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
