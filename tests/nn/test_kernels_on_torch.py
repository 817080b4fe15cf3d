"""On tensors of PyTorch, the network functions are what they are on NumPy's arrays."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F
from minpy.ops.creation import as_array
from minpy.tape import every_op

from .agreement import close, drawn, flat

torch = pytest.importorskip("torch", reason="needs PyTorch")

from minpy.backends.torch import network_kernels  # noqa: E402

LABELS = onp.array([2, 0, 2])
MASK = onp.random.default_rng(0).random((3, 4)) > 0.5

# name -> calls: the shapes of arrays to be drawn, or arrays; and what is static
CALLS = {
    "relu": [([(3, 4)], {})],
    "gate": [([(3, 4), (3, 4)], {})],
    "leaky_relu": [([(3, 4)], {"negative_slope": 0.3})],
    "sigmoid": [([(3, 4)], {})],
    "softplus": [([(3, 4)], {})],
    "softmax": [([(3, 4)], {"axis": 0}), ([(2, 3, 4)], {"axis": -1})],
    "log_softmax": [([(3, 4)], {"axis": 0}), ([(2, 3, 4)], {"axis": -1})],
    "logsumexp": [
        ([(2, 3, 4)], {"axis": axis, "keepdims": keepdims})
        for axis in (None, 1, (0, -1))
        for keepdims in (False, True)
    ],
    "standardize": [
        ([(3, 4)], {"axes": (1,), "eps": 0.1}),
        ([(3, 4, 2)], {"axes": (0, 2), "eps": 1e-5}),
    ],
    "cross_entropy": [([(3, 4), LABELS], {})],
    "softmax_residual": [([(3, 4), LABELS], {})],
    "dropout": [([(3, 4), MASK], {"scale": 2.5})],
}


def test_every_kernel_is_called():
    kernels = {name[3:] for name in vars(network_kernels) if name.startswith("nn_")}
    assert kernels == set(CALLS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CALLS)
def test_same_as_on_numpy(name, dtype):
    on_torch = getattr(network_kernels, f"nn_{name}")
    for args, static in CALLS[name]:
        arrays = [drawn(*x, dtype=dtype) if type(x) is tuple else x for x in args]
        expected = flat(every_op[f"nn.{name}"].raw(*arrays, **static))
        found = flat(on_torch(*map(torch.tensor, arrays), **static))
        assert len(found) == len(expected)
        for y, e in zip(found, expected, strict=True):
            close(y, e, dtype)


def test_far_out():
    x = torch.tensor([-torch.inf, -1e4, 0, 1e4, torch.inf])
    log_2 = onp.log(2)
    close(network_kernels.nn_softplus(x), [0, 0, log_2, 1e4, onp.inf], "float32")
    close(network_kernels.nn_sigmoid(x), [0, 0, 0.5, 1, 1], "float32")


# ---------------------------------------------------------------------------- arrays on PyTorch

NO_KEYS = onp.array([[True] * 4, [False] * 4, [True] * 4])

# name -> a function of arrays, and their shapes
FUNCTIONS = {
    "relu": (F.relu, [(3, 4)]),
    "leaky_relu": (F.leaky_relu, [(3, 4)]),
    "sigmoid": (F.sigmoid, [(3, 4)]),
    "softplus": (F.softplus, [(3, 4)]),
    "silu": (F.silu, [(3, 4)]),
    "gelu": (F.gelu, [(3, 4)]),
    "softmax": (F.softmax, [(3, 4)]),
    "log_softmax": (F.log_softmax, [(3, 4)]),
    "logsumexp": (lambda x: F.logsumexp(x, 0), [(3, 4)]),
    "batch_norm": (lambda *xs: F.batch_norm(*xs)[0], [(3, 4, 2), (4,), (4,)]),
    "layer_norm": (F.layer_norm, [(3, 4), (4,), (4,)]),
    "group_norm": (lambda x, *affine: F.group_norm(x, 2, *affine), [(3, 4, 2), (4,), (4,)]),
    "instance_norm": (F.instance_norm, [(3, 4, 5), (4,), (4,)]),
    "cross_entropy": (lambda x: F.cross_entropy(x, LABELS, label_smoothing=0.1), [(3, 4)]),
    "embedding": (lambda w: F.embedding(LABELS, w, padding_idx=0), [(3, 4)]),
    "dropout": (lambda x: F.dropout(x, seed=0), [(3, 4)]),
    "attention": (
        lambda *qkv: F.scaled_dot_product_attention(*qkv, mask=NO_KEYS, is_causal=True),
        [(2, 3, 4), (2, 4, 4), (2, 4, 5)],
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_same_values_and_derivatives_as_on_numpy(name):
    function, shapes = FUNCTIONS[name]

    def loss(xs):
        return np.sum(function(*xs) ** 3)

    def size_of_gradient(xs):
        return sum(np.sum(g * g) for g in minpy.grad(loss)(xs))

    xs = [drawn(*shape, seed=i) for i, shape in enumerate(shapes)]
    tensors = [as_array(torch.tensor(x)) for x in xs]
    assert isinstance(function(*tensors)._data, torch.Tensor)
    close(function(*tensors), function(*xs).asnumpy(), "float64")
    for f in (loss, size_of_gradient):
        for found, expected in zip(minpy.grad(f)(tensors), minpy.grad(f)(xs), strict=True):
            assert isinstance(found._data, torch.Tensor)
            close(found, expected.asnumpy(), "float64")
