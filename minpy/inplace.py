"""Reading and writing parts of arrays: indexing, views, and writes in place.

NumPy code writes into arrays, through views of views, and gradients must follow.  Three ideas:

*A write makes a new version.*  ``x[i] = v`` changes the raw memory at once and gives ``x`` a new
node, ``write(old node of x, node of v)``.  Its gradient rule hands the region ``i`` of the incoming
gradient to ``v`` and zeroes it for what was there before.  Written through a view, the new node
is the root's, and the steps that lead from the root to the view are part of it; other views of
that root notice that its version changed and are made anew when they are used (`array.refresh`).

*What a rule will read is never overwritten.*  An array whose values a node keeps is held; a write
to it copies first, so that the node keeps the old memory.

*Costs are those of the region.*  In the backward pass a buffer that nobody else has is zeroed and
added to in place (`autograd.Gradients`), so that ``out[:, t] = out[:, t - 1] * w`` takes time
and memory proportional to the number of steps.

Worked example::

    y = x * 1.0        # node 2: multiply(x)
    v = y[:2]          # node 3: getitem(2), a view: root y, one step
    v *= 3.0           # node 5: y is now write(2, value=4: multiply(3)), version 1
    y.sum()            # node 6: sum(5)
    v                  # version 0 was seen, so it is made anew: node 7: getitem(5)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as onp
from numpy import ndarray

from minpy import errors, tape
from minpy.array import Array, bump_version, current_data, dtype_of, link_view, new, pin, raw, wrap
from minpy.backends import NUMPY
from minpy.backends.numpy import clear, follow, names_once, survivors
from minpy.tape import Op, Rules, apply, declare, moved, next_serial, unbroadcast


@dataclass(slots=True)
class Scatter:
    """The gradient of a read: `g` at `index`, zero elsewhere; added without making the zeros."""

    g: Any
    index: Any
    shape: tuple[int, ...]


# ----- reading

_GETITEM = Op("getitem", Rules(lambda g, ans, x, index: Scatter(g, index, x)))


def getitem(x: Any, index: Any) -> Any:
    """Return ``x[index]``: a view for basic indexing, a copy for advanced, as in NumPy."""
    if type(x) is not Array:
        return x[index]
    if not simple(index):
        return apply(_GETITEM, x, index=fixed(index))
    # what `apply` does, shorter: loops over steps in time read a slice in each
    data = x._data if x._link is None else current_data(x)
    if type(data) is not ndarray:
        return apply(_GETITEM, x, index=index)
    try:
        ans = data[index]
    except IndexError as error:
        errors.explain(error, "getitem", (x,))
        raise
    _GETITEM.count()
    node = x._node
    if type(ans) is not ndarray and (node is None or not isinstance(ans, onp.inexact)):
        return tape.scalar_result(ans, node, _GETITEM)
    if node is not None:
        node = (next_serial(), _GETITEM, (node,), (None, data.shape), {"index": index})
    out = new(Array)
    out._data = ans
    out._node = node
    if type(ans) is ndarray:
        link_view(out, x, (getitem, (index,), {}))
    else:
        out._link = None
    return out


declare(_GETITEM, getitem)

copy = tape.unary("copy", lambda g, ans, x: g)
index_add = tape.op(
    "index_add",
    lambda g, ans, x, values, index: g,
    lambda g, ans, x, values, index: unbroadcast(getitem(g, index), values),
)


def zeros_for(x: Array, shape: tuple[int, ...] | None = None) -> Array:
    """Return zeros with the dtype and the backend of `x`, and its shape or another one."""
    zeros = x._backend.implementation("zeros_for")
    return wrap(zeros(current_data(x), x.shape if shape is None else shape))


_SIMPLE = frozenset({int, slice})


def simple(index: Any) -> bool:
    """Whether an index is made of integers and slices, and so gives a view."""
    if type(index) is tuple:
        return _SIMPLE.issuperset(map(type, index))
    return type(index) in _SIMPLE


def fixed(index: Any) -> Any:
    """Return an index without our arrays in it, and which nobody else can change."""
    if type(index) is tuple:
        return tuple([fixed(part) for part in index])
    if type(index) is Array:
        return onp.array(index._leave("Use as an index"))
    if type(index) is ndarray:
        return index.copy()
    if type(index) is list:
        values = onp.array(index)
        return values if values.size else values.astype(onp.intp)
    return index


# ----- writing


def _write_old(g, ans, old, value, steps, index):
    mask = onp.ones(old, bool)
    clear(mask, steps, index)
    return g * mask


def _write_value(g, ans, old, value, steps, index):
    region = getitem(follow(g, steps), index)
    if steps and any(call.__name__ == "imag" for call, _, _ in steps):
        region = -region  # the gradient of x + iy is df/dx - i df/dy
    last = survivors(steps, index, g.shape)
    return unbroadcast(region if last is None else region * last, value)


WRITE = Op("write", Rules(_write_old, _write_value))


def setitem(x: Array, index: Any, value: Any) -> None:
    """Carry out ``x[index] = value``."""
    index = fixed(index)
    current_data(x)
    root, steps = origin(x)
    node = None
    if type(value) is Array:
        if _just_written(value, root, steps, index):
            return
        current_data(value)
        if value._node is not None:
            value = moved(value, x._backend)
        node = value._node
    if node is not None and dtype_of(x).kind not in "fc":
        raise errors.no_gradient_in(x.dtype, value)
    whole = node is not None and not steps and index is Ellipsis and value.shape == x.shape
    if whole and value.dtype == x.dtype and adopt(x, copy(value)):
        return
    write(x, root, steps, index, value, node)


def write(x: Array, root: Array, steps: tuple, index: Any, value: Any, node: tuple | None) -> None:
    """Write a value whose node is `node`, and give the root of `x` its new node."""
    before = None
    if node is not None and root._node is None:
        before = root._backend.implementation("copy")(current_data(root))
    make_writable(root)
    _assign(x, index, value)
    if node is None and root._node is None:
        if root._link is not None:
            bump_version(root)  # on another backend a view may be a copy: see `_assign`
        return
    kept = value.shape if node is not None else _constant(value)
    root._node = (
        next_serial(),
        WRITE,
        (root._node, node),
        (None, root._data.shape if before is None else before, kept),
        {"steps": steps, "index": index},
    )
    bump_version(root)


def origin(x: Array) -> tuple[Array, tuple]:
    """Return the array whose memory `x` shows, and the steps that lead from it to `x`."""
    link = x._link
    return (x, ()) if link is None or link.root is None else (link.root, link.steps)


def _constant(value: Any) -> Any:
    """Return a constant as a node may keep it, safe from later writes."""
    if type(value) is Array:
        return pin(value)
    return onp.array(value) if type(value) in (ndarray, list) else value


def _just_written(value: Array, root: Array, steps: tuple, index: Any) -> bool:
    """Whether ``x[i] = value`` is the second half of ``x[i] += v``: a view onto its own place."""
    link = value._link
    if link is None or link.root is not root or len(link.steps) != len(steps) + 1:
        return False
    call, args, static = link.steps[-1]
    if call is not getitem or not names_once(index) or link.steps[:-1] != steps:
        return False
    shown = args[0] if args else static["index"]
    if simple(index) and simple(shown):
        return shown == index
    return repr(shown) == repr(index)  # slices, integers, None and Ellipsis only


def make_writable(root: Array) -> None:
    """Give `root` memory of its own if somebody will read the old values later."""
    if getattr(root, "_pinned", False):
        root._data = root._backend.implementation("copy")(root._data)
        root._pinned = False
        bump_version(root, copied=True)


def adopt(x: Array, fresh: Array) -> bool:
    """Make `x`, which is no view, hold the values and the node of `fresh`, which nobody else has.

    Returns False, and does nothing, if they may lie in memory in another order: which of NumPy's
    functions return views of `x` must not change.
    """
    data = fresh._data
    if isinstance(data, onp.generic):  # NumPy's arithmetic on 0-d arrays makes scalars
        data = onp.asarray(data)
    if type(data) is not type(x._data) or fresh._backend is not x._backend:
        return False
    layout = x._backend.implementation("layout")
    if layout(data) != layout(x._data):
        return False
    x._data = data
    x._node = fresh._node
    x._pinned = getattr(fresh, "_pinned", False)
    bump_version(x)
    return True


def _assign(x: Array, index: Any, value: Any) -> None:
    data = current_data(x)
    backend = x._backend
    overlaps = backend is not NUMPY and type(value) is Array and origin(value)[0] is origin(x)[0]
    if type(value) is Array:
        value = current_data(value) if value._backend is backend else raw(value)
    if isinstance(data, onp.generic):
        raise TypeError(f"'{type(data).__name__}' object does not support item assignment")
    try:
        if backend is not NUMPY:
            root, steps = origin(x)
            convert = backend.implementation("copy") if overlaps else backend.tree_from_numpy
            backend.write(data, index, convert(value), root._data, steps)
        elif (
            isinstance(value, ndarray)
            and not (index is Ellipsis or simple(index))
            and onp.may_share_memory(value, data)
        ):
            data[index] = value.copy()  # NumPy does not protect what it reads from what it writes
        else:
            data[index] = value
    except ValueError as error:
        raise errors.wrong_shape_written(data, index, value, error) from error
