"""Pictures that notebooks share: curves of a training as it runs, and the networks of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as onp

from minpy import plotting
from minpy.checking import NotWrittenYet
from minpy.plotting.live import LiveFigure
from minpy.plotting.places import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class LiveCurves(LiveFigure):
    """Losses and accuracies of a training loop, drawn again once a second while it runs.

    It draws in Jupyter only, so the loop may call it wherever it runs.

    Examples
    --------
    >>> live = LiveCurves()
    >>> live.show({"loss": [2.3, 2.1], "train": [], "val": []})  # draws nothing outside Jupyter
    """

    def __init__(self, seconds: float = 1.0) -> None:
        super().__init__(seconds)

    def show(self, history: Mapping[str, Sequence[float]], last: bool = False) -> None:
        """Draw the history so far, if the last picture is old.

        Parameters
        ----------
        history : mapping of str to list of float
            "loss", of each step, and "train" and "val", the accuracies after each epoch.
        last : bool
            Whether to draw in any case, because the training is over.
        """
        self.update(
            lambda: plotting.training_curves(history["loss"], history["train"], history["val"]),
            last,
        )


def draw_trials(
    trials: Sequence[tuple[float, float, float]],
    names: tuple[str, str] = ("learning rate", "reg"),
) -> Figure:
    """Draw the networks of a search by two hyperparameters; the best has a ring around it.

    Parameters
    ----------
    trials : list of (float, float, float)
        The two hyperparameters and the validation accuracy of each network.
    names : (str, str)
        Of the hyperparameters.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NotWrittenYet
        If there are no trials.

    Examples
    --------
    >>> figure = draw_trials([(1e-3, 1e-4, 0.4), (1e-2, 1e-3, 0.5)])
    >>> figure.axes[0].get_xlabel()
    'learning rate'
    """
    if not trials:
        raise NotWrittenYet("the search for a network")
    figure: Any = new_figure(7, 3.6)
    ax = figure.subplots()
    x, y, accuracies = onp.array(trials, float).T
    best = accuracies.argmax()
    dots = ax.scatter(x, y, s=90, c=accuracies, cmap="viridis", edgecolors="grey")
    ax.scatter(x[best], y[best], s=260, facecolors="none", edgecolors="#ee6677", linewidths=2)
    labelled = trials if len(trials) <= 25 else [trials[best]]  # more would hide each other
    for at_x, at_y, accuracy in labelled:
        ax.annotate(
            f"{100 * accuracy:.0f}", (at_x, at_y), (0, 11), textcoords="offset points", ha="center"
        )
    ax.set(xscale="log", yscale="log", xlabel=names[0], ylabel=names[1])
    ax.set_title("validation accuracy of each network, in %")
    ax.margins(0.15)
    figure.colorbar(dots, ax=ax)
    return figure
