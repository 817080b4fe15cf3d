"""Between NumPy and MXNet: arrays that share memory, and dtypes.

MXNet computes in threads of its own: a call returns before its result is there, and before its
arguments are read.  Whoever shares memory with it has to wait.

- `from_numpy` shares an array's memory.  Until what reads it has finished (``wait_to_read`` on each
  result), nobody may write to it; `to_numpy` of a result waits.
- `to_numpy` waits for everything that still uses the array, and then shares its memory.
- A convolution for inference rewrites its filters *in place*, in a layout of MXNet's own, and what
  shares their memory holds nonsense from then on.  In ``mx.autograd.train_mode()``, or by an
  executor's ``forward(is_train=True)``, it does not.  Otherwise give it a copy.

MXNet has seven of NumPy's dtypes; what has another one raises, and is never cast.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.backends.mxnet.loading import load

mx = load()

DTYPES = frozenset(
    map(onp.dtype, "bool uint8 int8 int32 int64 float16 float32 float64".split()),
)
_SHARED = DTYPES - {onp.dtype("int8")}  # what MXNet's DLPack knows


NUMBERS = (int, float)  # of Python: they take the dtype of the arrays they meet


def has_dtype(dtype: Any) -> bool:
    """Whether MXNet has arrays of one of NumPy's dtypes.

    Examples
    --------
    >>> has_dtype("float64"), has_dtype("complex64"), has_dtype("int16")
    (True, False, False)
    """
    return onp.dtype(dtype) in DTYPES


def dtype_of(x: Any) -> onp.dtype:
    """Return NumPy's dtype for the elements of an array of MXNet.

    Examples
    --------
    >>> dtype_of(mx.nd.ones((2, 3)))
    dtype('float32')
    """
    return onp.dtype(x.dtype)


def from_numpy(x: onp.ndarray, kind: type = mx.nd.NDArray) -> Any:
    """Return a NumPy array as one of MXNet on the CPU, which shares its memory where MXNet can.

    MXNet shares what is in C order, aligned, writable and in this machine's byte order; of another
    array it gets a copy.  `x` stays writable, which after `mxnet.nd.from_numpy` it would not.

    Parameters
    ----------
    x : ndarray
        Its dtype is kept.
    kind : type
        ``mx.nd.NDArray``, or ``mx.np.ndarray`` for MXNet's NumPy-like functions.

    Returns
    -------
    mxnet.nd.NDArray

    Raises
    ------
    TypeError
        If MXNet has no such dtype.

    Examples
    --------
    >>> x = onp.zeros((2, 2))
    >>> y = from_numpy(x)
    >>> x[0, 0] = 1
    >>> y.asnumpy()
    array([[1., 0.],
           [0., 0.]])
    """
    x = onp.asarray(x)
    x = x.astype(x.dtype.newbyteorder("="), copy=False)
    if not has_dtype(x.dtype):
        names = ", ".join(sorted(map(str, DTYPES)))
        raise TypeError(f"MXNet has no dtype {x.dtype}, only {names}; try use_policy('only_numpy')")
    if not x.size or x.dtype not in _SHARED:
        with mx.np_shape():
            out = mx.nd.empty(x.shape, dtype=x.dtype)
            out._sync_copyfrom(onp.ascontiguousarray(x).reshape(x.shape))
            return _as(out, kind)
    if not (x.flags.c_contiguous and x.flags.aligned and x.flags.writeable):
        x = onp.array(x, order="C")
    with mx.np_shape():
        return mx.nd.from_numpy(x.view(), array_cls=kind)  # it makes this view read-only, not x


def _as(x: Any, kind: type) -> Any:
    return x if type(x) is kind else x.as_np_ndarray()


def copied_in(x: Any, device: Any = None) -> Any:
    """Return a copy of what NumPy makes an array of, as ``mx.np.ndarray``; nobody has to wait."""
    out = from_numpy(onp.array(x, order="C"), mx.np.ndarray)
    if device is None:
        return out
    with mx.np_shape():
        return out.as_in_ctx(device)


def copied_out(x: Any) -> onp.ndarray:
    """Return a copy of an array of MXNet as NumPy's; for small ones, quicker than to share."""
    with mx.np_shape():
        return x.asnumpy()


def array_of(x: Any, device: Any = None) -> Any:
    """Return an array of MXNet's as ``mx.np.ndarray``, and anything else as a copy on a device."""
    if not isinstance(x, mx.nd.NDArray):
        return copied_in(x, device)
    return x if type(x) is mx.np.ndarray else x.as_np_ndarray()


def result(x: Any) -> Any:
    """Return what NumPy returns: without axes, counts and flags are its scalars."""
    return x if x.ndim or x.dtype.kind == "f" else x.asnumpy()[()]


def to_numpy(x: Any, *, new: bool = False) -> onp.ndarray:
    """Return an array of MXNet as NumPy's; on the CPU it shares the memory, and is writable.

    Parameters
    ----------
    x : mxnet.nd.NDArray
        Or ``mxnet.np.ndarray``; an array on a GPU, and a sparse one, is copied.
    new : bool
        Whether nothing reads `x` any more, as nothing reads a result that was just computed.  To
        wait for what computes it is quick; to wait for readers takes 60 microseconds.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> x = mx.nd.zeros((1, 2))
    >>> y = to_numpy(x)
    >>> y[0, 0] = 1
    >>> x.asnumpy()
    array([[1., 0.]], dtype=float32)
    """
    with mx.np_shape():
        if x.stype != "default" or x.ctx.device_type not in ("cpu", "cpu_pinned", "cpu_shared"):
            return x.asnumpy()
        if not x.size:
            return onp.empty(x.shape, dtype_of(x))
        if new:
            x.wait_to_read()
        else:
            mx.base.check_call(mx.base._LIB.MXNDArrayWaitToWrite(x.handle))
        return onp.asarray(_Memory(x))


def _as_numpys(x: Any, dtype: Any = None, copy: bool | None = None) -> onp.ndarray:
    """Return an array as NumPy's, where NumPy would ask MXNet for one element at a time."""
    return onp.asarray(copied_out(x), dtype)


def _deferring(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return an operator of MXNet's arrays that leaves arrays it does not know to their own."""

    @functools.wraps(method)
    def operator(x: Any, y: Any) -> Any:
        known = isinstance(y, mx.nd.NDArray | onp.ndarray | onp.generic)
        return method(x, y) if known or not hasattr(y, "__array_ufunc__") else NotImplemented

    return operator


for _kind in (mx.nd.NDArray, mx.np.ndarray):
    _kind.__array__ = _as_numpys
    for _name in "add sub mul truediv mod pow matmul eq ne lt le gt ge".split():
        _method = getattr(_kind, f"__{_name}__", None)
        if _method is not None:
            setattr(_kind, f"__{_name}__", _deferring(_method))


def _taking_arrays(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the call of a block of gluon that takes arrays of ours; recorded ones are refused."""

    @functools.wraps(call)
    def block(self: Any, *args: Any) -> Any:
        return call(self, *map(_of_gluon, args))

    return block


def _of_gluon(x: Any) -> Any:
    if isinstance(x, mx.nd.NDArray) or not hasattr(type(x), "_leave"):
        return x
    return mx.nd.array(x._leave("A call of a block of gluon"), dtype=x.dtype)


for _block in (mx.gluon.Block, mx.gluon.HybridBlock):
    _block.__call__ = _taking_arrays(_block.__call__)


class _Memory:
    """An array's memory, in the words of NumPy's array interface; it keeps the array alive."""

    def __init__(self, x: Any) -> None:
        start = ctypes.c_void_p()
        mx.base.check_call(mx.base._LIB.MXNDArrayGetData(x.handle, ctypes.byref(start)))
        self.array = x
        self.__array_interface__ = {
            "version": 3,
            "data": (start.value, False),  # may be written to
            "shape": x.shape,
            "typestr": dtype_of(x).str,
        }
