"""A recorded graph as a Matplotlib figure, for where graphviz is not installed.

Rows are the steps of the computation, from the inputs above to the result below.  Within a row,
boxes stand near what they are made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minpy.plotting.places import GREY, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 40  # of a longer graph the table is easier to read
SWEEPS = 4
FILLS = {
    "input": ("ellipse", "#cfe2f3"),
    "parameter": ("round,pad=0.35", "#fff2cc"),
    "op": ("square,pad=0.3", "#f3f3f3"),
    "group": ("square,pad=0.45", "#e0e0e0"),
    "result": ("round4,pad=0.35", "#d9ead3"),
}


def draw_boxes(boxes: Sequence[Any], title: str) -> Figure | None:
    """Draw boxes and the edges between them; None if there are more rows than a page shows.

    Parameters
    ----------
    boxes : sequence of minpy.plotting.graph.Box
        Sources stand before what is made of them.
    title : str
    """
    shown = [box for box in boxes if box.kind != "constant"]
    rows = _rows(shown)
    if len(rows) > MOST_ROWS:
        return None
    places = _places(rows)
    width = max(4.0, 1.9 * max(map(len, rows)))
    figure = new_figure(width, 0.75 * len(rows) + 0.5)
    ax = figure.add_subplot()
    for box in shown:
        for source, shape in box.sources:
            if source.kind != "constant":
                _draw_edge(ax, places[id(source)], places[id(box)], shape)
    for box in shown:
        style, fill = FILLS[box.kind]
        look = {"boxstyle": style, "facecolor": fill, "edgecolor": GREY}
        ax.text(*places[id(box)], _label(box), ha="center", va="center", fontsize=9, bbox=look)
    half = max(map(len, rows)) / 2
    ax.set(xlim=(-half, half), ylim=(0.5 - len(rows), 0.5), title=title)
    ax.axis("off")
    return figure


def _label(box: Any) -> str:
    constants = [source.text for source, _ in box.sources if source.kind == "constant"]
    return "\n".join(filter(None, [box.text, ", ".join([*constants, *filter(None, [box.how])])]))


def _draw_edge(
    ax: Any, start: tuple[float, float], end: tuple[float, float], shape: tuple[int, ...] | None
) -> None:
    arrow = {"arrowstyle": "->", "color": GREY, "shrinkA": 8, "shrinkB": 12}
    ax.annotate("", end, start, arrowprops=arrow, zorder=0)
    if shape is not None:
        near = ((start[0] + 2 * end[0]) / 3, (start[1] + 2 * end[1]) / 3 + 0.12)
        ax.text(*near, f" {tuple(shape)}", color=GREY, fontsize=7, ha="left", va="center")


def _rows(boxes: Sequence[Any]) -> list[list[Any]]:
    """Return the boxes by row: each below its sources, and inputs just above their first use."""
    level: dict[int, int] = {}
    for box in boxes:
        above = [level[id(source)] for source, _ in box.sources if id(source) in level]
        level[id(box)] = max(above, default=-1) + 1
    for box in boxes:
        uses = [level[id(user)] for user in boxes if any(s is box for s, _ in user.sources)]
        if not box.sources and uses:
            level[id(box)] = min(uses) - 1
    rows: list[list[Any]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for box in boxes:
        rows[level[id(box)]].append(box)
    return rows


def _places(rows: Sequence[list[Any]]) -> dict[int, tuple[float, float]]:
    """Return where each box is drawn: (x, y), with y the negative number of its row."""
    x: dict[int, float] = {}

    def spread(row: Sequence[Any]) -> None:
        for i, box in enumerate(row):
            x[id(box)] = i - (len(row) - 1) / 2

    for row in rows:
        spread(row)
    users: dict[int, list[Any]] = {}
    for box in (box for row in rows for box in row):
        for source, _ in box.sources:
            users.setdefault(id(source), []).append(box)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            row.sort(key=lambda box: _mean_place(box, users, x))
            spread(row)
    return {id(box): (x[id(box)], float(-y)) for y, row in enumerate(rows) for box in row}


def _mean_place(box: Any, users: dict[int, list[Any]], x: dict[int, float]) -> float:
    near = [x[id(s)] for s, _ in box.sources if id(s) in x]
    near += [x[id(user)] for user in users.get(id(box), ())]
    return sum(near) / len(near) if near else x[id(box)]
