"""Convolution on arrays of ``mx.np``; what is what, `minpy.ops.nn.convolution` says.

MXNet's own gradient computes both gradients at once, and needs the result, which nobody here has.
But an executor that was bound for one of the two computes that one, without a forward pass.
"""

from __future__ import annotations

from typing import Any

from minpy.backends.mxnet.conversion import mx

SUPPORTED = ("float32", "float64")


def nn_conv2d(x, w, b=None, *, groups, **window):
    x, w = _of_one_dtype(x, w)
    options = _options(w.shape, groups, **window)
    given = (x, w) if b is None else (x, w, b.astype(x.dtype))
    with mx.autograd.train_mode():  # for inference it would rewrite the filters, in place
        return mx.npx.convolution(*given, no_bias=b is None, **options)


def nn_conv2d_input(g, w, *, size, groups, **window):
    g, w = _of_one_dtype(g, w)
    x = mx.nd.empty((g.shape[0], w.shape[1] * groups, *size), g.ctx, g.dtype)
    return _gradient("x", g, x, w.as_nd_ndarray(), **_options(w.shape, groups, **window))


def nn_conv2d_weight(x, g, *, kernel, groups, **window):
    x, g = _of_one_dtype(x, g)
    w = mx.nd.empty((g.shape[1], x.shape[1] // groups, *kernel), g.ctx, g.dtype)
    return _gradient("w", g, x.as_nd_ndarray(), w, **_options(w.shape, groups, **window))


def _gradient(name: str, g: Any, x: Any, w: Any, **options: Any) -> Any:
    """Return a gradient; of the array called `name`, the memory is used for it."""
    variables = mx.sym.Variable("x"), mx.sym.Variable("w")
    given = {"x": x, "w": w}
    net = mx.sym.Convolution(*variables, no_bias=True, **options)
    req = {"x": "null", "w": "null", name: "write"}
    out = mx.nd.empty(given[name].shape, g.ctx, g.dtype)
    net.bind(g.ctx, given, args_grad={name: out}, grad_req=req).backward([g.as_nd_ndarray()])
    return out.as_np_ndarray()


def _options(shape: Any, groups: int, *, stride: Any, padding: Any, dilation: Any) -> dict:
    return {
        "kernel": shape[2:],
        "num_filter": shape[0],
        "num_group": groups,
        "stride": stride,
        "pad": padding,
        "dilate": dilation,
    }


def _of_one_dtype(x: Any, y: Any) -> tuple[Any, Any]:
    if x.dtype is not y.dtype or x.dtype.name not in SUPPORTED or not (x.size and y.size):
        raise NotImplementedError("MXNet convolves arrays of one of these dtypes, not of nothing")
    return x, y
