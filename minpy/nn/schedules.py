"""Schedules of the learning rate: functions from the number of the step, from 0, to a factor.

The rate of a step is the rate that was asked for, times this factor.  `warmup` puts a ramp before
another schedule, and `product` multiplies some::

    schedule = warmup(500, cosine(10_000))
    for step in range(10_500):
        config["learning_rate"] = 0.1 * schedule(step)
        w, config = sgd(w, gradient(w), config)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

__all__ = ["constant", "cosine", "exponential", "product", "step_decay", "warmup"]

Schedule = Callable[[int], float]


def constant() -> Schedule:
    """Return a schedule that is 1 at all times.

    Examples
    --------
    >>> constant()(1000)
    1.0
    """
    return _constant


def step_decay(every: int, factor: float = 0.1) -> Schedule:
    """Return a schedule that is multiplied by `factor` after every so many steps.

    Examples
    --------
    >>> schedule = step_decay(10, 0.5)
    >>> schedule(0), schedule(9), schedule(10), schedule(25)
    (1.0, 1.0, 0.5, 0.25)
    """
    _positive("step_decay", every=every)
    return partial(_step_decay, every, factor)


def exponential(every: int, factor: float = 0.1) -> Schedule:
    """Return a smooth `step_decay`: ``factor ** (step / every)``.

    Examples
    --------
    >>> schedule = exponential(10, 0.25)
    >>> schedule(0), schedule(5), schedule(10)
    (1.0, 0.5, 0.25)
    """
    _positive("exponential", every=every)
    return partial(_exponential, every, factor)


def cosine(steps: int, least: float = 0.0) -> Schedule:
    """Return a schedule that falls from 1 to `least` in so many steps, as half a cosine, and stays.

    References
    ----------
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR
    (2017).

    Examples
    --------
    >>> schedule = cosine(100)
    >>> schedule(0), round(schedule(50), 3), schedule(100), schedule(1000)
    (1.0, 0.5, 0.0, 0.0)
    """
    _positive("cosine", steps=steps)
    return partial(_cosine, steps, least)


def warmup(steps: int, then: Schedule | None = None) -> Schedule:
    """Return a schedule that rises linearly in so many steps, and is another one from there on.

    Parameters
    ----------
    steps : int
    then : schedule, optional
        What comes after; it counts from 0.  By default, 1.

    References
    ----------
    P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour" (2017).

    Examples
    --------
    >>> schedule = warmup(4, then=step_decay(10, 0.5))
    >>> [schedule(step) for step in (0, 1, 3, 4, 13, 14)]
    [0.25, 0.5, 1.0, 1.0, 1.0, 0.5]
    """
    _positive("warmup", steps=steps)
    return partial(_warmup, steps, constant() if then is None else then)


def product(*schedules: Schedule) -> Schedule:
    """Return the product of schedules.

    Examples
    --------
    >>> product(step_decay(10, 0.5), warmup(2))(0)
    0.5
    """
    return partial(_product, schedules)


# what they return is made of these functions, and not of closures, which no pickle can hold


def _constant(step: int) -> float:
    return 1.0


def _step_decay(every: int, factor: float, step: int) -> float:
    return float(factor ** (step // every))


def _exponential(every: int, factor: float, step: int) -> float:
    return float(factor ** (step / every))


def _cosine(steps: int, least: float, step: int) -> float:
    done = min(step / steps, 1.0)
    return least + (1 - least) * (1 + math.cos(math.pi * done)) / 2


def _warmup(steps: int, then: Schedule, step: int) -> float:
    return (step + 1) / steps if step < steps else then(step - steps)


def _product(schedules: tuple[Schedule, ...], step: int) -> float:
    return math.prod(schedule(step) for schedule in schedules)


def _positive(name: str, **lengths: int) -> None:
    for what, length in lengths.items():
        if not length > 0:
            raise ValueError(f"{name}: {what} must be positive, but is {length}")
