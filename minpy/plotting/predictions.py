"""Pictures of what a classifier gets right and wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as onp

from minpy.plotting.images import as_images, draw_tiles, to_brightness
from minpy.plotting.places import as_numpy, class_labels, names_of_classes, one_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NUMBERED = 40  # classes, beyond which numbers in the cells could not be read


def confusion_matrix(
    labels: Any,
    predictions: Any,
    class_names: Sequence[str] | None = None,
    *,
    shares: bool = False,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw how often each class was taken for which.

    Parameters
    ----------
    labels : array_like, shape (N,)
        The true classes; rows of the picture.
    predictions : array_like, shape (N,) or (N, C)
        The predicted classes, or a score for each class; columns of the picture.
    class_names : sequence of str, optional
        What 0, 1, ... stand for.
    shares : bool
        Whether to write the percentage of each true class in place of counts.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure, or `ax` if that was given

    Raises
    ------
    ValueError
        If there are not as many labels as predictions, or fewer names than classes.

    Examples
    --------
    >>> from minpy import plotting
    >>> figure = plotting.confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2], ["cat", "dog", "fox"])
    >>> figure.axes[0].get_title()
    'accuracy 75.0 % of 4'
    """
    truth = class_labels(labels, "labels")
    guess = class_labels(predictions, "predictions", len(truth))
    if not len(truth):
        raise ValueError("there is nothing to draw: labels are empty")
    classes = int(max(truth.max(), guess.max())) + 1
    if onp.ndim(predictions) == 2:
        classes = max(classes, onp.shape(predictions)[1])
    names = names_of_classes(class_names, classes)
    classes = len(names)
    counts = onp.zeros((classes, classes), onp.int64)
    onp.add.at(counts, (truth, guess), 1)
    rows = counts.sum(axis=1, keepdims=True)
    parts = counts / onp.maximum(rows, 1)

    side = min(9.0, max(2.2, 0.52 * classes))
    own, result = one_axes(ax, side + 1.2, side + 1.0)
    numbered = classes <= MOST_NUMBERED
    shades = own.imshow(parts, cmap="Blues", vmin=0, vmax=1 if numbered else parts.max())
    if numbered:
        size = 9 if classes <= 12 else 6
        for (i, j), share in onp.ndenumerate(parts):
            text = f"{100 * share:.0f}" if shares else f"{counts[i, j]:,}"
            if shares and not rows[i, 0]:
                text = "–"
            if counts[i, j] or shares:
                dark = share > 0.55
                colour = "white" if dark else "black"
                own.text(j, i, text, ha="center", va="center", fontsize=size, color=colour)
    places = range(classes)[:: 1 if numbered else math.ceil(classes / 25)]
    names = [names[i] for i in places]
    long = max(map(len, names)) > 2 and classes > 3
    own.set(xlabel="predicted class", ylabel="true class")
    own.set_xticks(places, names, rotation=45 if long else 0, ha="right" if long else "center")
    own.set_yticks(places, names)
    if not numbered:
        own.figure.colorbar(shades, ax=own, label="share of the true class", shrink=0.8)
    right = int(counts.trace())
    title = f"accuracy {100 * right / len(truth):.1f} % of {len(truth):,}"
    own.set_title(f"{title}; % of each true class" if shares else title)
    return result


def wrong_predictions(
    images: Any,
    labels: Any,
    probabilities: Any,
    class_names: Sequence[str] | None = None,
    *,
    count: int = 18,
    columns: int | None = None,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw the images that were classified wrongly, the most confident mistakes first.

    Above each image stand the predicted class with its probability, and the true class.

    Parameters
    ----------
    images : array_like, shape (N, C, H, W) with C 1 or 3, or (N, H, W)
    labels : array_like, shape (N,)
        The true classes.
    probabilities : array_like, shape (N, C)
        Of each class; rows that sum to 1, as `minpy.nn.functional.softmax` makes them of scores.
    class_names : sequence of str, optional
        What 0, 1, ... stand for.
    count : int
        How many to draw.
    columns : int, optional
        How many images are in a row.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure, or `ax` if that was given

    Raises
    ------
    ValueError
        If the shapes do not belong together, or these are no probabilities.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy import plotting
    >>> images = np.random.rand(3, 8, 8)
    >>> probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    >>> figure = plotting.wrong_predictions(images, [0, 1, 1], probabilities, ["cat", "dog"])
    >>> print(figure.axes[0].texts[0].get_text())
    cat 80 %
    true: dog
    """
    tiles = as_images(images, "images")
    truth = class_labels(labels, "labels", len(tiles))
    given = as_numpy(probabilities, "probabilities").astype(onp.float64)
    if given.ndim != 2 or len(given) != len(tiles):
        raise ValueError(
            f"probabilities must have shape ({len(tiles)}, C), a row for each image, but have "
            f"shape {given.shape}"
        )
    if (given < 0).any() or not onp.allclose(given.sum(axis=1), 1, atol=1e-2):
        raise ValueError(
            "rows of probabilities must sum to 1; if these are scores, pass "
            "minpy.nn.functional.softmax(scores)"
        )
    if count < 1:
        raise ValueError(f"count must be at least 1, but is {count}")
    names = names_of_classes(class_names, max(given.shape[1], int(truth.max()) + 1))
    guess = given.argmax(axis=1)
    confidence = given.max(axis=1)
    wrong = onp.flatnonzero(guess != truth)
    title = f"{len(wrong):,} of {len(tiles):,} are wrong"
    if not len(wrong):
        own, result = one_axes(ax, 3.5, 1.0)
        own.set_axis_off()
        own.text(0.5, 0.5, f"all {len(tiles):,} are right", ha="center", va="center")
        return result
    chosen = wrong[onp.argsort(-confidence[wrong], kind="stable")][:count]
    if len(chosen) < len(wrong):
        title += f"; the {len(chosen)} most confident"
    bright, caption = to_brightness(tiles[chosen], None)
    texts = [
        f"{names[guess[i]]} {100 * confidence[i]:.0f} %\ntrue: {names[truth[i]]}" for i in chosen
    ]
    if columns is None:
        columns = min(len(chosen), 6)
    return draw_tiles(bright, texts, caption, columns=columns, title=title, ax=ax)
