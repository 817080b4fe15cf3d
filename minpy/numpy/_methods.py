"""Operators and methods of the array: one table, and the protocols that lead NumPy here."""

from __future__ import annotations

import operator
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as onp

from minpy.array import Array, current_data, look_at, printable, wrap
from minpy.backends import NUMPY, backend_for
from minpy.backends.context import Context
from minpy.backends.policy import current_policy
from minpy.backends.registry import defers_to
from minpy.backends.statistics import counter
from minpy.inplace import copy, getitem, setitem
from minpy.numpy import _conversions, _scalars
from minpy.numpy._namespace import OURS
from minpy.numpy._public import found_in, plain, unwrap_nested, wrap_nested
from minpy.numpy._writing import augmented
from minpy.ops.creation import astype
from minpy.ops.shape import in_order
from minpy.tape import moved, same_backend

np: Any = sys.modules["minpy.numpy"]

OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "left_shift",
    "rshift": "right_shift",
}
COMPARISONS = {
    "lt": "less",
    "le": "less_equal",
    "eq": "equal",
    "ne": "not_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
UNARY = {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}

# Methods that are the function of the same name with the array as its first argument.
METHODS = """
    all any argmax argmin argpartition argsort choose conj conjugate cumprod cumsum
    diagonal dot max mean min nonzero prod ptp ravel repeat round searchsorted squeeze std sum
    swapaxes take trace var
""".split()

# What is only looked at: taken from the raw array.
LOOKS = """
    flags strides itemsize nbytes ctypes base data device
""".split()

# What leaves the recorded world, or has no meaning in it.
RAW_METHODS = """
    tobytes tofile dump dumps getfield byteswap newbyteorder setfield tostring
""".split()


def _binary(name: str) -> Callable:
    ours = OURS.get(name)
    if ours is None:
        on_raw = getattr(onp, name)
        public = plain(name, on_raw)
        ours = lambda x, y: public(x, y)  # noqa: E731
    return ours


def _with_deference(call: Callable) -> Callable:
    """Return an operator that lets the other operand have its way where NumPy would."""

    def method(x, y):
        return NotImplemented if defers_to(y, x) else call(x, y)

    return method


def _reflected(name: str, call: Callable) -> Callable:
    if name == "divide":
        return _divide_into
    return call if name in ("add", "multiply") else lambda x, y: call(y, x)


def _divide_into(x, y):
    # 1 / x as its own op keeps its result alone, and not x too: half the memory of a logistic
    if (type(y) is int or type(y) is float) and y == 1 and x.dtype.kind == "f":
        return OURS["reciprocal"](x)
    return OURS["divide"](y, x)


def _compare(short: str, name: str) -> Callable:
    compared = getattr(operator, short)
    public = plain(name, getattr(onp, name), refuses=False)
    count = counter(name, NUMPY.name)

    def method(x, y):
        if getattr(type(y), "__array_ufunc__", public) is None:
            return NotImplemented
        backend = x._backend
        look_at(x)
        if backend is not NUMPY and same_backend(x, y):
            run = backend.implementation(name, getattr(onp, name))
            return wrap_nested(run(current_data(x), current_data(y) if type(y) is Array else y))
        if backend is not NUMPY or (type(y) is Array and y._backend is not NUMPY):
            return public(x, y)
        count()
        result = compared(current_data(x), unwrap_nested(y))
        return wrap(result) if type(result) is onp.ndarray else result

    return method


def _method(name: str) -> Callable:
    def method(self, *args, **kwargs):
        return getattr(np, name)(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = getattr(onp.ndarray, name).__doc__
    return method


def reshape(self, *shape, order="C", **kwargs):
    """Return the same values in another shape; see `numpy.reshape`."""
    shape = shape[0] if len(shape) == 1 else shape
    if kwargs:
        return np.reshape(self, shape, order=order, **kwargs)
    return OURS["reshape"](self, shape, order)


def transpose(self, *axes):
    """Return the array with its axes permuted, reversed by default."""
    axes = axes[0] if len(axes) == 1 else axes or None
    return OURS["transpose"](self, axes)


def flatten(self, order="C"):
    """Return a copy with one axis."""
    return copy(OURS["ravel"](self, order))


def method_astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
    """Return the array with another dtype; see `numpy.ndarray.astype`."""
    if not onp.can_cast(self.dtype, dtype, casting):
        raise TypeError(f"cannot cast from {self.dtype} to {dtype} with casting={casting!r}")
    return in_order(self if not copy and self.dtype == dtype else astype(self, dtype), order)


def clip(self, min=None, max=None, out=None, **kwargs):
    """Return the values, those beyond the limits replaced by the limits."""
    return np.clip(self, min, max, out=out, **kwargs)


def compress(self, condition, axis=None, out=None):
    """Return the slices along an axis for which `condition` is true."""
    return np.compress(condition, self, axis, out)


def fill(self, value):
    """Write one value everywhere."""
    setitem(self, Ellipsis, value)


def sort(self, axis=-1, kind=None, order=None, **kwargs):
    """Sort in place."""
    setitem(self, Ellipsis, np.sort(self, axis, kind, order, **kwargs))


def partition(self, kth, axis=-1, kind="introselect", order=None):
    """Partition in place."""
    setitem(self, Ellipsis, np.partition(self, kth, axis, kind, order))


def put(self, indices, values, mode="raise"):
    """Write into the flattened array."""
    np.put(self, indices, values, mode)


def set_shape(self, shape):
    """Carry out ``x.shape = shape``: `x` has the same elements in another shape from now on."""
    data = current_data(self)
    link = self._link
    reshaped = OURS["reshape"](self, shape)
    moved = type(data) is onp.ndarray and not onp.may_share_memory(data, current_data(reshaped))
    if moved and self.size:
        raise AttributeError(
            f"the elements of this array are not in one piece, so that its shape cannot become "
            f"{shape} in place; write x = x.reshape({shape})"
        )
    if link is not None and link.root is not None:
        self._link = reshaped._link
    elif sys.getrefcount(self._shared) > _NO_OTHER_VIEWS:
        raise AttributeError(
            "the shape of an array is not changed in place while there are views of it, such as "
            f"x[0]; write x = x.reshape({shape})"
        )
    self._data, self._node = reshaped._data, reshaped._node


# the references to what an array shares with its views: its own, that of `reshaped`, that of the
# question
_NO_OTHER_VIEWS = 3


def resize(self, *shape, refcheck=True):
    """Refuse, and say what to write: memory is never resized under other arrays."""
    raise ValueError(f"an array is not resized in place; write x = np.resize(x, {shape})")


def as_in_context(self, context):
    """Return the array on another device; itself, if it is there.  Its gradient comes back.

    Parameters
    ----------
    context : Context
        Such as ``cpu()`` or ``gpu(0)``.
    """
    if not isinstance(context, Context):
        raise TypeError(f"as_in_context takes a context, such as gpu(0), but was given {context!r}")
    if self.context == context:
        return self
    return moved(self, backend_for(current_policy(), context))


def view(self, dtype=None, type=None):
    """Return a view of the same memory, with another dtype if one is given."""
    if onp.ndarray in (dtype, type):
        return self._leave("x.view(numpy.ndarray)")
    if Array in (dtype, type) or (dtype is None and type is None):
        return getitem(self, Ellipsis)
    return plain("ndarray.view", lambda x: x.view(dtype))(self)


def item_set(self, *args):
    """Write one element."""
    *index, value = args
    if len(index) == 1 and isinstance(index[0], int):
        Flat(self)[index[0]] = value
    else:
        setitem(self, index[0] if len(index) == 1 else tuple(index), value)


def setflags(self, write=None, align=None, uic=None):
    """Set NumPy's flags of the memory."""
    current_data(self).setflags(write, align, uic)


def to_device(self, device, /, *, stream=None):
    """Return the array itself: it is on the CPU, and other devices are contexts."""
    if device != "cpu":
        raise ValueError(f"unsupported device {device!r}; arrays of NumPy are on 'cpu'")
    return self


def array_namespace(self, *, api_version=None):
    """Return `minpy.numpy`, which is NumPy 2's namespace of the array API standard."""
    onp.empty(0).__array_namespace__(api_version=api_version)  # refuses what it does not know
    return np


class Flat:
    """``x.flat``: the array as if it had one axis, for reading and writing."""

    def __init__(self, of: Array) -> None:
        self._of = of

    def __getitem__(self, index: Any) -> Any:
        return getitem(OURS["ravel"](self._of), _flat_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        places = onp.arange(self._of.size)[unwrap_nested(_flat_index(index))]
        setitem(self._of, onp.unravel_index(places, self._of.shape), value)

    def __len__(self) -> int:
        return self._of.size

    def __iter__(self) -> Iterator[Any]:
        return iter(OURS["ravel"](self._of))

    def __array__(self, dtype: Any = None, copy: Any = None) -> onp.ndarray:
        return onp.asarray(OURS["ravel"](self._of), dtype)


def _flat_index(index: Any) -> Any:
    """Return an index of ``x.flat``, where True means the first element and False none."""
    if isinstance(index, bool):
        return 0 if index else slice(0)
    return index


def set_item(self, index, value):
    """Carry out ``x[index] = value``."""
    if type(value) in (list, tuple) and found_in((value,), {}).arrays:
        value = np.array(value)
    setitem(self, index, value)


def set_flat(self, value):
    """Write into the array as if it had one axis."""
    Flat(self)[:] = value


def set_real(self, value):
    """Write the real part."""
    value = np.asarray(value)
    setitem(self, Ellipsis, value + 1j * self.imag if self.dtype.kind == "c" else value)


def set_imag(self, value):
    """Write the imaginary part."""
    if self.dtype.kind != "c":
        raise TypeError("array does not have an imaginary part to set")
    setitem(self, Ellipsis, self.real + 1j * np.asarray(value))


def delete_item(self, index):
    """Refuse: arrays have no holes."""
    raise ValueError("cannot delete array elements; see np.delete")


# ----- NumPy's functions on our arrays


def array_ufunc(self, function, how, *inputs, **kwargs):
    """Let ``numpy.exp(x)`` and ``raw + x`` be ours (NEP 13)."""
    call = getattr(np, function.__name__, None)
    if call is None or getattr(onp, function.__name__, None) is not function:
        call = plain(function.__name__, function)
    if "out" in kwargs and len(kwargs["out"]) == 1:
        kwargs["out"] = kwargs["out"][0]
    return (call if how == "__call__" else getattr(call, how))(*inputs, **kwargs)


def array_function(self, function, kinds, args, kwargs):
    """Let ``numpy.concatenate([x, y])`` be ours (NEP 18)."""
    if function in _CONVERTING:  # other libraries mean NumPy's arrays by it, as by `asarray`
        found = found_in(args, kwargs)
        if not found.recorded and not found.foreign:
            return function(*unwrap_nested(args))
    module = function.__module__.removeprefix("numpy").removeprefix(".")
    namespace, theirs = np, onp
    if module in ("linalg", "fft", "random"):
        namespace, theirs = getattr(np, module), getattr(onp, module)
    elif getattr(onp.emath, function.__name__, None) is function:
        namespace, theirs = np.emath, onp.emath
    elif function.__name__ in np.lib.stride_tricks.__all__:  # its module differs between NumPys
        namespace, theirs = np.lib.stride_tricks, onp.lib.stride_tricks
    if getattr(theirs, function.__name__, None) is function:
        return getattr(namespace, function.__name__)(*args, **kwargs)
    return plain(f"{function.__module__}.{function.__name__}", function)(*args, **kwargs)


_CONVERTING = frozenset({onp.atleast_1d, onp.atleast_2d, onp.atleast_3d})


def array_wrap(self, array, context=None, return_scalar=False):
    """Return a raw array as minpy's, for functions that give back what they were given."""
    return wrap(onp.asarray(array))


def install() -> None:
    """Give `Array` its operators, methods and protocols."""
    for short, name in OPERATORS.items():
        call = _binary(name)
        method = call if name in OURS else _with_deference(call)
        setattr(Array, f"__{short}__", method)
        setattr(Array, f"__r{short}__", _reflected(name, call))
        setattr(Array, f"__i{short}__", augmented(call, getattr(operator, f"i{short}")))
    for short, name in COMPARISONS.items():
        setattr(Array, f"__{short}__", _compare(short, name))
    for short, name in UNARY.items():
        setattr(Array, f"__{short}__", OURS.get(name) or plain(name, getattr(onp, name)))
    for name in METHODS:
        if hasattr(onp.ndarray, name):
            setattr(Array, name, _method(name))
    for name in LOOKS:
        if hasattr(onp.ndarray, name):
            setattr(Array, name, property(lambda self, name=name: getattr(printable(self), name)))
    for name in RAW_METHODS:
        if hasattr(onp.ndarray, name):
            setattr(Array, name, _raw_method(name))
    for name, method in _conversions.METHODS.items():
        setattr(Array, name, method)
    for name, method in {
        "__array_function__": array_function,
        "__array_ufunc__": array_ufunc,
        "__copy__": copy,
        "__deepcopy__": lambda self, memo: copy(self),
        "__array_priority__": 0.0,
        "__array_wrap__": array_wrap,
        "__class_getitem__": classmethod(types.GenericAlias),
        "__delitem__": delete_item,
        "__divmod__": lambda self, other: np.divmod(self, other),
        "__rdivmod__": lambda self, other: np.divmod(other, self),
        "__getitem__": getitem,
        "__setitem__": set_item,
        "__round__": lambda self, digits=0: np.round(self, digits),
        "as_in_context": as_in_context,
        "astype": method_astype,
        "clip": clip,
        "compress": compress,
        "copy": lambda self, order="C": in_order(copy(self), order),
        "fill": fill,
        "flat": property(Flat, set_flat),
        "flatten": flatten,
        "imag": property(lambda self: OURS["imag"](self), set_imag),
        "partition": partition,
        "put": put,
        "real": property(lambda self: OURS["real"](self), set_real),
        "reshape": reshape,
        "resize": resize,
        "shape": Array.shape.setter(set_shape),  # type: ignore[attr-defined]
        "setflags": setflags,
        "sort": sort,
        "T": property(OURS["transpose"]),
        "transpose": transpose,
        "view": view,
    }.items():
        setattr(Array, name, method)
    if hasattr(onp.ndarray, "__array_namespace__"):
        Array.__array_namespace__ = array_namespace
        Array.to_device = to_device
        Array.mT = property(OURS["matrix_transpose"])
    if hasattr(onp.ndarray, "itemset"):
        Array.itemset = item_set
    _scalars.install(
        {short: _binary(name) for short, name in OPERATORS.items()}, ["neg", "pos", "abs"]
    )


def _raw_method(name: str) -> Callable:
    def method(self, *args, **kwargs):
        return wrap_nested(getattr(self._leave(f"x.{name}()"), name)(*args, **kwargs))

    method.__name__ = name
    return method
