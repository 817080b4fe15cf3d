"""Row `solver`: what a step costs through a `Solver`, beside the same step written by hand.

Both call the same layers, `minpy.value_and_grad` and the same update rule, on the same batch; by
hand there is nothing else. *mlp* is of an ordinary size, *tiny* so small that little but overhead
is left. The network is a `ModelBase`, and with "(modules)" a `Model` of modules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.measure import Timer
from benchmarks.steps import Arrays

#: A rate at which thousands of steps on one batch change next to nothing.
CONFIG = {"learning_rate": 1e-7, "momentum": 0.9}


def problem(batch: int, inputs: int, hidden: int, dtype: str = "float32") -> tuple[Arrays, Arrays]:
    """Return parameters of a network with two hidden layers, and a batch."""
    rng = onp.random.default_rng(0)
    params = []
    for shape in ((inputs, hidden), (hidden, hidden), (hidden, 10)):
        params.append((rng.normal(size=shape) * (2 / shape[0]) ** 0.5).astype(dtype))
        params.append(onp.zeros(shape[1], dtype))
    x = rng.normal(size=(batch, inputs)).astype(dtype)
    return tuple(params), (x, rng.integers(10, size=batch))


def by_hand(params: Arrays, x: Any, y: Any) -> Callable[[], Any]:
    """Build the step as a loop of one's own would make it."""
    import minpy
    import minpy.numpy as np
    from minpy.nn import layers, optim

    params = [np.array(param) for param in params]
    x, y = np.array(x), np.array(y)
    configs = [dict(CONFIG) for _ in params]
    losses = []

    def loss(params: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = params
        hidden = layers.relu(layers.affine(x, w1, b1))
        hidden = layers.relu(layers.affine(hidden, w2, b2))
        return layers.softmax_loss(layers.affine(hidden, w3, b3), y)

    loss_and_gradients = minpy.value_and_grad(loss)

    def step() -> Any:
        value, gradients = loss_and_gradients(params)
        losses.append(value.item())
        for i, gradient in enumerate(gradients):
            params[i], configs[i] = optim.sgd_momentum(params[i], gradient, configs[i])
        return losses[-1], params

    return step


def through_a_solver(make: Callable[[], Any], params: Arrays, x: Any, y: Any) -> Callable[[], Any]:
    """Build the step of a solver."""
    import minpy.numpy as np
    from minpy.nn.io import NDArrayIter
    from minpy.nn.solver import Solver

    data = NDArrayIter(x, y, len(x))
    solver = Solver(make(), data, update_rule="sgd_momentum", optim_config=CONFIG, verbose=False)
    solver.init()
    names = list(solver.model.params)
    solver.model.params.update({n: np.array(p) for n, p in zip(names, params)})
    batch = next(iter(data))

    def step() -> Any:
        solver.step(batch)
        return solver.loss_history[-1], list(solver.model.params.values())

    return step


def of_functions(params: Arrays) -> Any:
    """Return the network as a `ModelBase`."""
    from minpy.nn import layers
    from minpy.nn.model import ModelBase

    class Network(ModelBase):
        def __init__(self) -> None:
            super().__init__()
            for i, (w, b) in enumerate(zip(params[::2], params[1::2]), 1):
                self.add_param(f"w{i}", w.shape).add_param(f"b{i}", b.shape)

        def forward(self, X: Any, mode: str) -> Any:
            params = self.params
            hidden = layers.relu(layers.affine(X, params["w1"], params["b1"]))
            hidden = layers.relu(layers.affine(hidden, params["w2"], params["b2"]))
            return layers.affine(hidden, params["w3"], params["b3"])

        def loss(self, predict: Any, y: Any) -> Any:
            return layers.softmax_loss(predict, y)

    return Network()


def of_modules(params: Arrays) -> Any:
    """Return the network as a `Model`."""
    from minpy.nn.model_builder import Model, Sequential
    from minpy.nn.modules import FullyConnected, ReLU

    hidden, classes = len(params[1]), len(params[-1])
    net = Sequential(
        FullyConnected(hidden), ReLU(), FullyConnected(hidden), ReLU(), FullyConnected(classes)
    )
    return Model(net, loss="softmax_loss")


#: Implementation -> builder of its step, from parameters and a batch.
MAKERS: dict[str, Callable[..., Callable[[], Any]]] = {
    "by hand": by_hand,
    "minpy": lambda params, *data: through_a_solver(partial(of_functions, params), params, *data),
    "minpy (modules)": lambda params, *data: through_a_solver(
        partial(of_modules, params), params, *data
    ),
}


def _case(name: str, batch: int, inputs: int, hidden: int) -> Benchmark:
    def timer(make: Callable) -> Timer:
        params, data = problem(batch, inputs, hidden)
        return Timer.of(make(params, *data))

    return Benchmark(
        name=f"solver.{name}",
        title=f"training step, two hidden layers: batch {batch}, inputs {inputs}, hidden {hidden}",
        unit="us",
        builders={who: partial(timer, make) for who, make in MAKERS.items()},
        reference="by hand",
        note="by hand is minpy, too: value_and_grad and an update rule, without a Solver",
    )


def cases() -> list[Benchmark]:
    """Return the tables of row `solver`."""
    return [
        _case("mlp", batch=128, inputs=784, hidden=256),
        _case("tiny", batch=32, inputs=32, hidden=32),
    ]
