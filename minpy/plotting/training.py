"""Pictures of training: the loss, the accuracies, and the sizes of gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as onp

from minpy.plotting.places import BLUE, RED, as_numpy, several_axes
from minpy.tree import labels as labels_of
from minpy.tree import leaves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def training_curves(
    loss_history: Any,
    train_acc_history: Any = (),
    val_acc_history: Any = (),
    *,
    metric: str = "accuracy",
    epochs: Sequence[float] | None = None,
    smoothing: float | None = None,
    log: bool = False,
    figure: Figure | None = None,
) -> Figure | onp.ndarray:
    """Draw the loss of each step, smoothed too, and the accuracies of each epoch.

    Parameters
    ----------
    loss_history : array_like, shape (steps,)
    train_acc_history, val_acc_history : array_like, shape (epochs,), optional
        Shares of right answers, from 0 to 1; or whatever `metric` says.
    metric : {'accuracy', 'loss'}
        What these are: 'loss' for a regression, of which the smallest is the best.
    epochs : sequence of float, optional
        Where the accuracies were measured; 1, 2, ... by default.
    smoothing : float, optional
        How much of the smoothed loss stays from one step to the next, from 0 to below 1.  By
        default it looks back over about a thirtieth of the steps; 0 draws the raw loss alone.
    log : bool
        Whether the loss has a logarithmic axis.
    figure : matplotlib.figure.Figure or SubFigure, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure, or the axes, shape (1, 1) or (1, 2), if `figure` was given

    Raises
    ------
    ValueError
        If a history is not one row of numbers, smoothing is out of its range, or `metric` is
        something else.

    Examples
    --------
    >>> from minpy import plotting
    >>> figure = plotting.training_curves([2.3, 1.9, 1.6, 1.4], [0.2, 0.5], [0.2, 0.4])
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['step', 'epoch']
    """
    if metric not in ("accuracy", "loss"):
        raise ValueError(f"metric is 'accuracy' or 'loss', but is {metric!r}")
    losses = _history(loss_history, "loss_history")
    accuracies = {
        "training": _history(train_acc_history, "train_acc_history"),
        "validation": _history(val_acc_history, "val_acc_history"),
    }
    if smoothing is None:
        smoothing = max(0.0, 1 - 30 / len(losses)) if len(losses) else 0.0
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must be from 0 to below 1, but is {smoothing}")
    panels = 2 if any(map(len, accuracies.values())) else 1
    axes, result = several_axes(figure, 1, panels, 5 * panels, 3.2)
    _draw_losses(axes[0, 0], losses, smoothing, log)
    if panels == 2:
        _draw_scores(axes[0, 1], accuracies, epochs, metric)
    return result


def _history(history: Any, name: str) -> onp.ndarray:
    if history is None:
        history = ()
    if isinstance(history, list | tuple):
        history = [x.asnumpy() if hasattr(x, "asnumpy") else x for x in history]
    data = as_numpy(history, name).astype(onp.float64)
    if data.ndim != 1:
        raise ValueError(f"{name} must be one row of numbers, but has shape {data.shape}")
    return data


def smoothed(losses: onp.ndarray, smoothing: float) -> onp.ndarray:
    """Return the exponential moving average, not pulled to zero at its start; shape (steps,).

    It is divided by the weight that the numbers so far have, as Adam divides its moments (Kingma
    and Ba, *Adam*, 2014).  It is NaN at steps that are not finite, which it passes over.

    Examples
    --------
    >>> smoothed(onp.array([4.0, 4.0, 1.0]), 0.5).round(3)
    array([4.   , 4.   , 2.286])
    """
    out = onp.full(len(losses), onp.nan)
    total = weight = 0.0
    for step, loss in enumerate(losses):
        if onp.isfinite(loss):
            total = smoothing * total + (1 - smoothing) * loss
            weight = smoothing * weight + (1 - smoothing)
            out[step] = total / weight
    return out


def _draw_losses(ax: Axes, losses: onp.ndarray, smoothing: float, log: bool) -> None:
    steps = onp.arange(1, len(losses) + 1)
    finite = onp.isfinite(losses)
    drawn = onp.where(finite, losses, onp.nan)
    alone = smoothing == 0
    ax.plot(
        steps,
        drawn,
        color=BLUE,
        alpha=1 if alone else 0.35,
        linewidth=1.2 if alone else 0.7,
        marker="o" if len(losses) == 1 else None,
        label="each step",
    )
    if not alone:
        ax.plot(steps, smoothed(losses, smoothing), color=BLUE, linewidth=2, label="smoothed")
        ax.legend()
    ax.set(title="loss", xlabel="step", ylabel="loss")
    if log and (drawn[finite] > 0).any():
        ax.set_yscale("log")
    if not finite.all():
        first = steps[~finite][0]
        ax.axvline(first, color=RED, linestyle=":")
        ax.set_title(f"loss; not finite from step {first} on")
    if not len(losses):
        ax.set_title("loss: no steps yet")


def _draw_scores(
    ax: Axes, scores: dict[str, onp.ndarray], epochs: Sequence[float] | None, metric: str
) -> None:
    of_accuracy = metric == "accuracy"
    form = ".3f" if of_accuracy else ".4g"
    several = "accuracies" if of_accuracy else "losses"
    looks = {"training": (BLUE, "o-"), "validation": (RED, "s--")}
    for name, history in scores.items():
        if not len(history):
            continue
        places = onp.arange(1, len(history) + 1) if epochs is None else onp.asarray(epochs)
        if len(places) != len(history):
            raise ValueError(f"there are {len(history)} {name} {several}, but {len(places)} epochs")
        colour, style = looks[name]
        label = f"{name}: {history[-1]:{form}}"
        best = int(history.argmax() if of_accuracy else history.argmin())
        if name == "validation" and best < len(history) - 1:
            label += f", best {history[best]:{form}} in epoch {places[best]:g}"
        ax.plot(places, history, style, color=colour, markersize=4, label=label)
    if of_accuracy:
        ax.set(title="accuracy", ylabel="share of right answers")
    else:
        ax.set(title="loss after each epoch", ylabel="loss")
    ax.set_xlabel("epoch")
    ax.locator_params(axis="x", integer=True)
    ax.legend()


def gradient_histograms(
    gradients: Any, *, bins: int = 40, figure: Figure | None = None
) -> Figure | onp.ndarray:
    """Draw how large the gradients of each parameter are, on one logarithmic axis.

    Of the gradients of one step, the histogram is of the sizes of their elements.  Of those of
    many steps, it is of each step's norm.  Gradients that shrink from layer to layer, or are all
    zero, are seen at a glance.

    Parameters
    ----------
    gradients : mapping of str to array, or a sequence of such mappings
        Of one step; or of many steps, as arrays or as their norms.  Mappings may be nested.
    bins : int
    figure : matplotlib.figure.Figure or SubFigure, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure, or the axes, shape (parameters, 1), if `figure` was given

    Raises
    ------
    TypeError
        If these are no mappings of names to arrays.
    ValueError
        If there are none, or the names change from step to step.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> from minpy import plotting
    >>> params = {"W": np.random.randn(4, 3), "b": np.zeros(3)}
    >>> gradients = minpy.grad(lambda p: np.tanh(np.ones((2, 4)) @ p["W"] + p["b"]).sum())(params)
    >>> figure = plotting.gradient_histograms(gradients)
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['W', 'b']
    """
    steps = [gradients] if isinstance(gradients, Mapping) else list(gradients)
    if not steps or not all(isinstance(step, Mapping) for step in steps):
        raise TypeError(
            "gradients must be a dict of arrays, or a list of such dicts with one for each step"
        )
    named = [dict(_named(step)) for step in steps]
    names = list(named[0])
    if not names:
        raise ValueError("there are no gradients in what was given")
    for number, step in enumerate(named):
        if step.keys() != named[0].keys():
            raise ValueError(
                f"the gradients of step {number} are those of {sorted(step)}, but the first step's "
                f"were those of {sorted(names)}"
            )
    one = len(named) == 1
    sizes = {
        name: onp.abs(named[0][name]).ravel()
        if one
        else onp.array([onp.linalg.norm(step[name].ravel()) for step in named])
        for name in names
    }
    fine = [values[onp.isfinite(values) & (values > 0)] for values in sizes.values()]
    everything = onp.concatenate(fine)
    low, high = (everything.min(), everything.max()) if everything.size else (1e-3, 1.0)
    edges = onp.geomspace(low * 0.8, high * 1.25, bins + 1)
    rows = len(names)
    axes, result = several_axes(figure, rows, 1, 6.5, 0.9 + 0.55 * rows, sharex=True)
    for ax, name, some in zip(axes[:, 0], names, fine, strict=True):
        values = sizes[name]
        ax.hist(some, edges, color=BLUE)
        ax.set(xscale="log", yticks=[], xlim=(edges[0], edges[-1]))
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.text(
            1.01,
            0.5,
            _remark(values, one),
            transform=ax.transAxes,
            va="center",
            fontsize="small",
        )
        if some.size:
            ax.axvline(onp.median(some), color=RED, linewidth=1.5, linestyle="--")
    what = "size of each element of the gradient" if one else "norm of the gradient, step by step"
    axes[-1, 0].set_xlabel(f"{what}; dashed: the median")
    for ax in axes[:-1, 0]:
        ax.tick_params(bottom=False, which="both")
    return result


def _named(step: Mapping[str, Any]) -> list[tuple[str, onp.ndarray]]:
    """Return names and gradients, also of nested ones; those without a gradient are left out."""
    pairs = []
    for key, value in step.items():
        for name, leaf in zip(labels_of(value, str(key)), leaves(value), strict=True):
            if leaf is not None:
                pairs.append((name, as_numpy(leaf, f"the gradient of {name}").astype(onp.float64)))
    return pairs


def _remark(values: onp.ndarray, one: bool) -> str:
    """Return what is written beside a histogram."""
    zeros = int((values == 0).sum())
    wrong = int((~onp.isfinite(values)).sum())
    if zeros == len(values):
        return "all zero"
    text = f"norm {onp.linalg.norm(values):.2g}" if one else f"median {onp.median(values):.2g}"
    if zeros:
        text += f"\n{100 * zeros / len(values):.0f} % zero"
    if wrong:
        text += f"\n{wrong:,} not finite"
    return text
