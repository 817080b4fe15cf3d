"""Symbols of MXNet as functions: called like any other, and differentiated like any other.

A symbol is a graph that was drawn before anything is computed.  `Function` makes one op of it::

    net = mx.sym.Convolution(mx.sym.Variable("x"), name="conv", kernel=(3, 3), num_filter=32)
    conv = minpy.Function(net)
    y = np.exp(conv(x=x, conv_weight=w, conv_bias=b))       # and minpy.grad goes through it

`graph` knows what a symbol asks for, `executor` has MXNet run it, and `function` is the op.
MXNet is imported when a symbol is run for the first time.
"""

from minpy.symbol.function import Function

__all__ = ["Function"]
