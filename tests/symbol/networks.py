"""Symbols that the tests use; `mx` is MXNet."""


def convolution(mx):
    """The published example's: 32 filters of 3 by 3 pixels, without a bias."""
    x = mx.sym.Variable("x")
    return mx.sym.Convolution(x, name="conv", kernel=(3, 3), num_filter=32, no_bias=True)


def linear(mx, units=3, name="fc", x=None):
    x = mx.sym.Variable("x") if x is None else x
    return mx.sym.FullyConnected(x, name=name, num_hidden=units)


def normalized(mx, momentum=0.5, **options):
    return mx.sym.BatchNorm(
        mx.sym.Variable("x"), name="bn", momentum=momentum, fix_gamma=False, eps=1e-3, **options
    )


def cell(mx):
    """One step of a recurrent network: tanh(x Wx + h Wh + b)."""
    x, h = mx.sym.Variable("x"), mx.sym.Variable("h")
    into = mx.sym.FullyConnected(x, name="i2h", num_hidden=4)
    on = mx.sym.FullyConnected(h, name="h2h", num_hidden=4, no_bias=True)
    return mx.sym.Activation(into + on, act_type="tanh")


def lenet(mx):
    """Two convolutions with pooling, two fully connected layers; for images (N, 1, 8, 8)."""
    net = mx.sym.Variable("x")
    for name, filters, size in [("conv1", 8, 5), ("conv2", 16, 3)]:
        net = mx.sym.Convolution(
            net, name=name, kernel=(size, size), pad=(size // 2, size // 2), num_filter=filters
        )
        net = mx.sym.tanh(net)
        net = mx.sym.Pooling(net, kernel=(2, 2), stride=(2, 2), pool_type="max")
    net = mx.sym.tanh(mx.sym.FullyConnected(net, name="hidden", num_hidden=64))
    return mx.sym.FullyConnected(net, name="scores", num_hidden=10)
