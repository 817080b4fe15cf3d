"""Executors: how MXNet runs a symbol.

Binding a symbol to shapes gives an executor, which owns the memory of everything in the graph.  It
is bound once and used again and again; `Executors` keeps the last few, by shapes.  Three things
about executors decide how it is used here:

- What it returns is its own memory, and the next run overwrites it.  So results are copied.
- It can go back through its last run only, and only once: the backward pass reuses the memory of
  the forward pass.  So an op whose backward pass comes after another run is **run again** first,
  on the inputs that the op has kept.  The alternative, one executor for each call that still waits
  for its backward pass, would keep the activations of all of them, and bind anew in each loop.
  Here a network that is called T times before one backward pass, as a cell of a recurrent
  network is, costs T - 1 further forward passes, and the memory of one.

- Told that it is no training, it takes liberties that are wrong for one that is used again: filters
  are rewritten in other layouts, weights are taken for constants.  So it is always told that it is
  training, and where it is not, it runs another graph: `Graph.in_use`.

Running again gives what the first run gave: random ops are seeded, and states that were updated
since are as they were.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as onp

from minpy import errors
from minpy.backends import Backend
from minpy.backends.context import CPU, Context
from minpy.symbol.graph import Graph, load, said_by

MOST = 8  # executors that are kept, for as many different shapes


class Call:
    """One call of a symbol: what is needed to run it again.

    Attributes
    ----------
    wanted : frozenset of int
        The inputs, by number, with respect to which there will be gradients.
    training : bool
    as_in_training : bool
        What MXNet is told: True, because in use another symbol does as in training what is to be
        done; but not to the program's own ops.
    seed : int or None
        Of the random ops, if there are any.
    states : dict of ndarray
        What the auxiliary states were.
    pending : tuple or None
        What the last gradients were computed of, and those that nobody has asked for yet.
    counted : bool
        Whether its backward pass has updated the states, as it does once.
    """

    __slots__ = ("as_in_training", "counted", "pending", "seed", "states", "training", "wanted")

    def __init__(
        self, graph: Graph, wanted: frozenset[int], training: bool, seed: Any, states: dict
    ) -> None:
        self.wanted = wanted
        self.training = training
        self.as_in_training = training or not graph.has_custom
        self.seed = seed
        self.states = states
        self.pending: tuple[tuple, dict[int, Any]] | None = None
        self.counted = False


class Executor:
    """An executor of MXNet for arrays of some shapes and dtypes, and what it ran last.

    Parameters
    ----------
    graph : Graph
    symbol : mxnet.symbol.Symbol
        Its symbol for training or for use.
    backend : Backend
        Whose raw arrays it takes and returns.
    data : sequence of raw arrays
        One for each input, for their shapes and dtypes.
    wanted : frozenset of int
        The inputs with respect to which it computes gradients.
    """

    def __init__(
        self,
        graph: Graph,
        symbol: Any,
        backend: Backend,
        data: Sequence[Any],
        wanted: frozenset[int],
    ) -> None:
        self.backend = backend
        self.wanted = wanted
        dtypes = [backend.dtype_of(x) for x in data]
        floating = [i for i, dtype in enumerate(dtypes) if dtype.kind == "f"]
        together = frozenset(
            i for i, name in enumerate(graph.inputs) if name in graph.bound_together
        )
        # Without any gradient MXNet takes the weights for constants, and keeps those of the first
        # run.  The gradient of the last input asks for the least.
        bound_for = wanted | together if wanted else frozenset(floating[-1:])
        self.lasts = bool(bound_for)
        with graph.shapes_as_meant():
            try:
                self.bound = self._bind(graph, symbol, data, dtypes, bound_for)
            except load().MXNetError as error:
                if wanted:
                    raise errors.no_gradient(graph.name, f"MXNet says: {said_by(error)}") from error
                self.bound = self._bind(graph, symbol, data, dtypes, frozenset())
                self.lasts = False
            self.heads = [load().nd.empty(y.shape, y.ctx, y.dtype) for y in self.bound.outputs]
        self.rewritten = graph.has_custom  # in layouts that NumPy's numbers cannot be written into
        self.memory: dict[int, onp.ndarray] = {}  # of arrays that NumPy writes, by their handles
        self.last: tuple[Call, Sequence[Any]] | None = None

    def _bind(
        self,
        graph: Graph,
        symbol: Any,
        data: Sequence[Any],
        dtypes: list,
        bound_for: frozenset[int],
    ) -> Any:
        """Bind by position: an input may be called as one of MXNet's own arguments is."""
        mx = load()
        device = device_of(self.backend)
        context = mx.Context(device.device_type, device.device_id)
        shapes = [tuple(x.shape) for x in data]
        state_shapes = graph.partly(dict(zip(graph.inputs, shapes))).states.values()
        state_dtypes = graph.dtypes_of_states(dict(zip(graph.inputs, dtypes)))
        empty = mx.nd.empty
        return symbol.bind(
            context,
            [empty(shape, context, dtype) for shape, dtype in zip(shapes, dtypes)],
            [
                empty(shape, context, dtype) if i in bound_for else None
                for i, (shape, dtype) in enumerate(zip(shapes, dtypes))
            ],
            ["write" if i in bound_for else "null" for i in range(len(shapes))] or "null",
            [empty(shape, context, dtype) for shape, dtype in zip(state_shapes, state_dtypes)],
        )

    def forward(self, call: Call, data: Sequence[Any]) -> None:
        """Run the graph on raw arrays."""
        self.last = None
        for target, x in zip(self.bound.arg_arrays, data):
            self._fill(target, x)
        self.set_states(call.states)
        if call.seed is not None:
            load().random.seed(call.seed)
        self.bound.forward(is_train=call.as_in_training)
        self.last = (call, data)

    def has_just_run(self, call: Call, data: Sequence[Any]) -> bool:
        """Whether a call is the one that the executor can go back through."""
        return self.last is not None and self.last[0] is call and same(self.last[1], data)

    def results(self, like: Any) -> list[Any]:
        """Return copies of the outputs, as raw arrays of the type of `like`."""
        return [self._taken(y, like) for y in self.bound.outputs]

    def backward(self, call: Call, heads: Sequence[Any]) -> None:
        """Compute the gradients, given those of the outputs."""
        self.last = None
        for target, g in zip(self.heads, heads):
            self._fill(target, g)
        self.bound.backward(self.heads, is_train=call.as_in_training)
        for gradient in self.bound.grad_arrays:
            if gradient is not None:
                gradient.wait_to_read()  # then nothing reads what `_fill` writes

    def gradients(self, wanted: frozenset[int], like: Any) -> dict[int, Any]:
        """Return copies of the gradients, by the number of the input."""
        return {i: self._taken(self.bound.grad_arrays[i], like) for i in wanted}

    def set_states(self, states: dict[str, onp.ndarray]) -> None:
        """Set auxiliary states."""
        for name, value in states.items():
            self.bound.aux_dict[name][:] = value

    def states(self) -> dict[str, onp.ndarray]:
        """Return copies of the auxiliary states."""
        load().nd.waitall()  # the backward pass writes them, and MXNet takes them for its inputs
        return {name: value.asnumpy() for name, value in self.bound.aux_dict.items()}

    def _fill(self, target: Any, x: Any) -> None:
        """Copy a raw array into one of the executor's; nobody needs it afterwards."""
        if self.backend.name == "mxnet":
            x.as_nd_ndarray().copyto(target)
            target.wait_to_read()  # x may share NumPy's memory, which somebody may write to next
        elif self.rewritten:
            load().nd.array(self.backend.to_numpy(x), dtype=target.dtype).copyto(target)
        else:
            self._memory_of(target)[...] = self.backend.to_numpy(x)

    def _memory_of(self, target: Any) -> onp.ndarray:
        """Return one of the executor's arrays as NumPy's, which shares its memory.

        Nobody has to wait: the results of the last run, forwards or backwards, were waited for, and
        with them everything that read its arguments.  Waiting is what takes the time with small
        arrays.
        """
        key = target.handle.value
        if key not in self.memory:
            self.memory[key] = shared_memory(target)
        return self.memory[key]

    def _taken(self, x: Any, like: Any) -> Any:
        """Return a copy of an array of the executor's."""
        if self.backend.name != "mxnet":
            return self.backend.from_numpy(x.asnumpy())
        out = x.copy()
        return out if type(like) is type(out) else out.as_np_ndarray()


class Executors:
    """The executors of one symbol, bound when they are needed first."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.kept: OrderedDict[tuple, Executor] = OrderedDict()

    def find(self, backend: Backend, data: Sequence[Any], call: Call) -> Executor:
        """Return an executor for raw arrays that computes at least the gradients of a call."""
        wanted = call.wanted
        symbol = self.graph.runnable if call.training else self.graph.in_use()
        key = (symbol.handle.value, backend, *((tuple(x.shape), backend.dtype_of(x)) for x in data))
        found = self.kept.get(key)
        if found is None or not wanted <= found.wanted:
            wanted = wanted if found is None else wanted | found.wanted
            found = Executor(self.graph, symbol, backend, data, wanted)
            if not found.lasts:
                return found
            self.kept[key] = found
        self.kept.move_to_end(key)
        if len(self.kept) > MOST:
            self.kept.popitem(last=False)
        return found

    def forget(self, executor: Executor) -> None:
        """Drop an executor: what MXNet failed at stays with its arrays, and would fail again."""
        for key in [key for key, kept in self.kept.items() if kept is executor]:
            del self.kept[key]


def device_of(backend: Backend) -> Context:
    """Return where MXNet runs on the arrays of a backend: on their device, if they are its own."""
    return backend.context if backend.name == "mxnet" else CPU


def shared_memory(x: Any) -> onp.ndarray:
    """Return an array of MXNet on the CPU as NumPy's, after waiting until nothing uses it."""
    from minpy.backends.mxnet.conversion import to_numpy

    return to_numpy(x)


def same(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether these are the very same arrays, and so (as nobody writes to them) the same values."""
    return all(one is other for one, other in zip(some, others))
