"""Where a picture is drawn, and what it is drawn from.

A figure of our own is a `matplotlib.figure.Figure` that `pyplot` never hears of, so nobody has to
close it.  Jupyter would show a plain one as text unless `pyplot` was imported, which teaches it
figures; ours know how to show themselves.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as onp

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Paul Tol's "bright" colours, and a grey that is seen on white and on black.
BLUE, RED, GREEN, YELLOW = "#4477aa", "#ee6677", "#228833", "#ccbb44"
GREY = "#888888"


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, of a size in inches, that Jupyter can show.

    Raises
    ------
    ModuleNotFoundError
        If Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "minpy.plotting draws with Matplotlib, which is not installed: pip install matplotlib",
            name="matplotlib",
        ) from error
    figure = Figure(figsize=(width, height), layout="constrained")
    figure._repr_png_ = partial(_png, figure)  # type: ignore[attr-defined]
    return figure


def _png(figure: Figure) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def one_axes(ax: Axes | None, width: float, height: float) -> tuple[Axes, Figure | Axes]:
    """Return the axes to draw in, and what the caller's caller gets: a figure, or `ax` itself."""
    if ax is None:
        figure = new_figure(width, height)
        return figure.add_subplot(), figure
    if not hasattr(ax, "imshow"):
        raise TypeError(
            f"ax must be Matplotlib's axes, such as those of plt.subplots(), but is a "
            f"{type(ax).__name__}"
        )
    return ax, ax


def several_axes(
    figure: Figure | None, rows: int, columns: int, width: float, height: float, **options: Any
) -> tuple[onp.ndarray, Any]:
    """Return axes to draw in, shape (rows, columns), and what the caller's caller gets."""
    if figure is not None and not hasattr(figure, "subplots"):
        raise TypeError(
            f"figure must be Matplotlib's figure or a subfigure of one, but is a "
            f"{type(figure).__name__}"
        )
    place = new_figure(width, height) if figure is None else figure
    axes = place.subplots(rows, columns, squeeze=False, **options)
    return axes, axes if figure is not None else place


def as_numpy(x: Any, name: str) -> onp.ndarray:
    """Return the numbers in `x`, wherever they are.

    Raises
    ------
    TypeError
        If they are no numbers.
    """
    data = onp.asarray(x.asnumpy() if hasattr(x, "asnumpy") else x)
    if data.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be an array of real numbers, but its dtype is {data.dtype}")
    return data


def class_labels(labels: Any, name: str, count: int | None = None) -> onp.ndarray:
    """Return class indices, shape (N,), also of scores or one-hot rows, shape (N, C).

    Raises
    ------
    ValueError
        If the shape is another one, or these are no indices.
    """
    data = as_numpy(labels, name)
    if data.ndim == 2:
        data = data.argmax(axis=1)
    if data.ndim != 1 or (count is not None and len(data) != count):
        wanted = "(N,)" if count is None else f"({count},)"
        raise ValueError(
            f"{name} must have shape {wanted}, or one row of scores for each, but has shape "
            f"{onp.shape(labels)}"
        )
    whole = data.astype(onp.int64)
    if (whole != data).any() or (whole < 0).any():
        raise ValueError(f"{name} must be class indices 0, 1, ..., but has {data.min():g}")
    return whole


def names_of_classes(class_names: Sequence[Any] | None, classes: int) -> list[str]:
    """Return a name for each class: those given, or the indices.

    Raises
    ------
    ValueError
        If there are fewer names than classes.
    """
    if class_names is None:
        return [str(i) for i in range(classes)]
    names = [str(name) for name in class_names]
    if len(names) < classes:
        raise ValueError(
            f"class_names has {len(names)} names, but there is a class {classes - 1}, which needs "
            f"{classes}"
        )
    return names
