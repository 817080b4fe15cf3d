"""Network functions other than convolutions, on arrays of ``mx.np``: MXNet's own."""

from __future__ import annotations

from typing import Any

from minpy.backends.mxnet.conversion import mx

npx = mx.npx

nn_sigmoid = npx.sigmoid


def nn_softmax(x: Any, axis: int) -> Any:
    return npx.softmax(x, axis=axis)


def nn_log_softmax(x: Any, axis: int) -> Any:
    return npx.log_softmax(x, axis=axis)
