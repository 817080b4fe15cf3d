"""`Function`: a symbol of MXNet as a differentiable function."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as onp

from minpy import errors
from minpy.array import Array, current_data, is_recorded, wrap
from minpy.backends import NUMPY, Backend, backend_of, statistics
from minpy.backends.policy import current_policy
from minpy.dtypes import get_default_dtype
from minpy.extend import OnEachBackend
from minpy.ops.creation import as_array, astype
from minpy.symbol.executor import Call, Executor, Executors, same
from minpy.symbol.graph import DTYPES, Graph, Shape, Shapes, load, said_by
from minpy.symbol.states import States
from minpy.tape import Op, Rules, apply

__all__ = ["Function"]


class Function:
    """A symbol of MXNet as a differentiable function.

    It is called by keyword, ``f(x=x, conv_weight=w)``, or by position in the order of `inputs`; it
    returns an array, or a tuple if the symbol has several outputs.  Data, weights and labels are
    all inputs.  Arrays may be NumPy's or MXNet's, float32 or float64; what is computed is as
    precise as the most precise input.  Indices and lengths may be integers, and stay so; other
    integers, such as labels, become floating numbers, because MXNet wants them so.

    Keywords that are no inputs are left out, if all inputs are there: ``f(X=x, **params)`` takes
    what it needs of the parameters of a whole network.

    Parameters
    ----------
    symbol : mxnet.symbol.Symbol
    input_shapes : dict of tuple of int, optional
        The shapes of some inputs, usually of data and labels: all others follow from them, see
        `get_params`.  A call may have another batch size, that is, another first axis.  Without
        `input_shapes`, all shapes are those of the call.
    name : str
        What messages and statistics call it.

    Attributes
    ----------
    inputs : list of str
        The names of its inputs, those of `input_shapes` first.
    outputs : list of str
    states : mapping
        What MXNet calls auxiliary states: the running means and variances of batch normalization.

    Raises
    ------
    TypeError
        In a call: an input is missing, or is given twice.
    ValueError
        In a call: the shapes do not go together.
    NoGradientError
        In a call, if labels or indices are being recorded; and where a gradient of the gradient
        would be needed, which MXNet cannot compute.
    BackendError
        In a call, if the policy in force forbids MXNet.

    Notes
    -----
    The gradient of a loss such as ``SoftmaxOutput`` is, in MXNet, that of the loss it stands for
    (here the summed cross-entropy), whatever is computed of its output: the gradient that arrives
    is ignored.  Such a symbol is for programs that take its output for the prediction, and do
    not differentiate anything else.  Its labels may be left out where no gradient is asked for.

    MXNet updates states in the backward pass, and only in training.

    Random ops, such as Dropout, are seeded from the stream of `minpy.numpy.random`, so that
    ``np.random.seed`` makes them repeatable.

    Examples
    --------
    >>> from minpy.backends.mxnet.loading import load
    >>> mx = load()
    >>> import minpy, minpy.numpy as np
    >>> line = minpy.Function(mx.sym.Variable("x") * mx.sym.Variable("w"), name="line")
    >>> line.inputs
    ['x', 'w']
    >>> line(x=np.array([1.0, 2.0]), w=np.array([3.0, 4.0]))
    array([3., 8.])
    >>> minpy.grad(lambda w: np.sum(line(x=np.array([1.0, 2.0]), w=w) ** 2))(np.ones(2))
    array([2., 8.])
    """

    def __init__(
        self,
        symbol: Any,
        input_shapes: Mapping[str, Sequence[int]] | None = None,
        name: str = "mxnet_symbol",
    ) -> None:
        self._graph = Graph(symbol, name)
        self._is_train = True
        self._lock = threading.RLock()
        self._executors = Executors(self._graph)
        self._shapes: Shapes | None = None
        self.input_shapes = self._checked_shapes(input_shapes or {}, "input_shapes")
        self.name = name
        self.states = States(self._graph, self.known_shapes)
        order = {**self.input_shapes, **dict.fromkeys(self._graph.inputs)}
        self.inputs = list(order)
        self.outputs = list(self._graph.outputs)
        self._op = self._declared()

    def __repr__(self) -> str:
        return f"<Function {self.name}({', '.join(self.inputs)})>"

    @property
    def symbol(self) -> Any:
        """The symbol."""
        return self._graph.symbol

    @property
    def is_train(self) -> bool:
        """Whether it runs as in training (dropout, statistics of the batch), as it does at first.

        To use a trained network, set it to False.
        """
        return self._is_train

    @is_train.setter
    def is_train(self, value: bool) -> None:
        if not isinstance(value, bool | onp.bool_):
            raise TypeError(f"{self.name}: is_train is True or False, but was to be {value!r}")
        self._is_train = bool(value)

    # ----- shapes

    def get_params(
        self, input_shapes: Mapping[str, Sequence[int]] | None = None
    ) -> dict[str, dict[str, Shape]]:
        """Return what has to be learned: all inputs but those of `input_shapes` and labels.

        Parameters
        ----------
        input_shapes : dict of tuple of int, optional
            In place of those that the function was made with.

        Returns
        -------
        dict of dict
            ``{name: {"shape": shape}}``, as ``ModelBase.add_params`` takes it, with an init rule
            where the symbol says one: ones for the scales of normalizations, for example.

        Raises
        ------
        ValueError
            If there are no input shapes, or if they do not determine the others.

        Examples
        --------
        >>> from minpy.backends.mxnet.loading import load
        >>> mx = load()
        >>> net = mx.sym.FullyConnected(mx.sym.Variable("x"), name="fc", num_hidden=10)
        >>> Function(net, input_shapes={"x": (64, 784)}).get_params()
        {'fc_weight': {'shape': (10, 784)}, 'fc_bias': {'shape': (10,)}}
        """
        given = self._given_shapes(input_shapes)
        shapes = self._graph.shapes(given).inputs
        return {
            name: {"shape": shape, **self._graph.initial_values(name)}
            for name, shape in shapes.items()
            if name not in {*given, *self._graph.labels, *self._graph.initial_zeros}
        }

    def get_output_shapes(
        self, input_shapes: Mapping[str, Sequence[int]] | None = None
    ) -> dict[str, Shape]:
        """Return the shape of each output, by its name.

        They follow from `input_shapes`, or else from those that the function was made with, or
        else are those of the last call.
        """
        return dict(self.known_shapes(input_shapes).outputs)

    def get_one_output_shape(
        self, input_shapes: Mapping[str, Sequence[int]] | None = None
    ) -> Shape:
        """Return the shape of the only output; see `get_output_shapes`.

        Raises
        ------
        ValueError
            If there are several outputs.
        """
        shapes = self.get_output_shapes(input_shapes)
        if len(shapes) > 1:
            raise ValueError(
                f"{self.name} has several outputs, {', '.join(shapes)}: use get_output_shapes()"
            )
        return next(iter(shapes.values()))

    def known_shapes(self, input_shapes: Mapping[str, Sequence[int]] | None = None) -> Shapes:
        """Return all shapes: of inputs, outputs and states; see `get_output_shapes`."""
        if input_shapes is None and not self.input_shapes and self._shapes is not None:
            return self._shapes
        return self._graph.shapes(self._given_shapes(input_shapes))

    def _given_shapes(self, input_shapes: Mapping[str, Sequence[int]] | None) -> dict[str, Shape]:
        given = self.input_shapes
        if input_shapes is not None:
            given = self._checked_shapes(input_shapes, "input_shapes")
        if not given:
            raise ValueError(
                f"{self.name}: the shapes of parameters and outputs follow from those of the data. "
                f"Give these, such as input_shapes={{{self._graph.inputs[0]!r}: (...)}}, here or "
                "when the Function is made"
            )
        return given

    def _checked_shapes(self, shapes: Mapping[str, Sequence[int]], what: str) -> dict[str, Shape]:
        if not isinstance(shapes, Mapping):
            raise TypeError(
                f"{self._graph.name}: {what} is a dict of shapes, such as "
                f"{{'x': (8, 3, 10, 10)}}, but is {shapes!r}"
            )
        self._graph.check_names(shapes)
        return {name: tuple(int(n) for n in shape) for name, shape in shapes.items()}

    # ----- calls

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Run the symbol; see the class."""
        any_recorded = any(map(is_recorded, (*args, *kwargs.values())))
        given = self._graph.by_name(args, kwargs, self.inputs, any_recorded)
        self._check_policy()
        recorded = {name for name, x in given.items() if is_recorded(x)}
        self._check_recorded(recorded)
        arrays = {name: self._array(name, x, any_recorded) for name, x in given.items()}
        shapes = self._shapes_of(arrays)
        inputs = self._graph.inputs
        for name in inputs:
            if name not in arrays:  # labels, which are not read, and first states
                arrays[name] = wrap(onp.zeros(shapes.inputs[name], onp.bool_))
        arrays = self._of_one_dtype(arrays)
        states = self.states.current(shapes.states)
        wanted = frozenset(i for i, name in enumerate(inputs) if name in recorded)
        call = Call(self._graph, wanted, self._is_train, self._seed(), states)
        out = apply(self._op, *(arrays[name] for name in inputs), call=call)
        return tuple(map(_result, out)) if isinstance(out, tuple) else _result(out)

    def _check_policy(self) -> None:
        policy = current_policy()
        if policy.only and policy.library != "mxnet":
            raise errors.BackendError(
                f"{self.name} is a symbol, which only MXNet can run, and the policy "
                f"{policy.name!r} does not allow that; under 'auto' or 'prefer_mxnet' it runs"
            )

    def _check_recorded(self, recorded: set[str]) -> None:
        for name in recorded & (self._graph.without_gradient.keys() | self._graph.lost.keys()):
            reason = self._graph.without_gradient.get(name) or self._graph.lost[name]
            raise errors.no_gradient(self.name, f"not with respect to {name}, {reason}")
        if recorded and self._graph.has_custom and not self._is_train:
            why = "not with is_train = False, where it has an op of the program's own (Custom)"
            raise errors.no_gradient(self.name, why)

    def _array(self, name: str, value: Any, recorded: bool) -> Array:
        """Return an input as an array that MXNet's symbols can take."""
        if recorded and isinstance(value, onp.ndarray):
            value = value.copy()  # its owner may write it before the backward pass
        x = as_array(value)
        if x.dtype.kind not in "fiub":
            raise TypeError(f"{self.name} takes real numbers, but {name} has dtype {x.dtype}")
        if not self._graph.is_known(x.shape):
            advice = "; give it elements" if x.shape else "; give it an axis, as in x.reshape(1)"
            raise ValueError(
                f"{self.name}: {name} has shape {x.shape}, and MXNet's symbols know no arrays like "
                f"that{advice}"
            )
        return x

    def _of_one_dtype(self, arrays: dict[str, Array]) -> dict[str, Array]:
        """Return the inputs as floating numbers of one precision, or as they are declared."""
        declared = self._graph.dtypes
        free = [x.dtype for name, x in arrays.items() if name not in declared]
        floating = [dtype for dtype in free if dtype.kind == "f"]
        dtype = onp.result_type(*floating) if floating else get_default_dtype()
        kept = self._graph.integers
        integers = {name: _integers(x.dtype) for name, x in arrays.items() if name in kept}
        wanted = {name: found for name, found in integers.items() if found is not None} | declared
        return {name: _cast(x, wanted.get(name, dtype)) for name, x in arrays.items()}

    def _shapes_of(self, arrays: dict[str, Array]) -> Shapes:
        """Return all shapes, and raise if those of the inputs do not go together."""
        given = {name: x.shape for name, x in arrays.items()}
        for name, declared in self.input_shapes.items():
            shape = given.get(name, declared)
            batch = 1 if name in self._graph.time_major else 0
            pairs = enumerate(zip(shape, declared))
            if len(shape) != len(declared) or any(a != b for i, (a, b) in pairs if i > batch):
                raise ValueError(
                    f"{self.name}: {name} has shape {shape}, but input_shapes says {declared}; "
                    "only the first axis, the size of the batch, may be another"
                )
        known = self._shapes
        if known is None or any(known.inputs[name] != shape for name, shape in given.items()):
            self._shapes = known = self._graph.shapes(given)
        return known

    def _seed(self) -> int | None:
        graph = self._graph
        if graph.random or (self._is_train and graph.random_in_training):
            return int(onp.random.randint(2**31 - 1))  # the stream of minpy.numpy.random
        return None

    # ----- the op

    def _declared(self) -> Op:
        reads = "all ans" if len(self.outputs) > 1 else "all"
        record = Op(self.name, Rules(each=self._rule), reads, self._forward)
        record.count = _count_nothing  # on NumPy; MXNet runs it, and is counted in _forward
        record.by_backend = OnEachBackend(lambda backend: self._forward)
        return record

    def _forward(self, *data: Any, call: Call) -> Any:
        """Run MXNet on raw arrays."""
        backend: Any = backend_of(data[0]) if data else NUMPY
        with self._lock, self._running("", backend, data, call) as executor:
            executor.forward(call, data)
            results = executor.results(data[0] if data else None)
        statistics.counter(self.name, "mxnet")()
        return results[0] if len(results) == 1 else tuple(results)

    @contextlib.contextmanager
    def _running(self, what: str, backend: Backend, data: Any, call: Call) -> Iterator[Executor]:
        """Yield an executor for a call; raise what MXNet raises as NumPy would, and in one line."""
        executor = None
        try:
            with self._graph.shapes_as_meant():
                executor = self._executors.find(backend, data, call)
                yield executor
        except (errors.BackendError, errors.NoGradientError):
            raise
        except RuntimeError as error:
            if executor is not None:
                self._executors.forget(executor)
            raise ValueError(f"{what}MXNet says: {said_by(error)}") from error

    def _rule(self, g: Any, ans: Any, *args: Any, call: Call, argnum: int) -> Any:
        """Return one gradient; all of them are computed when the first is asked for."""
        pending = call.pending
        if pending is None or not same(pending[0], (g, *args)) or argnum not in pending[1]:
            call.pending = pending = ((g, *args), self._gradients(g, args, call))
        gradient = pending[1].pop(argnum)
        if not pending[1]:
            call.pending = None
        return gradient

    def _gradients(self, g: Any, args: tuple, call: Call) -> dict[int, Any]:
        several = g if type(g) is tuple else (g,)
        if any(map(is_recorded, (*several, *args))):
            why = "MXNet computes the first derivatives of a symbol, and no second ones"
            raise errors.no_gradient(f"the gradient of {self.name}", why)
        heads, data = [_raw(x) for x in several], [_raw(x) for x in args]
        backend: Any = backend_of(data[0])
        what = f"the gradient of {self.name}: "
        with self._lock, self._running(what, backend, data, call) as executor:
            if not executor.has_just_run(call, data):
                executor.forward(call, data)
            updates = call.training and not call.counted and bool(self._graph.states)
            if updates:
                executor.set_states(self.states.newer_than(call.states))
            executor.backward(call, heads)
            if updates:
                self.states.learn(executor.states())
                call.counted = True
            return executor.gradients(call.wanted, data[0])

    def __reduce__(self) -> tuple:
        """Pickle and copy: the symbol, the settings and the states; executors are bound anew."""
        states = dict(self.states.values_now)
        made_with = (self.symbol.tojson(), self.input_shapes, self.name, self.is_train, states)
        return _made_again, made_with


def _made_again(json: str, input_shapes: dict, name: str, is_train: bool, states: dict) -> Function:
    function = Function(load().sym.load_json(json), input_shapes, name)
    function.is_train = is_train
    function.states.update(states)
    return function


# ----- arrays


def _cast(x: Array, dtype: onp.dtype) -> Array:
    return x if x.dtype == dtype else astype(x, dtype)


def _integers(dtype: onp.dtype) -> onp.dtype | None:
    """Return the dtype in which MXNet takes integers of a dtype; None for other numbers."""
    if dtype.kind not in "iu":
        return None
    return dtype if dtype.name in DTYPES else onp.dtype("int64")


def _raw(x: Any) -> Any:
    return current_data(x) if type(x) is Array else x


def _result(x: Any) -> Array:
    """Return a result as an array; an integer one carries no gradient."""
    x = as_array(x)
    return x if x.dtype.kind == "f" else x.detach()


def _count_nothing() -> int:
    return 0
