"""How good finite differences are at each step: a V, and what a kink does to it.

The central difference ``(f(x + h) - f(x - h)) / 2h`` errs in two ways.  It leaves out the third
derivative, an error that shrinks like ``h**2``; and it subtracts two numbers that are rounded, an
error that grows like ``1/h``.  Drawn over `h` with logarithmic axes that is a V, and its bottom is
the best step: about 6e-6 in float64, where 1e-11 is reached, and 5e-3 in float32, where it is 1e-5.
One-sided differences err like ``h`` and get only half as many digits.

Where a kink lies within the step, the difference mixes the slopes of its two sides, and is wrong
however many digits are kept.  That is why a gradient check of a ReLU fails now and then.

>>> import minpy.numpy as np
>>> found = step_sizes(np.exp, 1.0)
>>> 1e-6 < found.best < 1e-4
True
>>> bool(found.central.min() < 1e-9 < found.central[0])
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as onp

from minpy import numpy as np
from minpy.array import Array
from minpy.autograd import grad
from minpy.checking.texts import number, plain, say
from minpy.errors import name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST = 1e-17  # an error of 0 is drawn here
JUMP = 1e-3  # of the largest slope, before it is one
NEAREST = 1e-14  # how closely a kink is looked for
HALVINGS = 60


@dataclass(frozen=True)
class StepSizes:
    """What `step_sizes` found; words when printed, and a picture by `plot`.

    Attributes
    ----------
    name : str
    dtype : str
        In which the function was evaluated.
    exact : float
        The derivative along the direction.
    steps : ndarray, shape (S,)
    central, one_sided : ndarray, shape (S,)
        The relative errors of the two differences with these steps.
    kinks : tuple of float
        How far along the direction, or against it if negative, the slope jumps.
    """

    name: str
    dtype: str
    exact: float
    steps: onp.ndarray
    central: onp.ndarray
    one_sided: onp.ndarray
    kinks: tuple[float, ...]

    @property
    def best(self) -> float:
        """The step whose central difference is closest to the derivative."""
        return float(self.steps[self.central.argmin()])

    def slope(self, low: float, high: float) -> float:
        """Return the power of the step that the error of the central difference goes with.

        Parameters
        ----------
        low, high : float
            Between which steps to look.

        Examples
        --------
        >>> import minpy.numpy as np
        >>> round(step_sizes(np.exp, 1.0).slope(1e-4, 1e-1), 2)
        2.0
        """
        there = (self.steps >= low) & (self.steps <= high)
        if there.sum() < 2:
            raise ValueError(f"there are fewer than two steps from {low:g} to {high:g}")
        errors = onp.maximum(self.central[there], LEAST)
        return float(onp.polyfit(onp.log(self.steps[there]), onp.log(errors), 1)[0])

    def __str__(self) -> str:
        words = {"name": self.name, "dtype": self.dtype, "step": self.best}
        lines = [say("steps.best", error=float(self.central.min()), **words)]
        lines += [say("steps.kink_at", distance=distance) for distance in self.kinks]
        return plain("\n".join(lines))

    def plot(self, ax: Axes | None = None) -> Figure | Axes:
        """Draw the relative errors over the step, the two laws, the best step, and the kinks.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a figure of its own by default.

        Returns
        -------
        matplotlib.figure.Figure, or `ax` if it was given

        Examples
        --------
        >>> import minpy.numpy as np
        >>> figure = step_sizes(np.exp, 1.0).plot()
        >>> figure.axes[0].get_xscale(), figure.axes[0].get_yscale()
        ('log', 'log')
        """
        from minpy.plotting.places import BLUE, GREEN, GREY, RED, one_axes

        axes, result = one_axes(ax, 6.4, 4.0)
        central = onp.maximum(self.central, LEAST)
        axes.loglog(self.steps, central, "o-", color=BLUE, ms=3.5, label=say("steps.central"))
        one_sided = onp.maximum(self.one_sided, LEAST)
        axes.loglog(self.steps, one_sided, ":", color=GREEN, lw=1.5, label=say("steps.one_sided"))
        axes.set_ylim(max(central.min() / 30, LEAST / 3), max(central.max(), one_sided.max()) * 10)
        self._draw_laws(axes, central, GREY)
        for i, distance in enumerate(sorted({abs(kink) for kink in self.kinks})):
            label = say("steps.kink") if i == 0 else None
            at = max(distance, self.steps[0])
            axes.axvline(at, color=RED, ls="--", lw=1.2, label=label)
        axes.plot(self.best, central.min(), "o", ms=9, mfc="none", mec=BLUE, mew=1.5)
        words = say("steps.best_step", step=number(self.best, 1))
        axes.annotate(words, (self.best, central.min()), (0, -16), textcoords="offset points")
        axes.set_xlabel(say("steps.step"))
        axes.set_ylabel(say("steps.error"))
        axes.set_title(say("steps.title", name=self.name, dtype=self.dtype), fontsize="medium")
        axes.grid(alpha=0.25)
        axes.legend(loc="best", fontsize="small", frameon=False)
        return result

    def _draw_laws(self, axes: Axes, central: onp.ndarray, colour: str) -> None:
        """Draw the two lines of the V, each through what is measured on its side, if it is so."""
        first_kink = min(map(abs, self.kinks), default=onp.inf)
        measured = (self.central > 0) & (self.central < 0.1) & (self.steps < first_kink)
        laws = (
            ("steps.truncation", 2, self.steps > self.best),
            ("steps.rounding", -1, self.steps < self.best),
        )
        for key, power, side in laws:
            there = measured & side
            if there.sum() < 3 or abs(self.slope(*self.steps[there][[0, -1]]) - power) > 0.5:
                continue
            steps = self.steps[there]
            height = onp.median(onp.log(central[there]) - power * onp.log(steps))
            ends = steps[[0, -1]]
            line = onp.exp(height) * ends**power
            axes.loglog(ends, line, color=colour, lw=5, alpha=0.35, label=say(key), zorder=1)


def step_sizes(
    f: Callable,
    x: Any,
    *,
    direction: Any = None,
    gradient: Callable | None = None,
    steps: Sequence[float] | onp.ndarray | None = None,
    dtype: Any = "float64",
    seed: int = 0,
) -> StepSizes:
    """Find out how good finite differences of `f` at `x` are at each step.

    Parameters
    ----------
    f : callable
        Takes one array and returns a number.
    x : float or ndarray
    direction : ndarray of x's shape, or tuple of int, optional
        Along what to move: that way, or one element; by default a random way of length 1.
    gradient : callable, optional
        Returns the gradient of `f`, such as a student's own; by default ``minpy.grad(f)``.
    steps : sequence of float, optional
        Which steps to try; by default three for each power of ten from 1e-12 to 1.
    dtype : {'float64', 'float32'}
        In which to evaluate `f`; the gradient is computed in float64.
    seed : int
        Of the random direction.

    Returns
    -------
    StepSizes

    Raises
    ------
    ValueError
        If `f` returns more than one number, or the direction does not fit.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> found = step_sizes(lambda x: np.abs(x).sum(), [1e-3, -1.0], direction=(0,))
    >>> [round(kink, 9) for kink in found.kinks]  # x[0] is 0 after that step to the left
    [-0.001]
    """
    x = onp.array(x.asnumpy() if type(x) is Array else x, dtype=onp.float64)
    way = _way(x, direction, seed)
    steps = onp.logspace(-12, 0, 37) if steps is None else onp.sort(onp.asarray(steps, float))
    gradient = grad(f) if gradient is None else gradient

    def value(t: float) -> float:
        result = f(np.array((x + t * way).astype(dtype)))
        if onp.size(result) != 1:
            raise ValueError(
                f"step_sizes needs a function that returns one number, but {name_of(f)} returned "
                f"an array of shape {onp.shape(result)}"
            )
        return float(result)

    def slope(t: float) -> float:
        found = gradient(np.array(x + t * way))
        found = found.asnumpy() if type(found) is Array else onp.asarray(found)
        return float((found * way).sum())

    exact, middle = slope(0.0), value(0.0)
    ahead = onp.array([value(h) for h in steps])
    behind = onp.array([value(-h) for h in steps])
    return StepSizes(
        name_of(f),
        str(onp.dtype(dtype)),
        exact,
        steps,
        _relative((ahead - behind) / (2 * steps), exact),
        _relative((ahead - middle) / steps, exact),
        _kinks(slope, steps),
    )


def _way(x: onp.ndarray, direction: Any, seed: int) -> onp.ndarray:
    if direction is None:
        way = onp.random.default_rng(seed).standard_normal(x.shape)
        return way / onp.linalg.norm(way) if x.ndim else onp.ones(())
    if isinstance(direction, tuple):
        way = onp.zeros(x.shape)
        way[direction] = 1.0
        return way
    way = onp.asarray(direction.asnumpy() if type(direction) is Array else direction, float)
    if way.shape != x.shape:
        raise ValueError(f"the direction has shape {way.shape}, but x has shape {x.shape}")
    return way


def _relative(found: onp.ndarray, exact: float) -> onp.ndarray:
    with onp.errstate(all="ignore"):
        size = onp.maximum(onp.maximum(onp.abs(found), abs(exact)), onp.finfo(float).tiny)
        return onp.abs(found - exact) / size


def _kinks(slope: Callable[[float], float], steps: onp.ndarray) -> tuple[float, ...]:
    """Find where the slope jumps along the line, at most once between two neighbouring steps.

    An interval at whose ends the slopes differ is halved, and the half kept where they differ more:
    of a smooth function the difference dies out, of a kink it stays.
    """
    places = [*(-steps[::-1]), 0.0, *steps]
    slopes = [slope(t) for t in places]
    jump = JUMP * max(map(abs, slopes), default=0.0)
    found: list[float] = []
    for a, b, at_a, at_b in zip(places, places[1:], slopes, slopes[1:]):
        for _ in range(HALVINGS):
            if not abs(at_b - at_a) > jump or b - a <= NEAREST * max(1.0, abs(a)):
                break
            middle = (a + b) / 2
            between = slope(middle)
            if abs(between - at_a) >= abs(at_b - between):
                b, at_b = middle, between
            else:
                a, at_a = middle, between
        if abs(at_b - at_a) > jump:
            found.append((a + b) / 2)
    return tuple(onp.unique(onp.round(found, 14)).tolist())
