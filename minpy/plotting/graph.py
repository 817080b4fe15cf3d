"""What a function recorded, drawn as a graph.

A recording is a list of nodes ``(serial, op, parents, values, static)``, see `minpy.tape`, and that
is a graph already: an edge leads from each parent to its node.  For
``loss = ((x @ w - y) ** 2).sum()`` with `y` of integers::

    x (5, 3) ─┐
              ├─ matmul ─ (5,) ─ subtract ─ (5,) ─ power ─ (5,) ─ sum ─ () ─ result
    w (3,) ───┘                  y ─┘            2 ─┘

The node of an op does not have the shape of its result, but whoever used the result has: as values
if its gradient needs them, else as a shape.  So shapes belong to the edges.
"""

from __future__ import annotations

import html
import importlib.util
import inspect
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as onp

from minpy.array import is_differentiable
from minpy.errors import name_of
from minpy.plotting.graph_figure import draw_boxes
from minpy.trace import Trace, record
from minpy.tree import labels, leaves

PICTURES = (".svg", ".png", ".pdf")
SECONDS = 60  # that dot may take
LONGEST = 48  # text of an argument that is written out


@dataclass(eq=False)  # two boxes are not the same because they look the same
class Box:
    """A node of the drawing.

    Attributes
    ----------
    kind : {'input', 'parameter', 'constant', 'op', 'group', 'result'}
    text : str
        What it is called.
    how : str
        The keyword arguments of an op.
    sources : list of (Box, shape)
        Where its edges come from, and the shape of what arrives, or None if that is unknown.
    shape : tuple of int or None
        Of an input or the result.
    used : bool
        Whether the result depends on it.
    """

    kind: str
    text: str
    how: str = ""
    sources: list[tuple[Box, tuple[int, ...] | None]] = field(default_factory=list)
    shape: tuple[int, ...] | None = None
    used: bool = True


class Graph:
    """What `draw_graph` returns: a picture in Jupyter, a table when printed.

    Attributes
    ----------
    boxes : list of Box
        From the inputs to the result.
    ops : int
        How many ops were recorded.
    note : str
        What is not drawn, if something is not.
    """

    def __init__(self, name: str, boxes: list[Box], ops: int, note: str = "") -> None:
        self.name = name
        self.boxes = boxes
        self.ops = ops
        self.note = note

    @property
    def title(self) -> str:
        """One line that says what this is."""
        ops = "1 op" if self.ops == 1 else f"{self.ops} ops"
        return f"{self.name}: {ops}; {self.note}" if self.note else f"{self.name}: {ops}"

    def __str__(self) -> str:
        return _as_table(self)

    __repr__ = __str__

    @property
    def dot(self) -> str:
        """The graph in graphviz's language."""
        return _as_dot(self)

    def svg(self) -> str:
        """Return the picture as SVG.

        Raises
        ------
        FileNotFoundError
            If graphviz is not installed.
        """
        return self._run("svg").decode("utf-8")

    def save(self, path: str | Path) -> Path:
        """Write the graph to a file; its ending says how.

        Parameters
        ----------
        path : str or Path
            Ends in ``.svg``, ``.png`` or ``.pdf`` for a picture, which graphviz draws; in ``.dot``
            for its source; in ``.txt`` for the table.

        Raises
        ------
        ValueError
            If the ending is another one.
        FileNotFoundError
            If graphviz is needed and not installed.
        """
        path = Path(path)
        if path.suffix in PICTURES:
            path.write_bytes(self._run(path.suffix[1:]))
        elif path.suffix in (".dot", ".txt"):
            text = self.dot if path.suffix == ".dot" else f"{self}\n"
            path.write_text(text, encoding="utf-8")
        else:
            endings = ", ".join([*PICTURES, ".dot"])
            raise ValueError(
                f"a graph is saved as {endings} or .txt, but the path ends in {path.suffix!r}"
            )
        return path

    def _run(self, kind: str) -> bytes:
        dot = shutil.which("dot")
        if dot is None:
            raise FileNotFoundError(
                "the picture of a graph is drawn by graphviz, whose program dot was not found: "
                "apt install graphviz, brew install graphviz or conda install graphviz; "
                "print(graph) needs nothing"
            )
        done = subprocess.run(
            [dot, f"-T{kind}"], input=self.dot.encode(), capture_output=True, timeout=SECONDS
        )
        if done.returncode:
            raise RuntimeError(f"dot failed: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def _repr_svg_(self) -> str | None:
        # None lets Jupyter show the next best: a PNG, or the table
        return self.svg() if shutil.which("dot") else None

    def _repr_png_(self) -> bytes | None:
        if shutil.which("dot") or importlib.util.find_spec("matplotlib") is None:
            return None
        figure = draw_boxes(self.boxes, self.title)
        return None if figure is None else figure._repr_png_()  # type: ignore[attr-defined]


def draw_graph(f: Callable, *args: Any, limit: int = 80) -> Graph:
    """Run a function, and draw the ops that led from its arguments to its result.

    Parameters
    ----------
    f : callable
        Returns an array or a number.
    *args
        What `f` is called with.  Floating arrays and numbers are the graph's inputs, also in nested
        dicts, lists, tuples and dataclasses; all else is constant.
    limit : int
        How many ops are drawn.  Of a longer recording the first and the last ones are, and one box
        stands for those between.

    Returns
    -------
    Graph
        Shown as a picture in Jupyter, drawn by graphviz if that is installed, else by Matplotlib;
        ``print(graph)`` prints a table, ``graph.save("graph.svg")`` writes a file.

    Raises
    ------
    TypeError
        If the result does not depend on a floating argument.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> def loss(params, x, y):
    ...     return ((np.tanh(x @ params["w"]) - y) ** 2).mean()
    >>> print(minpy.draw_graph(loss, {"w": np.ones(3)}, np.ones((5, 3)), np.zeros(5)))
    loss: 5 ops
    <BLANKLINE>
      box          shape   from            how
      params['w']  (3,)    parameter
      x            (5, 3)  input
      y            (5,)    input
      #1 matmul    (5,)    x, params['w']
      #2 tanh      (5,)    #1
      #3 subtract  (5,)    #2, y
      #4 power     (5,)    #3, 2
      #5 mean      ()      #4
      result       ()      #5
    """
    if limit < 2:
        raise ValueError(f"limit must be at least 2, but is {limit}")
    trace = record(f, *args)
    boxes = _boxes(trace, _names_of_inputs(f, args))
    ops = sum(box.kind == "op" for box in boxes)
    note = ""
    if ops > limit:
        boxes = _folded(boxes, limit)
        first, last = limit - limit // 2, limit // 2
        note = f"the first {first} and the last {last} are drawn; limit={ops} draws all"
    return Graph(name_of(f), boxes, ops, note)


# ----- from a recording to boxes


def _names_of_inputs(f: Callable, args: tuple[Any, ...]) -> list[tuple[str, Any]]:
    """Return the inputs' names and values, in the order in which they were recorded."""
    try:
        bound = inspect.signature(f).bind(*args).arguments
    except (TypeError, ValueError):  # NumPy's own functions have no signature
        bound = {f"argument {i}": x for i, x in enumerate(args)}
    found: list[tuple[str, Any]] = []
    for name, value in bound.items():
        found += zip(labels(value, name), leaves(value), strict=True)
    return [(name, leaf) for name, leaf in found if is_differentiable(leaf)]


def _boxes(trace: Trace, inputs: list[tuple[str, Any]]) -> list[Box]:
    """Return the boxes of a recording: inputs, ops with their constants, the result."""
    boxes: dict[Any, Box] = {}
    used = {node[0] for node in trace.nodes}
    for serial, (name, value) in zip(trace.inputs, inputs, strict=True):
        kind = "parameter" if name.endswith("]") or "." in name else "input"
        boxes[serial] = Box(kind, name, shape=_shape_of(value), used=serial in used)
    for serial, op, parents, (_, *kept), static in trace.nodes:
        if serial in boxes:
            continue
        box = Box("op", op.name, _written(op.name, static or {}))
        for place, (parent, value) in enumerate(zip(parents, kept, strict=True)):
            if parent is None and value is None:
                continue
            if parent is None:
                constant = boxes[serial, place] = Box("constant", _constant(value))
                box.sources.append((constant, None))
            elif parent[0] in boxes:
                shape = tuple(value) if isinstance(value, tuple) else _shape_of(value)
                box.sources.append((boxes[parent[0]], None if op.name == "part" else shape))
        boxes[serial] = box
    last = boxes[trace.nodes[-1][0]]
    boxes["result"] = Box(
        "result", "result", sources=[(last, trace.value.shape)], shape=trace.value.shape
    )
    return list(boxes.values())


def _folded(boxes: list[Box], limit: int) -> list[Box]:
    """Return boxes of which one stands for all ops but the first and the last."""
    ops = [box for box in boxes if box.kind == "op"]
    between = ops[limit - limit // 2 : len(ops) - limit // 2]
    counts = Counter(box.text for box in between)
    most = ", ".join(f"{count} {name}" for name, count in counts.most_common(5))
    more = ", ..." if len(counts) > 5 else ""
    group = Box("group", f"{len(between)} ops: {most}{more}")
    inside = {id(box) for box in between}
    hidden = {
        id(source) for box in between for source, _ in box.sources if source.kind == "constant"
    }
    not_arriving = inside | hidden
    arriving: dict[int, tuple[Box, Any]] = {}
    folded: list[Box] = []
    for box in boxes:
        if id(box) in hidden:
            continue
        if id(box) in inside:
            if box is between[0]:
                folded.append(group)
            arriving |= {
                id(pair[0]): pair for pair in box.sources if id(pair[0]) not in not_arriving
            }
            continue
        box.sources = [
            (group if id(source) in inside else source, shape) for source, shape in box.sources
        ]
        folded.append(box)
    group.sources = list(arriving.values())
    return folded


def _constant(value: Any) -> str:
    """Return what is written for a constant: a number itself, an array's dtype and shape."""
    if hasattr(value, "dtype") and _shape_of(value):
        return f"{str(value.dtype).removeprefix('torch.')} {_shape_of(value)}"
    if hasattr(value, "item"):
        value = value.item()
    return f"{value:g}" if isinstance(value, float) else _short(str(value))


def _written(name: str, static: dict[str, Any]) -> str:
    """Return keyword arguments as they would be written, without those that say nothing."""
    if name == "part":
        return f"{static['index']} of {static['of']}"
    texts = []
    for key, value in static.items():
        if value is None or value is False or (key, value) == ("order", "C"):
            continue
        if key == "index":
            texts.append(_short(_index(value)))
        elif key != "steps":  # of a write: the views on the way
            written = value if type(value) is tuple or not _shape_of(value) else "..."
            texts.append(_short(f"{key}={written}"))
    return ", ".join(texts)


def _shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of an array of any library, a list or a number."""
    return tuple(x.shape) if hasattr(x, "shape") else onp.shape(x)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _index(index: Any) -> str:
    """Return an index as it is written in Python, such as ``[:, 0]``."""
    parts = []
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, slice):
            ends = ["" if end is None else str(end) for end in (part.start, part.stop)]
            step = "" if part.step is None else f":{part.step}"
            parts.append(":".join(ends) + step)
        elif part is Ellipsis:
            parts.append("...")
        elif _shape_of(part):
            parts.append(f"array {_shape_of(part)}")
        else:
            parts.append(str(part))
    return f"[{', '.join(parts)}]"


# ----- as a table


def _as_table(graph: Graph) -> str:
    shapes = {id(source): shape for box in graph.boxes for source, shape in box.sources}
    names: dict[int, str] = {}
    rows = [("box", "shape", "from", "how")]
    number = 0
    for box in graph.boxes:
        name = short = box.text
        if box.kind in ("op", "group"):
            number += 1
            short = f"#{number}"  # not to be taken for a constant
            name = f"{short} {box.text}"
        names[id(box)] = short
        if box.kind == "constant":
            continue
        shape = None if box.kind == "group" else shapes.get(id(box), box.shape)
        comes_from = ", ".join(names[id(source)] for source, _ in box.sources)
        if not box.sources:
            comes_from = box.kind if box.used else f"{box.kind}, not used"
        rows.append((name, "" if shape is None else str(tuple(shape)), comes_from, box.how))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [graph.title, ""]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


# ----- as a picture

# Fills are light with dark text, and lines grey, to be read on white and on black; shapes say the
# same as colours.
LOOKS = {
    "input": 'shape=ellipse fillcolor="#cfe2f3"',
    "parameter": 'shape=box style="filled,rounded" fillcolor="#fff2cc"',
    "constant": 'shape=plain style="" fontcolor="#888888" fontsize=9',
    "op": 'shape=box fillcolor="#f3f3f3"',
    "group": 'shape=box3d fillcolor="#e0e0e0"',
    "result": 'shape=doubleoctagon fillcolor="#d9ead3"',
}


def _as_dot(graph: Graph) -> str:
    lines = [
        "digraph {",
        '  graph [bgcolor=transparent fontname="Helvetica" fontsize=11 fontcolor="#888888"]',
        '  node [style=filled color="#888888" fontname="Helvetica" fontsize=10 height=0.3]',
        '  edge [color="#888888" fontcolor="#888888" fontname="Helvetica" fontsize=9]',
    ]
    lines.append(f"  label={_quoted(graph.title)}")
    ids = {id(box): f"b{i}" for i, box in enumerate(graph.boxes)}
    for box in graph.boxes:
        text = html.escape(box.text)
        if box.kind == "op":
            text = f"<b>{text}</b>"
        small = box.how if box.used else f"not used, {box.shape}"
        if small:
            text += f"<br/><font point-size='8'>{html.escape(small)}</font>"
        lines.append(f"  {ids[id(box)]} [{LOOKS[box.kind]} label=<{text}>]")
    for box in graph.boxes:
        for source, shape in box.sources:
            look = f"label={_quoted(f' {tuple(shape)}')}" if shape is not None else ""
            if source.kind == "constant":
                look = "style=dashed arrowsize=0.4"
            lines.append(f"  {ids[id(source)]} -> {ids[id(box)]} [{look}]")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
