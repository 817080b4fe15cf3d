"""A page of a student's code, which type checkers accept but for three misspelt names."""

import minpy
import minpy.numpy as np
from minpy.nn.io import NDArrayIter
from minpy.nn.model_builder import Model, Sequential
from minpy.nn.modules import FullyConnected, ReLU
from minpy.nn.solver import Solver


def loss(w, x, y):
    """Softmax loss of a linear classifier."""
    scores = x @ w["W"] + w["b"]
    scores -= np.max(scores, axis=1, keepdims=True)
    log_sums = np.log(np.exp(scores).sum(axis=1))
    return np.mean(log_sums - scores[np.arange(len(y)), y])


def train(steps: int = 10, rate: float = 0.1) -> list[float]:
    """Return the losses of some steps of gradient descent."""
    np.random.seed(0)
    x = np.random.randn(20, 3)
    y = np.random.randint(2, size=20)
    w = {"W": np.zeros((3, 2)), "b": np.zeros(2)}
    history: list[float] = []
    for _ in range(steps):
        value, grads = minpy.value_and_grad(loss)(w, x, y)
        for name in w:
            w[name] -= rate * grads[name]
        history.append(float(value))
    norm = np.linalg.norm(w["W"])
    mask = (x > 0) & (x < 1)
    x[mask] = 0
    print(f"{norm.item():.2f}", x.T.shape, x.mean(axis=0), -(x[0] ** 2), 2 * x / 3, x.asnumpy())
    return history


def network() -> Model:
    """Return a trained network."""
    data = NDArrayIter(np.ones((8, 3)), np.zeros(8, dtype=int), batch_size=4)
    model = Model(Sequential(FullyConnected(5), ReLU(), FullyConnected(2)), loss="softmax_loss")
    solver = Solver(model, data, data, num_epochs=1, verbose=False)
    solver.train()
    return model


def misspelt():
    """Use three names that do not exist."""
    grid = np.lnspace(0, 1, 5)  # line of np.lnspace
    slope = minpy.gard(loss)  # line of minpy.gard
    return grid, slope, np.zeros(3).reshap(1, 3)  # line of reshap
