"""Initial parameters: rules ``(shape, config) -> array``, of the dtype of networks.

The weights of `affine` have shape (fan_in, fan_out), filters (F, C, KH, KW) a fan-in of ``C * KH *
KW`` and a fan-out of ``F * KH * KW``.  What has one axis or none is a bias, which the papers set to
zero; the scale of a normalization, which must not be zero, is made by `constant`.

Random numbers come from the stream of `minpy.numpy.random`, which ``np.random.seed`` seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.dtypes import get_default_dtype
from minpy.nn.options import rule_called
from minpy.numpy import ndarray

__all__ = ["RULES", "constant", "custom", "gaussian", "kaiming", "orthogonal", "rule", "xavier"]

Shape = tuple[int, ...]
Rule = Callable[[Shape, dict | None], ndarray]


def xavier(shape: Shape, config: dict | None = None) -> ndarray:
    """Draw weights that keep the variances of activations and of gradients, for tanh and alike.

    Parameters
    ----------
    shape : tuple of int
    config : dict, optional
        ``distribution``, 'uniform' (by default) on ``±sqrt(6 / (fan_in + fan_out))``, or 'normal'
        with the same variance, ``2 / (fan_in + fan_out)``; ``gain``, 1 by default, multiplies all.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If there is no such option or distribution.

    References
    ----------
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS (2010), equation 16.

    Examples
    --------
    >>> w = xavier((300, 100), {})
    >>> bool(abs(w).max() <= (6 / 400) ** 0.5), w.dtype
    (True, dtype('float32'))
    """
    options = _options("xavier", config, distribution="uniform", gain=1.0)
    if len(shape) < 2:
        return _finished(onp.zeros(shape))
    deviation = options["gain"] * math.sqrt(2 / max(1, sum(_fans(shape))))
    return _drawn("xavier", shape, options["distribution"], deviation)


def kaiming(shape: Shape, config: dict | None = None) -> ndarray:
    """Draw weights that keep the variance of activations through relus.

    Parameters
    ----------
    shape : tuple of int
    config : dict, optional
        ``distribution``, 'normal' (by default) or 'uniform'; ``mode``, 'fan_in' (by default), or
        'fan_out' to keep the variance of gradients; ``negative_slope`` of a leaky relu, 0 by
        default.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If there is no such option, distribution or mode.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers: surpassing human-level
    performance on ImageNet classification", ICCV (2015).

    Examples
    --------
    >>> kaiming((64, 3, 7, 7), {"mode": "fan_out"}).shape
    (64, 3, 7, 7)
    """
    options = _options("kaiming", config, distribution="normal", mode="fan_in", negative_slope=0.0)
    if options["mode"] not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode is 'fan_in' or 'fan_out', but is {options['mode']!r}")
    if len(shape) < 2:
        return _finished(onp.zeros(shape))
    fan = max(1, _fans(shape)[options["mode"] == "fan_out"])
    deviation = math.sqrt(2 / ((1 + options["negative_slope"] ** 2) * fan))
    return _drawn("kaiming", shape, options["distribution"], deviation)


def orthogonal(shape: Shape, config: dict | None = None) -> ndarray:
    """Draw a random orthogonal matrix: columns, or if there are fewer rows, are orthonormal.

    Parameters
    ----------
    shape : tuple of int
        Filters (F, C, KH, KW) are F rows.
    config : dict, optional
        ``gain``, 1 by default, multiplies all.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If there is no such option.

    References
    ----------
    A. M. Saxe, J. L. McClelland and S. Ganguli, "Exact solutions to the nonlinear dynamics of
    learning in deep linear neural networks", ICLR (2014).

    Examples
    --------
    >>> w = orthogonal((3, 3), {})
    >>> (w.T @ w).round(3) + 0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    options = _options("orthogonal", config, gain=1.0)
    if len(shape) < 2:
        return _finished(onp.zeros(shape))
    rows, cols = shape[0], math.prod(shape[1:])
    tall = _generator().standard_normal((max(rows, cols), min(rows, cols)))
    q, r = onp.linalg.qr(tall)
    q *= onp.sign(onp.diag(r))  # all orthogonal matrices alike, whatever signs LAPACK prefers
    return _finished(options["gain"] * (q if rows >= cols else q.T).reshape(shape))


def constant(shape: Shape, config: dict | None = None) -> ndarray:
    """Return an array filled with ``config["value"]``, 0 by default.

    Examples
    --------
    >>> constant((2,), {"value": 1})
    array([1., 1.], dtype=float32)
    """
    return _finished(onp.full(shape, _options("constant", config, value=0.0)["value"], float))


def gaussian(shape: Shape, config: dict | None = None) -> ndarray:
    """Draw from the normal distribution with mean ``mu``, 0, and deviation ``stdvar``, 0.001.

    Examples
    --------
    >>> gaussian((2, 3), {"mu": 1.0, "stdvar": 0.0})
    array([[1., 1., 1.],
           [1., 1., 1.]], dtype=float32)
    """
    options = _options("gaussian", config, mu=0.0, stdvar=0.001)
    return _finished(_generator().normal(options["mu"], options["stdvar"], shape))


def custom(shape: Shape, config: dict | None = None) -> ndarray:
    """Return ``config["function"](shape)``, in the dtype of networks.

    Raises
    ------
    ValueError
        If there is no function, or what it returns has another shape.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> custom((2, 2), {"function": lambda shape: np.eye(*shape)})
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    function = _options("custom", config, function=None)["function"]
    if not callable(function):
        raise ValueError(
            "custom: config['function'] is a function of a shape that returns an array, but is "
            f"{function!r}"
        )
    result = np.asarray(function(tuple(shape)))
    if result.shape != tuple(shape):
        raise ValueError(
            f"custom: the function returned an array of shape {result.shape} for the shape "
            f"{tuple(shape)}"
        )
    return result.astype(get_default_dtype())


RULES: dict[str, Rule] = {
    "constant": constant,
    "custom": custom,
    "gaussian": gaussian,
    "kaiming": kaiming,
    "orthogonal": orthogonal,
    "xavier": xavier,
}


def rule(name: str | Rule) -> Rule:
    """Return the rule of a name; a function is its own rule.

    Raises
    ------
    ValueError
        If there is no rule of this name.

    Examples
    --------
    >>> rule("xavier") is xavier
    True
    >>> rule("glorot")
    Traceback (most recent call last):
        ...
    ValueError: no init rule is called 'glorot'; there are constant, custom, gaussian, ...
    """
    return rule_called("init rule", name, RULES, "(shape, config)")


def _options(name: str, config: dict | None, **defaults: Any) -> dict[str, Any]:
    """Return the options of a rule, or raise if one is unknown."""
    given = config or {}
    for key in given:
        if key not in defaults:
            raise ValueError(f"{name} has no option {key!r}; it has {', '.join(defaults)}")
    return defaults | given


def _fans(shape: Shape) -> tuple[int, int]:
    """Return how many numbers a unit reads, and how many units read one."""
    if len(shape) == 2:
        return shape[0], shape[1]
    pixels = math.prod(shape[2:])
    return shape[1] * pixels, shape[0] * pixels


def _generator() -> onp.random.Generator:
    """Return the generator behind `minpy.numpy.random`, for NumPy's arrays."""
    return onp.random.Generator(np.random.generator().bit_generator)


def _drawn(name: str, shape: Shape, distribution: str, deviation: float) -> ndarray:
    if distribution == "normal":
        return _finished(_generator().normal(0.0, deviation, shape))
    if distribution == "uniform":
        limit = math.sqrt(3) * deviation
        return _finished(_generator().uniform(-limit, limit, shape))
    raise ValueError(f"{name}: distribution is 'uniform' or 'normal', but is {distribution!r}")


def _finished(values: onp.ndarray) -> ndarray:
    """Return values as an array of the dtype of networks, where new arrays are made."""
    return np.array(values, dtype=get_default_dtype())
