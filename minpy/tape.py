"""Ops, and the record they leave.

An op is declared once, with one gradient rule per argument::

    exp = unary("exp", lambda g, ans, x: g * ans, reads="ans")
    multiply = binary(
        "multiply",
        lambda g, ans, x, y: unbroadcast(g * y, x),
        lambda g, ans, x, y: unbroadcast(g * x, y),
        reads=("y", "x"),
    )

Gradient rules are ordinary code on arrays, and so gradients of gradients need nothing more: the
engine runs a rule on raw NumPy arrays, and on recorded ones while an outer gradient asks.

``reads`` says of which arguments a rule needs the *values*.  A recorded argument that is not read
is given to the rules as its shape, a tuple, and its values are not kept alive.

Called on raw arrays an op returns a raw array; called on an `Array` it returns an `Array`; called
on a recorded `Array` it returns one that carries a *node*, the bare tuple ::

    (serial, op, parents, values, static)

A node is younger than its parents, so that serial numbers are a topological order.  ``parents``
are the nodes of the arguments (None for constants), ``values`` is ``(ans, *arguments)`` as the
rules get them, ``static`` the keyword arguments or None.  For ``y = exp(x)`` with ``x`` recorded by
node 7, ``y`` carries ``(8, exp.op, (node 7,), (ans, x.shape), None)``.

Tuples, because a slotted object in its place would cost as much as another NumPy add.  For the
same reason `unary`, `binary` and `op` spell out what `apply` does for any number of arguments.

To read the engine in an afternoon, take these files in this order.  They have about 1,100 lines of
code.

1. `minpy.array`: `Array`, `wrap` and `pin`.  Skip `Link`, `Shared` and `refresh`.
2. This module: `Op`, `Rules`, then `unary`, which has everything once.  `binary` is the same with
   two arguments; read `apply` for any number.  Skip what concerns a `Backend`: `moved`, `_brought`,
   `implementation_on`, `same_backend`.
3. `minpy.ops.elementwise`, as far as `divide`: what rules look like.
4. `minpy.backward`: `backward`, then `Gradients.add`.  Skip `_as_rules_want` until you ask how
   a gradient is differentiated.
5. `minpy.autograd`: `Recording` and `value_and_grad`.
6. `minpy.inplace`: its docstring, then `getitem`, `setitem` and `write`; now go back to `Link` and
   `refresh`, and to `Gradients.through_write`.

What stands around the engine can wait: which argument is meant (`minpy.arguments`), nested values
(`minpy.tree`, `minpy.nested`), what leaves a recording (`minpy.escapes`), raw arrays of any library
(`minpy.backends`), and the operators of arrays (`minpy.numpy`).
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as onp
from numpy import ndarray

from minpy.array import Array, current_data, home_of, link_view, new, numpy_data, pin, wrap
from minpy.backends import FOREIGN, NUMPY, NUMPYS, Backend, backend_of, check_policy, common_backend
from minpy.backends.raw import is_view, owned, shows
from minpy.backends.registry import defers_to
from minpy.backends.scalars import PLAIN, SCALARS, as_scalar
from minpy.backends.statistics import counter, op_watchers, watched
from minpy.errors import explain, no_gradient

Rule = Callable[..., Any]
Node = tuple  # (serial, op, parents, values, static)

next_serial = itertools.count(1).__next__

every_op: dict[str, Op] = {}
all_ops: weakref.WeakSet[Op] = weakref.WeakSet()  # those of users, too, which have no names of ours
declaring = threading.RLock()

# ----- declaring ops


class Rules(dict):
    """The gradient rules of an op, by argument; ``rules[i]`` is None where there is none.

    Parameters
    ----------
    *rules : callable or None
        One for each argument.
    each : callable, optional
        The rule of all other arguments, of any number, which is told which one by ``argnum``.
    """

    __slots__ = ("each",)

    def __init__(self, *rules: Rule | None, each: Rule | None = None) -> None:
        super().__init__(enumerate(rules))
        self.each = each

    def __missing__(self, argnum: int) -> Rule | None:
        if self.each is None:
            return None
        return self.setdefault(argnum, partial(self.each, argnum=argnum))


class Op:
    """What the engine knows of an op: its name, its implementation, its gradient rules.

    Attributes
    ----------
    name : str
        NumPy's name for it.
    rules : Rules
        ``rules[i](g, ans, *args, **static)`` is the gradient with respect to argument ``i``.
    reads : list of str, or tuple of such lists
        The arguments (and ``ans``) whose values the rules need; for all rules, or for each.
    raw : callable
        NumPy's implementation.
    run : callable
        What is called: the same, unless somebody watches (`minpy.checking.instrument`).
    count : callable
        To be called when NumPy runs it.
    own_raw : callable or None
        The same, if the op is called in another way than NumPy's function of its name.
    by_backend : dict of Backend to callable
        What runs it on other backends.
    call : callable
        The op itself.
    wrapped : bool
        Whether the rules want `Array` objects at all times, as those of users do.
    """

    def __init__(
        self, name: str, rules: Rules, reads: Any = "", raw: Any = None, *, wrapped: bool = False
    ) -> None:
        self.name = name
        self.rules = rules
        self.reads = tuple(r.split() for r in reads) if type(reads) is tuple else reads.split()
        self.raw = raw or NUMPY.implementation(name)
        self.own_raw = raw
        self.count = getattr(raw, "count", None) or counter(name, NUMPY.name)
        self.by_backend: dict[Backend, Callable[..., Any]] = {}
        self.wrapped = wrapped
        self.call: Callable[..., Any] = partial(apply, self)
        with declaring:
            self.run = watched(name, self.raw, op_watchers)
            all_ops.add(self)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def declare(record: Op, call: Callable[..., Any]) -> Callable[..., Any]:
    """Enter an op in the table of ops, and return what callers call."""
    record.call = call
    every_op[record.name] = record
    call.op = record  # type: ignore[attr-defined]
    call.__name__ = call.__qualname__ = record.name
    return call


def unary(name: str, rule: Rule, reads: str = "", raw: Any = None) -> Callable[[Any], Any]:
    """Declare an elementwise op of one argument ``x``; see the module's docstring."""
    record = Op(name, Rules(rule), reads, raw)
    reads_x, reads_ans = "x" in record.reads, "ans" in record.reads
    count = record.count

    def call(x):
        link = None
        data = x._data if type(x) is Array and x._link is None else numpy_data(x)
        if data is None:
            if type(x) is not Array:
                return apply(record, x)
            data, link = current_data(x), x._link
            run = implementation_on(x._link.backend, record)
        else:
            run = record.run
            count()
        node = x._node
        try:
            ans = run(data)
        except Exception as error:
            explain(error, record.name, (x,))
            raise
        if type(ans) is not ndarray and (node is None or not isinstance(ans, onp.inexact)):
            if link is None or isinstance(ans, onp.generic):
                return scalar_result(ans, node, record)
            link = home_of(ans, link.backend)
        out = new(Array)
        out._data = ans
        out._link = link
        if node is None:
            out._node = None
            return out
        data = pin(x) if reads_x else data.shape
        if reads_ans:
            out._pinned = True
        else:
            ans = None
        out._node = (next_serial(), record, (node,), (ans, data), None)
        return out

    return declare(record, call)


def binary(
    name: str, rule_x: Rule | None, rule_y: Rule | None, reads: tuple[str, str] = ("", "")
) -> Callable[[Any, Any], Any]:
    """Declare an op of two arguments ``x`` and ``y``.

    ``reads`` has one entry for each rule, because a rule only runs while its argument is recorded:
    of ``x * 3`` nobody reads ``x``.
    """
    record = Op(name, Rules(rule_x, rule_y), reads)
    for_x, for_y = record.reads
    x_for_x, x_for_y = "x" in for_x, "x" in for_y
    y_for_x, y_for_y = "y" in for_x, "y" in for_y
    reads_ans = "ans" in for_x or "ans" in for_y
    count = record.count

    def call(x, y):
        link = None
        if type(x) is Array:
            x_data = x._data if x._link is None else numpy_data(x)
            x_node = x._node
        elif type(y) is Array and (type(x) is float or type(x) is int):
            x_data, x_node = x, None
        else:
            return NotImplemented if type(y) is Array and defers_to(x, y) else apply(record, x, y)
        if type(y) is Array:
            y_data = y._data if y._link is None else numpy_data(y)
            y_node = y._node
        elif type(y) is float or type(y) is int:
            y_data, y_node = y, None
        elif type(y) in PLAIN:
            y = y_data = PLAIN[type(y)](y)
            y_node = None
        else:
            return NotImplemented if defers_to(y, x) else apply(record, x, y)
        if x_data is not None and y_data is not None:
            run = record.run
            count()
        elif x_data is None and same_backend(x, y):
            link = x._link
            run = implementation_on(link.backend, record)
            x_data, x_node = current_data(x), x._node
            y_data, y_node = (current_data(y), y._node) if type(y) is Array else (y, None)
        else:
            return apply(record, x, y)
        try:
            ans = run(x_data, y_data)
        except Exception as error:
            explain(error, record.name, (x, y))
            raise
        if type(ans) is not ndarray:
            node = x_node or y_node
            if node is None or not isinstance(ans, onp.inexact):
                if link is None or isinstance(ans, onp.generic):
                    return scalar_result(ans, node, record)
                link = home_of(ans, link.backend)
        out = new(Array)
        out._data = ans
        out._link = link
        if x_node is None and y_node is None:
            out._node = None
            return out
        if x_node is not None and not x_for_x and (y_node is None or not x_for_y):
            x_data = x_data.shape
        elif x_data is not x:
            if x._link is None:
                x._pinned = True
            else:
                x_data = pin(x)
        if y_node is not None and not y_for_y and (x_node is None or not y_for_x):
            y_data = y_data.shape
        elif y_data is not y:
            if y._link is None:
                y._pinned = True
            else:
                y_data = pin(y)
        if reads_ans:
            out._pinned = True
        else:
            ans = None
        out._node = (next_serial(), record, (x_node, y_node), (ans, x_data, y_data), None)
        return out

    return declare(record, call)


def same_backend(x: Any, y: Any) -> bool:
    """Whether two arguments, one of them no NumPy array, are where one backend can take them."""
    if type(x) is not Array:
        return False
    if type(y) is float or type(y) is int:
        return True
    return type(y) is Array and y._link is not None and y._link.backend is x._link.backend


def op(name: str, *rules: Rule | None, reads: str = "", raw: Any = None) -> Callable[..., Any]:
    """Declare an op; its array arguments come first, one rule for each, then what is static.

    ``reads`` names what the rules read: ``ans``, or ``x``, ``y``, ``z`` for the first, second and
    third argument, or ``all``.
    """
    record = Op(name, Rules(*rules), reads, raw)

    reads_x = "x" in record.reads or "all" in record.reads
    reads_ans = "ans" in record.reads

    def call(*args, **static):
        # what `apply` does, shorter, for one array of NumPy's and options
        if not (len(args) == 1 or (args and _OPTIONS.issuperset(map(type, args[1:])))):
            return apply(record, *args, **static)
        x = args[0]
        if type(x) is ndarray:
            return record.run(*args, **static)
        data = numpy_data(x)
        if data is None:
            return apply(record, *args, **static)
        record.count()
        try:
            ans = record.run(data, *args[1:], **static)
        except Exception as error:
            explain(error, name, args)
            raise
        node = x._node
        if type(ans) is not ndarray and (node is None or not isinstance(ans, onp.inexact)):
            node = _node_of(record, args, ans, static) if node is not None else None
            return wrap_result(ans, node, NUMPY, args, [data], record, static)
        out = new(Array)
        out._data = ans
        out._link = None
        if node is not None:
            parents = (node,) if len(args) == 1 else (node, *[None] * (len(args) - 1))
            check_rules(record, parents)
            values = (ans if reads_ans else None, pin(x) if reads_x else data.shape, *args[1:])
            node = (next_serial(), record, parents, values, static or None)
            if reads_ans:
                out._pinned = True
        out._node = node
        if type(ans) is ndarray and shows(ans, data):
            link_view(out, x, (call, args[1:], static))
        return out

    return declare(record, call)


_OPTIONS = frozenset({int, tuple, str, bool, type(None)})


def variadic(name: str, rule: Rule, reads: str = "", raw: Any = None) -> Callable[..., Any]:
    """Declare an op of any number of arrays; its one rule is told which by ``argnum``."""
    call = op(name, reads=reads, raw=raw)
    call.op.rules.each = rule  # type: ignore[attr-defined]
    return call


def apply(record: Op, *args: Any, **static: Any) -> Any:
    """Run an op on arguments of any kind, and record it if one of them is recorded."""
    backend: Backend = NUMPY
    data = list(args)
    found = recorded = False
    for i, arg in enumerate(args):
        if type(arg) is Array:
            found = True
            link = arg._link
            if link is None:
                data[i] = arg._data
            else:
                data[i] = current_data(arg)
                if link.backend is not backend:
                    backend = common_backend(backend, link.backend)
            recorded = recorded or arg._node is not None
        elif type(arg) in FOREIGN and Array in map(type, args):  # a library's own
            take = owned if any(type(x) is Array and x._node is not None for x in args) else None
            given = [wrap(take(x) if take else x) if type(x) in FOREIGN else x for x in args]
            return apply(record, *given, **static)
    if not found:
        if args and type(args[0]) in PLAIN:
            return apply(record, *[wrap(x) if type(x) in PLAIN else x for x in args], **static)
        home = NUMPY if not args or type(args[0]) in NUMPYS else backend_of(args[0]) or NUMPY
        return (record.run if home is NUMPY else implementation_on(home, record))(*args, **static)
    moved_args = args
    if backend is NUMPY:
        run = record.run
        record.count()
    else:
        run = implementation_on(backend, record)
        if not backend.takes.issuperset(map(type, data)):
            moved_args = [_brought(arg, backend, recorded) for arg in args]
            data = [x._data if type(x) is Array else x for x in moved_args]
    try:
        ans = run(*data, **static)
    except Exception as error:
        explain(error, record.name, args)
        raise
    node = _node_of(record, moved_args, ans, static) if recorded else None
    return wrap_result(ans, node, backend, args, data, record, static)


def implementation_on(backend: Backend, record: Op) -> Callable[..., Any]:
    """Return what runs an op on a backend that is not NumPy."""
    check_policy(backend)
    run = record.by_backend.get(backend)
    if run is None:
        run = record.by_backend[backend] = backend.find(record.name, record.own_raw)
    return watched(record.name, run, op_watchers) if op_watchers else run


def _brought(arg: Any, backend: Backend, recorded: bool) -> Any:
    """Return an argument where the op runs."""
    if type(arg) is Array:
        return moved(arg, backend)
    if isinstance(arg, ndarray | onp.generic):
        return backend.tree_from_numpy(arg.copy() if recorded else arg)
    return arg


def _node_of(record: Op, args: Sequence[Any], ans: Any, static: dict[str, Any]) -> Node:
    """Return the node of a result, given the arguments where the op ran."""
    parents = tuple([arg._node if type(arg) is Array else None for arg in args])
    check_rules(record, parents)
    names = record.reads
    if type(names) is tuple:
        names = [n for reads, p in zip(names, parents, strict=True) if p for n in reads]
    values = [_kept(i, arg, names) for i, arg in enumerate(args)]
    kept_ans = ans if "ans" in names else None
    return (next_serial(), record, parents, (kept_ans, *values), static or None)


_NAMES = ("x", "y", "z")


def _kept(i: int, arg: Any, names: Any) -> Any:
    """Return what a node keeps of an argument: its values if they are read, else its shape."""
    if type(arg) is not Array:
        return owned(arg)
    if arg._node is None or "all" in names or (i < 3 and _NAMES[i] in names):
        return pin(arg)
    return arg._data.shape


def wrap_result(
    ans: Any,
    node: tuple | None,
    backend: Backend,
    args: tuple[Any, ...],
    data: list[Any],
    record: Op,
    static: dict[str, Any],
) -> Any:
    """Return a raw result as the caller gets it: wrapped, with its node, linked if it is a view."""
    if data and type(data[0]) is ndarray and data[0].dtype.hasobject and type(ans) is not ndarray:
        return ans  # an element of an array of objects, which may be a tuple
    if isinstance(ans, tuple):
        parts = []
        for index, part in enumerate(ans):
            own = node and part_of(node, index, len(ans))
            out = wrap_result(part, own, backend, args, data, record, static)
            if node is not None and type(out) is Array:
                out._pinned = True
            parts.append(out)
        return type(ans)(*parts) if hasattr(ans, "_fields") else tuple(parts)
    if isinstance(ans, onp.generic) and (node is None or not isinstance(ans, onp.inexact)):
        return scalar_result(ans, node, record)
    out = wrap(ans, node, backend)
    if node is not None and node[3][0] is not None:
        out._pinned = True
    source = args[0] if args else None
    if type(source) is Array and is_view(ans, data[0], backend, record, args, static):
        link_view(out, source, (record.call, args[1:], static))
    return out


def moved(x: Any, backend: Backend) -> Array:
    """Return `x` on another backend; its gradient comes back to where `x` is."""
    if type(x) is not Array:
        x = wrap(x)
    if x._backend is backend:
        return x
    data = pin(x)
    out = wrap(backend.tree_from_numpy(onp.asarray(x._backend.to_numpy(data))))
    out._pinned = True  # on a CPU the two may share memory
    if x._node is not None:
        out._node = (next_serial(), MOVE, (x._node,), (None, x.shape), {"back": x._backend})
    return out


def scalar_result(ans: Any, node: tuple | None, record: Op) -> Any:
    """Return a result that is no array: a count or a flag, or a floating number, not recorded."""
    if node is not None:
        raise no_gradient(record.name, f"its result has dtype {onp.asarray(ans).dtype}")
    return as_scalar(ans) if type(ans) in SCALARS else ans


def check_rules(record: Op, parents: tuple[Node | None, ...]) -> None:
    """Raise if an argument is recorded for which the op has no rule."""
    for i, parent in enumerate(parents):
        if parent is not None and record.rules[i] is None:
            raise no_gradient(record.name, f"not with respect to argument {i}")


def unbroadcast(g: Any, like: Any) -> Any:
    """Sum a gradient over the axes along which an argument was broadcast.

    `like` is the argument, or its shape.
    """
    shape = like if isinstance(like, tuple) else like.shape
    if g.shape == shape:
        return g
    if g.shape[1:] == shape:
        axes: tuple[int, ...] = (0,)  # a bias
    else:
        extra = len(g.shape) - len(shape)
        axes = tuple(range(extra))
        axes += tuple(extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1)
    if axes and type(g) is Array:
        g = every_op["sum"].call(g, axis=axes)
    elif axes:
        g = onp.add.reduce(g, axis=axes) if type(g) is ndarray else g.sum(axis=axes)
    return g if g.shape == shape else g.reshape(shape)


@dataclass(slots=True)
class Part:
    """The gradient of one of several results of an op."""

    g: Any
    index: int
    of: int


def part_of(node: Node, index: int, of: int) -> Node:
    """Return a node for one of the `of` results of an op."""
    return (next_serial(), PART, (node,), (None, ()), {"index": index, "of": of})


LEAF = Op("leaf", Rules(lambda g, ans, x: g), raw=lambda x: x)
MOVE = Op("move", Rules(lambda g, ans, x, back: moved(g, back)), raw=lambda x, back: x)
PART = Op(
    "part",
    Rules(lambda g, ans, x, index, of: Part(g, index, of)),
    raw=lambda x, index, of: x[index],
)


def leaf(x: Array) -> Array:
    """Return a handle on the values of `x` from which a recording starts.

    It shares the memory of `x`, and both are held: a write to one of them copies first, so that
    a function may write into its argument without reaching the caller's array.
    """
    data = pin(x)
    out = wrap(data)
    out._pinned = True
    out._node = (next_serial(), LEAF, (x._node,), (None, data.shape), None)
    return out
