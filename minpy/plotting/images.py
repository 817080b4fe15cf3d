"""Pictures made of images: grids of them, weights as images, saliency."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as onp

from minpy.plotting.places import (
    GREY,
    as_numpy,
    class_labels,
    names_of_classes,
    one_axes,
    several_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 0.06  # between images, of their width
LINE = 0.15  # inches that a line of text above an image takes
NOT_FINITE = (0.93, 0.4, 0.47)  # the colour of NaN and infinity
MOST_CHANNELS = 16  # of a filter that are drawn


def image_grid(
    images: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    columns: int | None = None,
    value_range: tuple[float, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw images side by side.

    Parameters
    ----------
    images : array_like, shape (N, C, H, W) with C 1 or 3, or (N, H, W)
        Of any values; NaN and infinity are red.
    labels : sequence, shape (N,), optional
        Written above the images.
    class_names : sequence of str, optional
        What labels 0, 1, ... stand for.
    columns : int, optional
        How many images are in a row.
    value_range : (float, float), optional
        The darkest and the brightest value.  By default 0 to 255 for integers; 0 to 1 for numbers
        inside it; else from the smallest to the largest.  It is written under the images.
    title : str, optional
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure, or `ax` if that was given

    Raises
    ------
    ValueError
        If these are no images, or there are not as many labels.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy import plotting
    >>> figure = plotting.image_grid(np.random.rand(10, 3, 8, 8), labels=range(10))
    >>> figure.axes[0].get_xlabel()
    'dark 0, bright 1'
    """
    tiles = as_images(images, "images")
    texts = None
    if labels is not None:
        texts = _texts(labels, class_names, len(tiles))
    tiles, caption = to_brightness(tiles, value_range)
    return draw_tiles(tiles, texts, caption, columns=columns, title=title, ax=ax)


def weight_images(
    weights: Any,
    shape: tuple[int, ...] | None = None,
    *,
    labels: Sequence[str] | None = None,
    columns: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw what each unit of a first layer, or each filter of a convolution, looks for.

    Weights in colour are scaled each by its largest, with grey for zero.  Weights of one channel
    share a scale: blue is positive, red negative, white zero.

    Parameters
    ----------
    weights : array_like, shape (D, H) or (F, C, HH, WW)
        Of a fully connected layer that takes D inputs to H units, or of a convolution.  Filters of
        other than 1 or 3 channels are drawn as a row each, with their channels side by side.
    shape : tuple of int, optional
        The inputs' shape, (C, H, W) or (H, W).  Not needed for square images.
    labels : sequence of str, optional
        Written above the images; one for each unit or filter of 1 or 3 channels.
    columns : int, optional
        How many images are in a row.
    title : str, optional
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure, or `ax` if that was given

    Raises
    ------
    ValueError
        If the inputs are not those of an image of that shape.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy import plotting
    >>> figure = plotting.weight_images(np.random.randn(64, 20))  # 20 units that see 8 x 8 pixels
    >>> plotting.weight_images(np.random.randn(6, 4), shape=(2, 3), ax=figure.axes[0])
    <Axes: ...>
    """
    data = as_numpy(weights, "weights").astype(onp.float64)
    if data.ndim == 2:
        data = data.T.reshape(data.shape[1], *_image_shape(data.shape[0], shape))
    elif data.ndim != 4:
        raise ValueError(
            "weights must have shape (D, H), of a fully connected layer, or (F, C, HH, WW), of a "
            f"convolution, but have shape {data.shape}"
        )
    if not data.size:
        raise ValueError(f"there is nothing to draw in weights of shape {onp.shape(weights)}")
    texts = None
    if labels is not None:
        if data.shape[1] not in (1, 3):
            raise ValueError(f"labels need 1 or 3 channels, but there are {data.shape[1]}")
        texts = _texts(labels, None, len(data))
    if data.shape[1] == 3:
        largest = onp.abs(data).max(axis=(1, 2, 3), keepdims=True)
        tiles = 0.5 + data / onp.where(largest == 0, 1, largest) / 2
        return draw_tiles(
            tiles, texts, "each scaled by its largest weight; grey is 0", columns, title, ax
        )
    filters, channels = data.shape[:2]
    caption = ""
    if channels != 1:
        shown = data[:MOST_CHANNELS, :MOST_CHANNELS]
        columns = shown.shape[1]
        caption = (
            f"a row for each filter, {_first(len(shown), filters)}; "
            f"{_first(columns, channels)} channels; "
        )
        data = shown.reshape(-1, 1, *shown.shape[2:])
    largest = float(onp.nanmax(onp.abs(data))) or 1.0
    caption += f"red {-largest:.3g}, white 0, blue {largest:.3g}"
    return draw_tiles(data, texts, caption, columns, title, ax, cmap="RdBu", limit=largest)


def saliency_overlay(
    images: Any,
    saliency: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    figure: Figure | None = None,
) -> Figure | onp.ndarray:
    """Draw images, and beside each where a score is sensitive to it.

    The saliency of a pixel is the size of the gradient of a class's score with respect to it, the
    largest of its channels' (Simonyan, Vedaldi and Zisserman, *Deep Inside Convolutional Networks*,
    2013).  Each map is scaled by its own largest value.

    Parameters
    ----------
    images : array_like, shape (N, C, H, W), (N, H, W), (C, H, W) or (H, W)
        With C 1 or 3.
    saliency : array_like, of the shape of `images` or without its channels
        Gradients, or maps that were made of them; the absolute value is drawn.
    labels : sequence, shape (N,), optional
        Written above the images; one label for one image.
    class_names : sequence of str, optional
        What labels 0, 1, ... stand for.
    figure : matplotlib.figure.Figure or SubFigure, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure, or the axes, shape (N, 2), if `figure` was given

    Raises
    ------
    ValueError
        If the shapes do not belong together.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> from minpy import plotting
    >>> image = np.random.rand(3, 8, 8)
    >>> gradient = minpy.grad(lambda x: (x[:, 2:4, 2:4] ** 2).sum())(image)
    >>> figure = plotting.saliency_overlay(image, gradient)
    >>> [ax.get_title() for ax in figure.axes]
    ['image', 'saliency']
    """
    data = as_numpy(images, "images")
    maps = onp.abs(as_numpy(saliency, "saliency").astype(onp.float64))
    channels_given = maps.shape == data.shape
    alone = data.ndim == 2 or (data.ndim == 3 and data.shape[0] in (1, 3) and channels_given)
    alone = alone or (data.ndim == 3 and maps.shape == data.shape[1:])
    if alone:
        data, maps = data[None], maps[None]
        labels = None if labels is None else [labels]
    tiles = as_images(data, "images")
    if maps.ndim == 4 and maps.shape == data.shape:
        maps = maps.max(axis=1)
    if maps.shape != (len(tiles), *tiles.shape[2:]):
        raise ValueError(
            f"saliency has shape {onp.shape(saliency)}, but the images {onp.shape(images)}; it "
            "must have the same shape, or the same without the channels"
        )
    texts = None if labels is None else _texts(labels, class_names, len(tiles))
    tiles, _ = to_brightness(tiles, None)
    rows = len(tiles)
    axes, result = several_axes(figure, rows, 2, 4.6, 0.3 + 2.3 * rows)
    grey = tiles.mean(axis=1)
    for i in range(rows):
        image, overlay = axes[i]
        _show(image, tiles[i])
        largest = maps[i].max() or 1.0
        overlay.imshow(0.6 * grey[i], cmap="gray", vmin=0, vmax=1)
        share = maps[i] / largest
        overlay.imshow(share, cmap="inferno", vmin=0, vmax=1, alpha=0.25 + 0.75 * share)
        for ax in (image, overlay):
            ax.set(xticks=[], yticks=[])
        if texts is not None:
            image.set_ylabel(texts[i])
        overlay.set_xlabel(f"brightest: {maps[i].max():.2g}", fontsize="small", color=GREY)
    axes[0, 0].set_title("image")
    axes[0, 1].set_title("saliency")
    return result


# ----- from arrays to tiles


def as_images(images: Any, name: str) -> onp.ndarray:
    """Return images of shape (N, C, H, W), C 1 or 3.

    Raises
    ------
    ValueError
        If they are none; the message says how to make them so.
    """
    data = as_numpy(images, name)
    given = data.shape
    if data.ndim == 3:
        data = data[:, None]
    if data.ndim != 4 or data.shape[1] not in (1, 3):
        advice = ""
        if data.ndim == 2:
            advice = f": {name}.reshape(-1, C, H, W) makes images of rows of pixels"
        elif data.ndim == 4 and given[-1] in (1, 3):
            advice = f": {name}.transpose(0, 3, 1, 2) puts the channels there"
        raise ValueError(
            f"{name} must have shape (N, H, W), or (N, C, H, W) with 1 or 3 channels, but have "
            f"shape {given}{advice}"
        )
    if not data.size:
        raise ValueError(f"there is nothing to draw in {name} of shape {given}")
    return data


def to_brightness(
    tiles: onp.ndarray, value_range: tuple[float, float] | None
) -> tuple[onp.ndarray, str]:
    """Return images with values from 0 to 1 (NaN where they were not finite), and a caption."""
    whole = tiles.dtype.kind in "iu"
    data = tiles.astype(onp.float64)
    finite = data[onp.isfinite(data)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if value_range is not None:
        low, high = value_range
        if not low < high:
            raise ValueError(f"value_range must be (darkest, brightest), but is {value_range}")
    elif low >= 0 and high <= (255 if whole else 1):
        low, high = 0.0, 255.0 if whole else 1.0
    elif low == high:
        low, high = low - 0.5, high + 0.5
    caption = f"dark {low:.3g}, bright {high:.3g}"
    wrong = data.size - finite.size
    if wrong:
        caption += f"; red: {wrong:,} not finite"
    data = onp.where(onp.isfinite(data), (data - low) / (high - low), onp.nan)
    return onp.clip(data, 0, 1), caption


def draw_tiles(
    tiles: onp.ndarray,
    texts: Sequence[str] | None,
    caption: str,
    columns: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    cmap: str = "gray",
    limit: float | None = None,
) -> Figure | Axes:
    """Draw images, shape (N, C, H, W), with texts above them, in one pair of axes."""
    count, _, height, width = tiles.shape
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be at least 1, but is {columns}")
    columns = min(count, columns or _columns_for(count))
    rows = math.ceil(count / columns)
    lines = max((text.count("\n") + 1 for text in texts), default=0) if texts else 0
    size = min(2.2, max(0.45 if texts is None else 0.8, 7.5 / columns))  # inches
    ratio = height / width
    room = lines * LINE / size
    step = ratio + GAP + room
    above = 0.3 if title else 0.05
    own, result = one_axes(ax, columns * size * (1 + GAP), rows * step * size + 0.3 + above)
    for i, tile in enumerate(tiles):
        left = (i % columns) * (1 + GAP)
        top = (i // columns) * step + room
        extent = (left, left + 1, top + ratio, top)
        _show(own, tile, cmap, limit, extent)
        frame = ([left, left, left + 1, left + 1, left], [top, top + ratio, top + ratio, top, top])
        own.plot(*frame, color=GREY, linewidth=0.4)
        if texts is not None:
            own.text(left + 0.5, top - GAP / 3, texts[i], ha="center", va="bottom", fontsize=8)
    own.set(
        xlim=(-GAP / 2, columns * (1 + GAP) - GAP / 2),
        ylim=(rows * step - GAP / 2, -GAP / 2),
        aspect="equal",
        xticks=[],
        yticks=[],
    )
    own.spines[:].set_visible(False)
    own.set_xlabel(caption, fontsize="small", color=GREY)
    if title:
        own.set_title(title)
    return result


def _columns_for(count: int) -> int:
    """Return how many columns make a grid that is a little wider than high, and full if it can."""
    fewest = math.ceil(math.sqrt(1.5 * count))
    full = [columns for columns in range(fewest, fewest + 4) if count % columns == 0]
    return full[0] if full else fewest


def _show(
    ax: Axes,
    tile: onp.ndarray,
    cmap: str = "gray",
    limit: float | None = None,
    extent: tuple[float, float, float, float] | None = None,
) -> None:
    """Draw one image, shape (C, H, W): brightness from 0 to 1, or weights from -limit to limit."""
    if tile.shape[0] == 3:
        pixels = onp.moveaxis(tile, 0, -1)
        bad = onp.isnan(pixels).any(axis=-1)
        pixels = onp.where(bad[..., None], NOT_FINITE, pixels)
        ax.imshow(pixels, extent=extent, interpolation="nearest")
        return
    import matplotlib

    colours = matplotlib.colormaps[cmap].with_extremes(bad=NOT_FINITE)
    low, high = (0.0, 1.0) if limit is None else (-limit, limit)
    ax.imshow(tile[0], cmap=colours, vmin=low, vmax=high, extent=extent, interpolation="nearest")


def _texts(labels: Any, class_names: Sequence[str] | None, count: int) -> list[str]:
    """Return what is written above images: labels, or the classes' names."""
    if class_names is not None:
        indices = class_labels(labels, "labels", count)
        names = names_of_classes(class_names, int(indices.max(initial=0)) + 1)
        return [names[i] for i in indices]
    given = labels.asnumpy() if hasattr(labels, "asnumpy") else labels
    texts = [str(label) for label in given]
    if len(texts) != count:
        raise ValueError(f"there are {count} images, but {len(texts)} labels")
    return texts


def _image_shape(inputs: int, shape: tuple[int, ...] | None) -> tuple[int, int, int]:
    """Return the shape (C, H, W) of images that have so many numbers."""
    if shape is None:
        for channels in (1, 3):
            side = math.isqrt(inputs // channels)
            if channels * side * side == inputs:
                return channels, side, side
        raise ValueError(
            f"{inputs} inputs are no square image of 1 or 3 channels: pass shape=(C, H, W), the "
            "shape of the layer's input"
        )
    full = (1, *shape) if len(shape) == 2 else tuple(shape)
    if len(full) != 3 or math.prod(full) != inputs:
        raise ValueError(
            f"shape={shape} has {math.prod(full)} numbers, but the weights have {inputs} inputs"
        )
    return full


def _first(shown: int, of: int) -> str:
    return f"all {of}" if shown == of else f"the first {shown} of {of}"
