"""On arrays of PyTorch and of MXNet, the network functions are what they are on NumPy's."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.array import wrap
from minpy.backends.libraries import LIBRARIES
from minpy.nn import functional as F
from minpy.tape import every_op

from .agreement import close, drawn, flat


@pytest.fixture(params=LIBRARIES)
def library(request, find_backend):
    """The backend of a library on the CPU."""
    return find_backend(request.param)


LABELS = onp.array([2, 0, 2])
MASK = onp.random.default_rng(0).random((3, 4)) > 0.5


def scales(shape):
    """What rows are multiplied by."""
    return 1 + drawn(*shape[:2], 1, 1) ** 2


# name -> calls: the shapes of arrays to be drawn, or arrays; and what is static
CALLS = {
    "relu": [([(3, 4)], {})],
    "gate": [([(3, 4), (3, 4)], {})],
    "leaky_relu": [([(3, 4)], {"negative_slope": 0.3})],
    "sigmoid": [([(3, 4)], {})],
    "gated": [([(3, 4)], {"kind": kind}) for kind in ("silu", "gelu", "gelu_tanh")],
    "gated_slope": [
        ([(3, 4), 2 * drawn(3, 4)], {"kind": kind}) for kind in ("silu", "gelu", "gelu_tanh")
    ],
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
    **{
        name: [
            ([shape, *others(shape)], static)
            for shape in ((5, 1, 6, 1), (3, 2, 4, 5), (2, 3, 1, 4))
        ]
        for name, others, static in (
            ("affine_norm", lambda s: (s[1:3], s[1:3]), {"eps": 1e-3}),
            ("affine_norm_input", lambda s: (s, s[1:3], (*s[:2], 1, 1), scales(s)), {}),
            ("affine_norm_gamma", lambda s: (s, (*s[:2], 1, 1), scales(s)), {}),
        )
    },
    "cross_entropy": [([(3, 4), LABELS], {})],
    "softmax_residual": [([(3, 4), LABELS], {})],
    "dropout": [([(3, 4), MASK], {"scale": 2.5})],
}


def test_every_kernel_is_called(library):
    module = f"minpy.backends.{library.name}.network_kernels"
    kernels = vars(pytest.importorskip(module))
    assert {name[3:] for name in kernels if name.startswith("nn_")} == set(CALLS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CALLS)
def test_same_as_on_numpy(library, name, dtype):
    kernel = getattr(library.functions, f"nn_{name}")
    for args, static in CALLS[name]:
        arrays = [
            drawn(*x, dtype=dtype)
            if type(x) is tuple
            else (x.astype(dtype) if x.dtype.kind == "f" else x)
            for x in args
        ]
        expected = flat(every_op[f"nn.{name}"].raw(*arrays, **static))
        found = flat(kernel(*map(library.from_numpy, arrays), **static))
        assert len(found) == len(expected)
        for y, e in zip(found, expected, strict=True):
            close(library.to_numpy(y), e, dtype)


FAR_OUT = onp.array([-onp.inf, -1e4, 0, 1e4, onp.inf, onp.nan], "float32")


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "sigmoid", "softplus"])
def test_far_out(library, name):
    expected = getattr(F, name)(FAR_OUT)
    found = getattr(library.functions, f"nn_{name}")
    static = {"negative_slope": 0.01} if name == "leaky_relu" else {}
    close(library.to_numpy(found(library.from_numpy(FAR_OUT), **static)), expected, "float32")


# ------------------------------------------------------------------------ arrays of the library

NO_KEYS = onp.array([[True] * 4, [False] * 4, [True] * 4])

# name -> a function of arrays, and their shapes
FUNCTIONS = {
    "relu": (F.relu, [(3, 4)]),
    "leaky_relu": (F.leaky_relu, [(3, 4)]),
    "sigmoid": (F.sigmoid, [(3, 4)]),
    "softplus": (F.softplus, [(3, 4)]),
    "silu": (F.silu, [(3, 4)]),
    "elu": (F.elu, [(3, 4)]),
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
def test_same_values_and_derivatives_as_on_numpy(library, name):
    function, shapes = FUNCTIONS[name]

    def loss(xs):
        return np.sum(function(*xs) ** 3)

    def size_of_gradient(xs):
        return sum(np.sum(g * g) for g in minpy.grad(loss)(xs))

    def lives_there(x):
        return isinstance(x._data, library.array_types)

    xs = [drawn(*shape, seed=i) for i, shape in enumerate(shapes)]
    theirs = [wrap(library.from_numpy(x)) for x in xs]
    assert lives_there(function(*theirs))
    close(function(*theirs), function(*xs).asnumpy(), "float64")
    for f in (loss, size_of_gradient):
        for found, expected in zip(minpy.grad(f)(theirs), minpy.grad(f)(xs), strict=True):
            assert lives_there(found)
            close(found, expected.asnumpy(), "float64")


def test_a_network_learns_without_numpys_help(library):
    x, labels = drawn(30, 8, dtype="float32"), onp.arange(30) % 3

    def loss(params, x):
        hidden = F.relu(F.layer_norm(x @ params["w1"]))
        return F.cross_entropy(F.dropout(hidden, 0.1, seed=0) @ params["w2"], labels)

    with minpy.use_policy(f"only_{library.name}"):
        params = {"w1": np.array(drawn(8, 16, dtype="float32")), "w2": np.zeros((16, 3), "float32")}
        x = np.array(x)
        losses = []
        for _ in range(60):
            value, gradients = minpy.value_and_grad(loss)(params, x)
            losses.append(value.item())
            for name, g in gradients.items():
                params[name] -= 0.5 * g
    assert losses[0] == pytest.approx(onp.log(3), rel=1e-4)
    assert losses[-1] < 0.5 * losses[0]
