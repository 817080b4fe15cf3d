"""Optimisers: rules ``(w, dw, config) -> (w, config)``, with CS231n's names and configuration keys.

A rule writes the new parameters into `w`, and its memory of earlier steps into `config`; both are
also returned.  What is missing in `config` is put there, so that it starts as ``{"learning_rate":
0.1}``, or as nothing at all::

    config = {"learning_rate": 0.1}
    for x, y in batches:
        w, config = sgd_momentum(w, minpy.grad(loss)(w, x, y), config)

Large parameters are updated a block at a time: what is computed on the way, such as ``rate * g``,
then stays in the processor's cache, and no array of the size of `w` is made.

How the learning rate changes with time is in `minpy.nn.schedules`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.array import is_recorded
from minpy.nn.options import rule_called
from minpy.numpy import ndarray
from minpy.tree import leaves, tree_map

__all__ = [
    "RULES",
    "adagrad",
    "adam",
    "adamw",
    "clip_by_global_norm",
    "clip_by_value",
    "global_norm",
    "lamb",
    "lion",
    "nesterov",
    "rmsprop",
    "rule",
    "sgd",
    "sgd_momentum",
]

Rule = Callable[..., tuple[Any, dict]]

BLOCK = 1 << 17  # elements: some blocks of float32 at once fit the caches, and are worth the calls

# ----- what all rules do alike


def _optimiser(*, memory: tuple[str, ...] = (), **defaults: Any) -> Callable[[Callable], Rule]:
    """Make a rule of what changes `w` and `config` in place.

    Parameters
    ----------
    memory : tuple of str
        The keys of arrays like `w` that start as zeros.
    **defaults
        All other keys.
    """
    defaults = {"weight_decay": 0.0, **defaults}
    known = (*defaults, *memory)

    def decorate(update: Callable[[Any, Any, dict], None]) -> Rule:
        name = update.__name__

        @functools.wraps(update)
        def rule(w: Any, dw: Any, config: dict | None = None) -> tuple[Any, dict]:
            config = {} if config is None else config
            w, dw = _plain(name, w, dw)
            if len(config) != len(known) or not config.keys() >= defaults.keys():
                _start(name, w, config, defaults, memory)
            for key in memory:
                config[key] = _memory_of(name, key, config.get(key), w)
            if w.shape:
                update(w, dw, config)
                return w, config
            # a number is not written in place: it is updated as an array of one
            for key in memory:
                config[key] = config[key].reshape(1)
            w = w.reshape(1)
            update(w, dw.reshape(1), config)
            for key in memory:
                config[key] = config[key].reshape(())
            return w.reshape(()), config

        return rule

    return decorate


def _plain(name: str, w: Any, dw: Any) -> tuple[Any, Any]:
    """Return parameters and gradient as arrays of one kind, neither of them recorded."""
    if type(w) is ndarray:
        w = w.detach() if is_recorded(w) else w
        dw = dw if type(dw) is ndarray else np.asarray(dw)
        dw = dw.detach() if is_recorded(dw) else dw
    elif isinstance(w, onp.ndarray | onp.generic):
        dw = dw.asnumpy() if type(dw) is ndarray else onp.asarray(dw)
    else:
        raise TypeError(f"{name}: w is an array, but was given {type(w).__name__}")
    if w.shape != dw.shape:
        raise ValueError(f"{name}: w has shape {w.shape}, but dw has shape {dw.shape}")
    return w, dw


def _start(name: str, w: Any, config: dict, defaults: dict, memory: tuple[str, ...]) -> None:
    """Put what is missing into a configuration; raise if an option or the dtype is a wrong one."""
    if w.dtype.kind != "f":
        raise TypeError(
            f"{name}: w has dtype {w.dtype}, but parameters are floating; write w.astype('float32')"
        )
    for key in config:
        if key not in defaults and key not in memory:
            raise ValueError(
                f"{name} has no option {key!r}; it has {', '.join([*defaults, *memory])}"
            )
    for key, value in defaults.items():
        config.setdefault(key, value)
    rate = config["learning_rate"]
    if isinstance(rate, str) or not rate >= 0:
        raise ValueError(f"{name}: learning_rate must be a number from 0, but is {rate!r}")


def _memory_of(name: str, key: str, value: Any, w: Any) -> Any:
    """Return what a configuration remembers, as an array of the kind of `w`; at first, zeros."""
    if value is None:
        return np.zeros_like(w) if type(w) is ndarray else onp.zeros_like(w)
    if type(value) is not type(w):  # as it comes from a file
        value = np.asarray(value) if type(w) is ndarray else onp.asarray(value)
    if value.shape != w.shape:
        raise ValueError(f"{name}: config[{key!r}] has shape {value.shape}, but w has {w.shape}")
    return value


def _blocks(w: Any, *others: Any) -> Iterator[tuple[Any, ...]]:
    """Yield parts of arrays of one shape, to be changed in place; small arrays whole.

    On a GPU they are whole, too: each operation on a part has to be launched.
    """
    if w.size <= BLOCK or (type(w) is ndarray and w.context.device_type == "gpu"):
        yield (w, *others)
        return
    axis = next(i for i in range(w.ndim) if math.prod(w.shape[i + 1 :]) <= BLOCK)
    step = max(1, BLOCK // math.prod(w.shape[axis + 1 :]))
    for before in onp.ndindex(w.shape[:axis]):
        for start in range(0, w.shape[axis], step):
            part = (*before, slice(start, start + step))
            yield tuple(x[part] for x in (w, *others))


def _decayed(g: Any, w: Any, decay: float) -> Any:
    """Return the gradient of the loss plus ``decay / 2`` times the squares of the parameters."""
    return g + decay * w if decay else g


def _root(x: Any) -> Any:
    """Return the square root as an array of the kind of `x`."""
    return np.sqrt(x) if type(x) is ndarray else onp.sqrt(x)


def _sign(x: Any) -> Any:
    """Return the sign as an array of the kind of `x`."""
    return np.sign(x) if type(x) is ndarray else onp.sign(x)


def _squares(x: Any) -> float:
    """Return the sum of the squares of all elements."""
    return float((x * x).sum())


# ----- rules


@_optimiser(learning_rate=1e-2)
def sgd(w, dw, config=None):
    """Stochastic gradient descent: ``w -= learning_rate * dw``.

    Parameters
    ----------
    w : ndarray, of any shape
        Parameters, updated in place.
    dw : ndarray, of the shape of `w`
        The gradient.
    config : dict, optional
        ``learning_rate``, 1e-2 by default; ``weight_decay``, 0 by default, adds this times `w` to
        the gradient.

    Returns
    -------
    w : ndarray
        The given array, which is not recorded.
    config : dict
        The given one, with what was missing.

    Raises
    ------
    ValueError
        If the shapes differ, or there is no such option.
    TypeError
        If `w` is not floating.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> w, config = sgd(np.ones(2), np.array([1.0, -1.0]), {"learning_rate": 0.5})
    >>> w, config
    (array([0.5, 1.5]), {'learning_rate': 0.5, 'weight_decay': 0.0})
    """
    rate, decay = config["learning_rate"], config["weight_decay"]
    for x, g in _blocks(w, dw):
        x -= rate * _decayed(g, x, decay)


@_optimiser(memory=("velocity",), learning_rate=1e-2, momentum=0.9)
def sgd_momentum(w, dw, config=None):
    """Gradient descent with momentum: ``v = momentum * v - learning_rate * dw; w += v``.

    Parameters
    ----------
    w, dw
        As in `sgd`.
    config : dict, optional
        ``learning_rate`` (1e-2), ``momentum`` (0.9), ``weight_decay`` (0), as in `sgd`; the rule
        keeps ``velocity``, of the shape of `w`.

    Returns
    -------
    w, config
        As in `sgd`.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> w, config = sgd_momentum(np.zeros(1), np.ones(1), {"learning_rate": 0.5})
    >>> sgd_momentum(w, np.ones(1), config)[0]
    array([-1.45])
    """
    rate, decay, momentum = config["learning_rate"], config["weight_decay"], config["momentum"]
    for x, g, v in _blocks(w, dw, config["velocity"]):
        v *= momentum
        v -= rate * _decayed(g, x, decay)
        x += v


@_optimiser(memory=("velocity",), learning_rate=1e-2, momentum=0.9)
def nesterov(w, dw, config=None):
    """Momentum that looks ahead: `sgd_momentum` with ``w += momentum * v - learning_rate * dw``.

    Parameters
    ----------
    w, dw, config
        As in `sgd_momentum`.

    Returns
    -------
    w, config
        As in `sgd`.

    References
    ----------
    Y. Nesterov, "A method for solving the convex programming problem with convergence rate O(1/k²)"
    (1983); in the form of Y. Bengio, N. Boulanger-Lewandowski and R. Pascanu, "Advances in
    optimizing recurrent networks", ICASSP (2013).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> nesterov(np.zeros(1), np.ones(1), {"learning_rate": 0.5})[0]
    array([-0.95])
    """
    rate, decay, momentum = config["learning_rate"], config["weight_decay"], config["momentum"]
    for x, g, v in _blocks(w, dw, config["velocity"]):
        step = rate * _decayed(g, x, decay)
        v *= momentum
        v -= step
        x -= step
        x += momentum * v


@_optimiser(memory=("cache",), learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8)
def rmsprop(w, dw, config=None):
    """RMSProp: the gradient divided by the root of a moving average of its square.

    Parameters
    ----------
    w, dw
        As in `sgd`.
    config : dict, optional
        ``learning_rate`` (1e-2), ``decay_rate`` of the moving average (0.99), ``epsilon`` (1e-8),
        added to the root, ``weight_decay`` (0), as in `sgd`; the rule keeps ``cache``, the moving
        average.

    Returns
    -------
    w, config
        As in `sgd`.

    References
    ----------
    T. Tieleman and G. Hinton, "Lecture 6.5 - RMSProp", Coursera (2012).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> rmsprop(np.zeros(1), np.ones(1), {"learning_rate": 0.5})[0].round(3)
    array([-5.])
    """
    rate, decay, keep = config["learning_rate"], config["weight_decay"], config["decay_rate"]
    epsilon = config["epsilon"]
    for x, g, cache in _blocks(w, dw, config["cache"]):
        g = _decayed(g, x, decay)
        cache *= keep
        cache += (1 - keep) * g * g
        x -= rate * g / (_root(cache) + epsilon)


@_optimiser(memory=("cache",), learning_rate=1e-2, epsilon=1e-10)
def adagrad(w, dw, config=None):
    """AdaGrad: the gradient divided by the root of the sum of all its squares so far.

    Parameters
    ----------
    w, dw
        As in `sgd`.
    config : dict, optional
        ``learning_rate`` (1e-2), ``epsilon`` (1e-10), added to the root, ``weight_decay`` (0), as
        in `sgd`; the rule keeps ``cache``, the sum of squares.

    Returns
    -------
    w, config
        As in `sgd`.

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", JMLR 12 (2011).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> adagrad(np.zeros(1), np.array([3.0]), {"learning_rate": 0.5})[0]
    array([-0.5])
    """
    rate, decay, epsilon = config["learning_rate"], config["weight_decay"], config["epsilon"]
    for x, g, cache in _blocks(w, dw, config["cache"]):
        g = _decayed(g, x, decay)
        cache += g * g
        x -= rate * g / (_root(cache) + epsilon)


@_optimiser(memory=("m",), learning_rate=1e-4, beta1=0.9, beta2=0.99)
def lion(w, dw, config=None):
    """Lion: steps of one size, in the direction of the sign of a moving average.

    Parameters
    ----------
    w, dw
        As in `sgd`.
    config : dict, optional
        ``learning_rate`` (1e-4), ``beta1`` (0.9) for the direction and ``beta2`` (0.99) for the
        moving average, ``weight_decay`` (0), which is no part of the gradient, as in `adamw`; the
        rule keeps the average ``m``.

    Returns
    -------
    w, config
        As in `sgd`.

    References
    ----------
    X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS (2023).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> lion(np.zeros(2), np.array([3.0, -0.1]), {"learning_rate": 0.5})[0]
    array([-0.5,  0.5])
    """
    rate, beta1, beta2 = config["learning_rate"], config["beta1"], config["beta2"]
    kept = 1 - rate * config["weight_decay"]
    for x, g, m in _blocks(w, dw, config["m"]):
        x *= kept
        x -= rate * _sign(beta1 * m + (1 - beta1) * g)
        m *= beta2
        m += (1 - beta2) * g


@_optimiser(
    memory=("m", "v"),
    learning_rate=1e-3,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-6,
    t=0,
    weight_decay=1e-2,
)
def lamb(w, dw, config=None):
    """LAMB: the step of `adamw`, as long as the learning rate times the length of `w`.

    It is for large batches: no parameter moves by more than a share of what it is.

    Parameters
    ----------
    w, dw
        As in `sgd`.
    config : dict, optional
        As in `adamw`, but ``epsilon`` is 1e-6 by default.

    Returns
    -------
    w, config
        As in `sgd`.

    References
    ----------
    Y. You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR
    (2020).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> w = np.array([3.0, 4.0])
    >>> lamb(w, np.ones(2), {"learning_rate": 0.1, "weight_decay": 0.0})[0].round(3)
    array([2.646, 3.646])
    """
    config["t"] += 1
    size = math.sqrt(sum(_squares(x) for (x,) in _blocks(w)))
    squares = 0.0
    for x, g, m, v in _blocks(w, dw, config["m"], config["v"]):
        _average(m, v, g, config)
        squares += _squares(_lamb_step(x, m, v, config))
    trust = size / math.sqrt(squares) if size > 0 and squares > 0 else 1.0
    for x, m, v in _blocks(w, config["m"], config["v"]):  # again: no step of the size of w is kept
        step = _lamb_step(x, m, v, config)
        step *= config["learning_rate"] * trust
        x -= step


def _lamb_step(x: Any, m: Any, v: Any, config: dict) -> Any:
    """Return the step of `adamw`, without a learning rate."""
    t = config["t"]
    step = _root(v / (1 - config["beta2"] ** t))
    step += config["epsilon"]
    step = m / step
    step /= 1 - config["beta1"] ** t
    if config["weight_decay"]:
        step += config["weight_decay"] * x
    return step


@_optimiser(memory=("m", "v"), learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0)
def adam(w, dw, config=None):
    """Adam: momentum, divided by the root of a moving average of the gradient's square.

    Parameters
    ----------
    w, dw
        As in `sgd`.
    config : dict, optional
        ``learning_rate`` (1e-3), ``beta1`` (0.9) and ``beta2`` (0.999) of the moving averages of
        the gradient and its square, ``epsilon`` (1e-8), ``weight_decay`` (0), as in `sgd`; the rule
        keeps the averages ``m`` and ``v``, and ``t``, the number of steps.

    Returns
    -------
    w, config
        As in `sgd`.

    References
    ----------
    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR (2015).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> w, config = adam(np.zeros(1), np.ones(1), {"learning_rate": 0.5})
    >>> w.round(3), config["t"]
    (array([-0.5]), 1)
    """
    _adam(w, dw, config, config["weight_decay"])


@_optimiser(
    memory=("m", "v"),
    learning_rate=1e-3,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
    t=0,
    weight_decay=1e-2,
)
def adamw(w, dw, config=None):
    """Adam after a weight decay of its own, ``w -= learning_rate * weight_decay * w``.

    Parameters
    ----------
    w, dw
        As in `sgd`.
    config : dict, optional
        As in `adam`, but ``weight_decay`` is 1e-2 by default and no part of the gradient.

    Returns
    -------
    w, config
        As in `sgd`.

    References
    ----------
    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR (2019).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> w, config = adamw(np.ones(1), np.zeros(1), {"learning_rate": 0.5, "weight_decay": 0.1})
    >>> w
    array([0.95])
    """
    w *= 1 - config["learning_rate"] * config["weight_decay"]
    _adam(w, dw, config, 0.0)


def _adam(w: Any, dw: Any, config: dict, decay: float) -> None:
    rate, beta1, beta2 = config["learning_rate"], config["beta1"], config["beta2"]
    t = config["t"] = config["t"] + 1
    epsilon = config["epsilon"]
    rate = rate / (1 - beta1**t)  # the averages start at zero, and t steps do not add up to one
    correction = (1 - beta2**t) ** 0.5
    for x, g, m, v in _blocks(w, dw, config["m"], config["v"]):
        _average(m, v, _decayed(g, x, decay), config)
        x -= rate * m / (_root(v) / correction + epsilon)


def _average(m: Any, v: Any, g: Any, config: dict) -> None:
    """Move the averages of the gradient and of its square, in place."""
    beta1, beta2 = config["beta1"], config["beta2"]
    m *= beta1
    m += (1 - beta1) * g
    v *= beta2
    v += (1 - beta2) * g * g


RULES: dict[str, Rule] = {
    "adagrad": adagrad,
    "adam": adam,
    "adamw": adamw,
    "lamb": lamb,
    "lion": lion,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "sgd": sgd,
    "sgd_momentum": sgd_momentum,
}


def rule(name: str | Rule) -> Rule:
    """Return the rule of a name; a function is its own rule.

    Raises
    ------
    ValueError
        If there is no rule of this name.

    Examples
    --------
    >>> rule("adam") is adam
    True
    >>> rule("newton")
    Traceback (most recent call last):
        ...
    ValueError: no update rule is called 'newton'; there are adagrad, adam, adamw, lamb, ...
    """
    return rule_called("update rule", name, RULES, "(w, dw, config)")


# ----- clipping gradients


def clip_by_value(gradients: Any, limit: float) -> Any:
    """Move each element of gradients into ``[-limit, limit]``, in place.

    Parameters
    ----------
    gradients : array, or nested dict, list or tuple of arrays
    limit : float
        Positive.

    Returns
    -------
    gradients
        In the same structure the given arrays, and new ones for those without axes.  NaN stays NaN;
        an infinity becomes a limit.

    Raises
    ------
    ValueError
        If the limit is not positive.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> clip_by_value({"w": np.array([-3.0, 0.5])}, 1.0)
    {'w': array([-1. ,  0.5])}
    """
    if not limit > 0:
        raise ValueError(f"clip_by_value: limit must be positive, but is {limit}")
    return _changed(gradients, lambda g: np.clip(g, -limit, limit))


def clip_by_global_norm(gradients: Any, limit: float) -> tuple[Any, float]:
    """Scale gradients such that their norm, as one long vector, is at most `limit`; in place.

    Parameters
    ----------
    gradients : array, or nested dict, list or tuple of arrays
    limit : float
        Positive.

    Returns
    -------
    gradients
        In the same structure the given arrays, and new ones for those without axes.  They keep
        their values if the norm is below the limit, and also if it is infinite or NaN: no scale
        makes a step of these, and whoever looks at the norm can stop.
    norm : float
        That of the given gradients, computed in float64.

    Raises
    ------
    ValueError
        If the limit is not positive.

    References
    ----------
    R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks",
    ICML (2013).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
    ([array([0.6]), array([0.8])], 5.0)
    """
    if not limit > 0:
        raise ValueError(f"clip_by_global_norm: limit must be positive, but is {limit}")
    norm = global_norm(gradients)
    if norm <= limit or not math.isfinite(norm):
        return gradients, norm
    return _changed(gradients, lambda g: g * (limit / norm)), norm


def _changed(gradients: Any, change: Callable[[Any], Any]) -> Any:
    """Return gradients changed in place, each array once, also if it is there twice."""
    done = set()

    def changed(g: Any) -> Any:
        if g is None or id(g) in done:
            return g
        if not getattr(g, "shape", ()):
            return change(g)
        for (part,) in _blocks(g):
            part[...] = change(part)
        done.add(id(g))
        return g

    return tree_map(changed, gradients)


def global_norm(gradients: Any) -> float:
    """Return the Euclidean norm of gradients, as one long vector, in float64.

    Parameters
    ----------
    gradients : array, or nested dict, list or tuple of arrays

    Examples
    --------
    >>> import minpy.numpy as np
    >>> global_norm({"w": np.array([[3.0]]), "b": np.array([4.0])})
    5.0
    """
    total = 0.0
    for g in leaves(gradients):
        if g is not None:
            for (part,) in _blocks(np.asarray(g)):
                total += float(np.sum(np.square(part.astype("float64"))))
    return math.sqrt(total)
