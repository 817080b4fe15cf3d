"""PyTorch's functions are NumPy's: dtypes, shapes, values, errors, and what is a view.

Each function of `minpy.backends.torch.functions` runs on the arguments of a table, and NumPy's on
the same: `A` stands for arrays of each dtype, which are drawn anew for each place where it stands.
"""

import functools
import itertools
import warnings
import zlib

import numpy as onp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minpy.backends import NUMPY
from minpy.errors import of_library
from minpy.tape import every_op

torch = pytest.importorskip("torch", reason="needs PyTorch")
if onp.lib.NumpyVersion(onp.__version__) < "2.0.0":
    pytest.skip(
        "the dtypes of tensors follow NumPy 2, and this is NumPy 1", allow_module_level=True
    )

from minpy.backends.torch import functions  # noqa: E402
from minpy.backends.torch.conversion import from_numpy, to_numpy  # noqa: E402
from minpy.backends.torch.indexing import put  # noqa: E402

REAL = ("bool", "uint8", "int32", "int64", "float32", "float64")
FLOATING = ("float32", "float64", "complex128")
EVERY = (*REAL, "complex128")
RTOL = {"float16": 2e-3, "float32": 1e-5, "complex64": 1e-5}  # others: some units in the last place


class A:
    """A place in the table for an array, of each dtype in turn."""

    def __init__(self, *shape, low=-3, high=3, like=None):
        self.shape = shape
        self.low = low
        self.high = high
        self.like = like

    def draw(self, rng, dtype):
        dtype = onp.dtype(self.like or dtype)
        low = max(self.low, 0) if dtype.kind in "bu" else self.low
        if dtype.kind in "biu":
            return onp.asarray(rng.integers(low, self.high + 1, self.shape), dtype)
        x = rng.uniform(low, self.high, self.shape)
        if dtype.kind == "c":
            x = x + 1j * rng.uniform(low, self.high, self.shape)
        return onp.asarray(x, dtype)

    def __repr__(self):
        return f"A{self.shape}"


def drawn(value, rng, dtype):
    """Return the arguments of a table's row with arrays in them."""
    if isinstance(value, A):
        return value.draw(rng, dtype)
    if isinstance(value, tuple | list):
        return type(value)(drawn(item, rng, dtype) for item in value)
    return value


def on_torch(value, *, strided=False):
    """Return arguments with tensors in the place of arrays; `strided` ones are not contiguous."""
    if isinstance(value, onp.ndarray):
        x = from_numpy(value.copy())
        return x.mT.contiguous().mT if strided and x.ndim > 1 else x
    if type(value) in (tuple, list):
        return type(value)(on_torch(item, strided=strided) for item in value)
    return value


def on_numpy(name):
    return NUMPY.implementation(name, every_op[name].own_raw if name in every_op else None)


def on_pytorch(name):
    return getattr(functions, name.replace(".", "_"))


def outcome(call, args, kwargs):
    """Return a result, or the type of error that was raised."""
    with warnings.catch_warnings(), onp.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            return call(*args, **kwargs)
        except NotImplementedError as error:
            return error
        except RuntimeError as error:
            return of_library(error, "torch")
        except (ValueError, TypeError, IndexError) as error:
            return error


def assert_same(found, expected, rtol=None):
    """Assert that PyTorch's result is NumPy's: its structure, dtypes, shapes and values."""
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        assert getattr(found, "_fields", None) == getattr(expected, "_fields", None)
        for f, e in zip(found, expected):
            assert_same(f, e, rtol)
        return
    kept = isinstance(expected, onp.ndarray | onp.inexact)
    assert isinstance(found, torch.Tensor) == kept, f"{type(found)} instead of {type(expected)}"
    values = to_numpy(found) if kept else found
    expected = onp.asarray(expected)
    assert values.dtype == expected.dtype, f"{values.dtype} instead of {expected.dtype}"
    assert values.shape == expected.shape, f"shape {values.shape} instead of {expected.shape}"
    rtol = rtol or RTOL.get(str(expected.dtype), 1e-12)
    onp.testing.assert_allclose(values, expected, rtol, atol=rtol, equal_nan=True)


def check(name, args, kwargs, *, strided=False, rtol=None):
    """Compare the two on the same arguments; what PyTorch refuses as not implemented is NumPy's."""
    expected = outcome(on_numpy(name), args, kwargs)
    found = outcome(on_pytorch(name), on_torch(args, strided=strided), on_torch(kwargs))
    if isinstance(found, NotImplementedError):
        return False
    if isinstance(expected, Exception):
        assert isinstance(found, type(expected).__mro__[:-2]), f"{found!r} for {expected!r}"
    else:
        if isinstance(found, Exception):
            raise found
        assert_same(found, expected, rtol)
    return True


# ----- the table

UNARY_UFUNCS = """
    absolute arccos arccosh arcsin arcsinh arctan arctanh ceil conjugate cos cosh deg2rad degrees
    exp exp2 expm1 fabs floor invert isfinite isinf isnan log log10 log1p log2 logical_not
    negative positive rad2deg radians reciprocal rint sign signbit sin sinh sqrt square tan tanh
    trunc
""".split()
BINARY_UFUNCS = """
    add arctan2 bitwise_and bitwise_or bitwise_xor copysign divide equal float_power floor_divide
    fmax fmin fmod gcd greater greater_equal heaviside hypot lcm left_shift less less_equal
    logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum multiply nextafter
    not_equal power remainder right_shift subtract
""".split()
# Where NumPy warns and returns 0 for integers divided by zero, PyTorch raises; bits shifted by
# negative numbers are nobody's business.
NONZERO = ("remainder", "floor_divide", "fmod", "left_shift", "right_shift", "power")
UNITS = dict(low=-0.9, high=0.9)

REDUCTIONS = "sum mean prod max min all any count_nonzero var std".split()
PLACES = "argmax argmin".split()
RUNNING = "cumsum cumprod".split()
AXES = [None, 0, 1, -1, (0, 2), (), (2, -2), (0, 1, 2), 3, -4, (0, 0)]

ROWS = {
    "where": [
        ((A(3, 4, like="bool"), A(3, 4), A(3, 4)), {}),
        ((A(3, 1, like="bool"), A(4), 2), {}),
        ((A(3, like="bool"), 1.5, A()), {}),
    ],
    "fix": [((A(3, 4),), {})],
    "real": [((A(3, 4),), {})],
    "imag": [((A(3, 4),), {})],
    "angle": [((A(3, 4),), {}), ((A(3),), {"deg": True})],
    "sinc": [((A(3, 4),), {})],
    "nan_to_num": [((onp.array([1, onp.nan, onp.inf, -onp.inf]),), {"nan": 2.0, "neginf": -1.0})],
    "round": [((A(3, 4, high=100),), {}), ((A(3),), {"decimals": 2}), ((A(),), {"decimals": -1})],
    "argsort": [((A(3, 4, high=100),), {"axis": axis, "kind": "stable"}) for axis in (0, -1, None)],
    "reshape": [
        ((A(2, 3, 4), shape), {"order": order})
        for shape in [(6, 4), (4, -1), -1, 24, (2, 3, 2, 2), [12, 2], (5, 5), onp.int64(24)]
        for order in "CF"
    ],
    "ravel": [((A(2, 3),), {}), ((A(2, 3),), {"order": "F"}), ((A(),), {"order": "C"})],
    "transpose": [((A(2, 3, 4), axes), {}) for axes in (None, (2, 0, 1), (0, -1, 1), (0, 1))]
    + [((A(),), {})],
    "squeeze": [((A(1, 3, 1),), {"axis": axis}) for axis in (None, 0, -1, (0, 2), (), 1)],
    "expand_dims": [((A(2, 3), axis), {}) for axis in (0, -1, 2, (0, 2), (0, -1), 4, (0, 0))],
    "swapaxes": [((A(2, 3, 4), 0, -1), {}), ((A(2, 3), 1, 1), {})],
    "moveaxis": [((A(2, 3, 4), 0, -1), {}), ((A(2, 3, 4), (0, 1), (-1, 0)), {})]
    + [((A(2, 3, 4), range(2), [2, 0]), {})],
    "broadcast_to": [((A(3, 1), (2, 3, 4)), {}), ((A(), 3), {}), ((A(3), (4,)), {})],
    "concatenate": [
        ((A(2, 3), A(2, 1)), {"axis": 1}),
        ((A(2, 3), A(1, 3, like="int32"), A(3, 3, like="float32")), {"axis": 0}),
        ((A(2, 3), A(2, 2)), {"axis": 0}),
    ],
    "tile": [((A(2, 3), (2, 1)), {}), ((A(3), (2, 2)), {}), ((A(2, 3), (1, 2)), {})],
    "roll": [((A(2, 3), 1), {}), ((A(2, 3), -4), {"axis": 1}), ((A(2, 3), (1, 2), (0, 1)), {})],
    "pad": [((A(2, 3), ((1, 0), (2, 3))), {}), ((A(3), ((0, 0),)), {})],
    "copy": [((A(2, 3),), {}), ((A(),), {})],
    "astype": [((A(2, 3), dtype), {}) for dtype in (*EVERY, float, "float16")],
    "zeros_like": [
        ((A(2, 3),), {}),
        ((A(2, 3),), {"dtype": "int32"}),
        ((A(2, 3),), {"shape": (4, 5)}),
        ((A(2, 3), "float64"), {"shape": 4}),
    ],
    "ones_like": [((A(2, 3),), {}), ((A(2, 3),), {"dtype": float})],
    "full_like": [
        ((A(2, 3), 2), {}),
        ((A(2, 3), 2.5), {"dtype": "float32"}),
        ((A(2, 3), 2.5), {"shape": [4]}),
    ],
    "matmul": [
        ((A(*x), A(*y)), {})
        for x, y in [
            ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((5, 2, 3), (3, 2)),
            ((3,), (5, 3, 2)), ((5, 2, 3), (3,)), ((5, 1, 2, 3), (4, 3, 2)), ((2, 0), (0, 3)),
            ((0, 3), (3, 2)), ((2, 3), (2, 3)), ((), (3,)),
        ]
    ]
    + [((A(2, 3), A(3, 2, like=dtype)), {}) for dtype in ("float32", "int32", "complex64")],
    "einsum": [
        ((A(2, 3), A(3, 4)), {"subscripts": "ij,jk->ik"}),
        ((A(3, 3),), {"subscripts": "ii->i"}),
        ((A(3, 3),), {"subscripts": "ii->"}),
        ((A(2, 3),), {"subscripts": "ij->ji"}),
        ((A(2, 3), A(2, 1)), {"subscripts": "ij,ij->j"}),
        ((A(2, 3), A(3, like="float32")), {"subscripts": "ij,j->ij"}),
        ((A(2, 3), A(3, 4), A(4)), {"subscripts": "ij,jk,k->i"}),
    ],
    "getitem": [((A(2, 3), 0), {}), ((A(3), 0), {}), ((A(),), {"index": ()})],
    "index_add": [
        ((A(4, 3), A(2, 3), onp.array([1, 1])), {}),
        ((A(4, 3), A(2, 3, like="int32"), slice(None, None, -2)), {}),
        ((A(4), A(3, like="float32"), onp.array([True, False, True, True])), {}),
    ],
    "linalg.inv": [((A(3, 3),), {}), ((A(2, 3, 3),), {}), ((A(2, 3),), {})]
    + [((onp.zeros((2, 2)),), {})],
    "linalg.pinv": [((A(3, 2),), {})],
    "linalg.det": [((A(3, 3),), {}), ((A(2, 2, 2),), {}), ((A(3),), {}), ((A(0, 0),), {})],
    "linalg.slogdet": [((A(3, 3),), {}), ((A(2, 2, 2),), {}), ((onp.zeros((2, 2)),), {})],
    "linalg.cofactors": [((A(3, 3),), {}), ((A(2, 2, 2),), {}), ((onp.ones((3, 3)),), {})],
    "linalg.eigvalsh": [((A(3, 3),), {}), ((A(2, 3, 3),), {"UPLO": "U"}), ((A(2, 3),), {})],
    "linalg.svdvals": [((A(3, 2),), {}), ((A(2, 3, 3),), {})],
    "linalg.solve": [
        ((A(*a), A(*b)), {})
        for a, b in [
            ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (2, 3, 1)), ((2, 3, 3), (3, 2)),
            ((2, 2, 2), (2, 2)), ((2, 3, 3), (3,)), ((3, 3), (2, 3, 1)), ((3, 2), (3,)),
        ]
    ],
    "fft.fft": [((A(5),), {}), ((A(4, 3), 5, 0, "ortho"), {})],
    "fft.ifft": [((A(5),), {}), ((A(4, 3), 5, 0, "forward"), {})],
    "fft.rfft": [((A(5),), {}), ((A(4, 3), 5, 0, None), {})],
    "fft.irfft": [((A(5),), {}), ((A(4, 3), 5, 0, "backward"), {})],
}  # fmt: skip
for name in (*REDUCTIONS, *PLACES):
    axes = [axis for axis in AXES if type(axis) is not tuple] if name in PLACES else AXES
    ROWS[name] = [((A(2, 3, 4),), {"axis": axis}) for axis in axes]
    ROWS[name] += [((A(2, 3, 4),), {"axis": axis, "keepdims": True}) for axis in axes]
    ROWS[name] += [((A(),), {}), ((A(1),), {})]
    ROWS[name] += [((A(0, 3),), {"axis": axis}) for axis in (None, 0, 1)]
    if name not in ("mean", "var", "std"):
        ROWS[name] += [((A(),), {"axis": 0})]
for name in ("var", "std"):
    ROWS[name] += [((A(2, 3),), {"axis": 0, "ddof": ddof}) for ddof in (1, 2, 3, 0.5)]
for name in RUNNING:
    ROWS[name] = [((A(2, 3),), {"axis": axis}) for axis in (None, 0, -1, 2)] + [((A(0, 3),), {})]

# What is in no table, but in tests of its own.
ELSEWHERE = """
    setitem add_at add_into zeros_for layout linalg.cholesky linalg.eigh linalg.svd linalg.qr
""".split()

# These run on NumPy, and why.
ON_NUMPY = {
    "cbrt": "PyTorch has none",
    "i0": "only windows of filters need it",
    "i1": "only gradients of i0 need it",
    "ldexp": "PyTorch multiplies by a power, which may be infinite",
    "modf": "PyTorch has none",
    "linalg.eig": "NumPy's result is real if all eigenvalues are",
    "linalg.eigvals": "NumPy's result is real if all eigenvalues are",
}


def test_every_function_is_in_a_table():
    tabled = {*UNARY_UFUNCS, *BINARY_UFUNCS, *ROWS, *ELSEWHERE}
    own = {
        name
        for name, value in vars(functions).items()
        if getattr(value, "__module__", "") != "minpy.backends.torch.conversion"
        and not name.startswith(("_", "nn_"))
        and (hasattr(onp, name) or name.startswith(("linalg_", "fft_")))
        and callable(value)
    }
    assert own <= {name.replace(".", "_") for name in tabled}


def test_ops_without_an_implementation_are_a_decision():
    missing = {
        name
        for name in every_op
        if not name.startswith("nn.") and not hasattr(functions, name.replace(".", "_"))
    }
    assert missing == set(ON_NUMPY)


def is_number(x):
    return isinstance(x, onp.ndarray | onp.generic | float | complex)


def left_to_numpy(name, rows, dtypes, *, strided=False):
    """Check rows of the table; return for which dtypes PyTorch has no implementation."""
    rng = onp.random.default_rng(zlib.crc32(name.encode()))
    left = set()
    for dtype, (args, kwargs) in itertools.product(dtypes, rows):
        args = drawn(args, rng, dtype)
        try:
            if not check(name, args, kwargs, strided=strided):
                left.add(str(onp.result_type(*filter(is_number, args))))
        except Exception as error:
            shapes = [a.shape if isinstance(a, onp.ndarray) else a for a in args]
            raise AssertionError(f"{name}({shapes}, {kwargs}) of {dtype}: {error}") from error
    return left


# Which dtypes PyTorch lacks, or computes otherwise.
LEFT = {
    "reciprocal": {"bool", "uint8", "int32", "int64"},
    "round": {"bool", "uint8", "int32", "int64", "complex128"},
}
for dtypes, names in (
    ({"bool"}, "absolute ceil floor trunc fix matmul einsum"),
    ({"complex128"}, "max min argmax argmin argsort rint"),
    (
        {"complex64", "complex128"},
        "maximum minimum fmax fmin less less_equal greater greater_equal",
    ),
    ({"uint8"}, "cumsum cumprod"),
):
    LEFT |= {name: dtypes for name in names.split()}


@pytest.mark.parametrize("strided", [False, True], ids=["contiguous", "strided"])
@pytest.mark.parametrize("name", UNARY_UFUNCS)
def test_unary(name, strided):
    rows = [((A(*shape, **UNITS),), {}) for shape in [(), (0,), (3,), (2, 3)]]
    assert left_to_numpy(name, rows, EVERY, strided=strided) == LEFT.get(name, set())


@pytest.mark.parametrize("name", BINARY_UFUNCS)
def test_binary(name):
    y = dict(low=1) if name in NONZERO else {}
    shapes = [((2, 3), (3,)), ((), ()), ((3,), (2,)), ((0, 3), ())]
    rows = [((A(*one), A(*two, **y)), {}) for one, two in shapes]
    rows += [
        ((A(3), number), {}) for number in (2, 2.5, 1 + 2j, True, onp.int64(2), onp.float32(2))
    ]
    rows += [
        ((A(), 3), {}),
        ((2.5, A(3, **y)), {}),
        ((3, A(2, **y)), {}),
        (([1, 2], A(2, **y)), {}),
    ]
    assert left_to_numpy(name, rows, EVERY) == LEFT.get(name, set())


@pytest.mark.parametrize("strided", [False, True], ids=["contiguous", "strided"])
@pytest.mark.parametrize("name", ROWS)
def test_row(name, strided):
    assert left_to_numpy(name, ROWS[name], EVERY, strided=strided) == LEFT.get(name, set())


DTYPES = st.sampled_from([*EVERY, "int8", "uint8", "int16", "float16", "complex64"])
NUMBERS = st.sampled_from([True, 3, 2.5, 1 + 1j, onp.float64(2.5), onp.int8(3)])


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from("add multiply subtract divide maximum less where".split()),
    DTYPES,
    st.one_of(DTYPES, NUMBERS),
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3),
    st.booleans(),
)
def test_promotion(name, one, other, shapes, swapped):
    """The dtype of a result is NumPy's for all pairs, in whichever order, of whatever shapes."""
    x = onp.ones(shapes.input_shapes[0], one)
    y = onp.ones(shapes.input_shapes[1], other) if isinstance(other, str) else other
    args = (y, x) if swapped else (x, y)
    check(name, ((onp.array(True), *args) if name == "where" else args), {})


# ----- what is like its argument


def test_new_ones_and_layout():
    x = from_numpy(onp.ones((2, 3), onp.float32)).mT
    zeros = functions.zeros_for(x, (4,))
    assert_same(zeros, onp.zeros(4, onp.float32))
    assert functions.layout(x) == (1, 3)
    assert functions.layout(functions.copy(x)) == (1, 3)


def test_add_into():
    x, y = torch.ones(2), torch.ones(2)
    assert functions.add_into(x, y) is x
    assert_same(x, onp.full(2, 2, onp.float32))
    assert_same(functions.add_into(x, y.double()), onp.full(2, 3.0))
    assert_same(functions.add_into(x, torch.ones(2, 2)), onp.full((2, 2), 3, onp.float32))


# ----- decompositions, of which there are several


def matrices(*shape, dtype):
    return A(*shape).draw(onp.random.default_rng(0), dtype)


@pytest.mark.parametrize("dtype", ["int64", "float32", "complex128"])
def test_decompositions(dtype):
    """They are made of parts of NumPy's names, shapes and dtypes, and multiply to the matrix."""
    a = matrices(2, 4, 3, dtype=dtype)
    square = onp.swapaxes(a, -1, -2).conj() @ a + 3 * onp.eye(3, dtype=dtype)
    for name, x, product in (
        ("cholesky", square, lambda low: low @ low.mT.conj()),
        ("eigh", square, lambda w, v: v * w[:, None] @ v.mT.conj()),
        ("svd", a, lambda u, s, vh: u * s[:, None] @ vh),
        ("qr", a, lambda q, r: q @ r),
    ):
        static = {"full_matrices": False} if name == "svd" else {}
        expected = getattr(onp.linalg, name)(x, **static)
        found = getattr(functions, f"linalg_{name}")(from_numpy(x.copy()), **static)
        parts = found if isinstance(found, tuple) else (found,)
        assert getattr(found, "_fields", None) == getattr(expected, "_fields", None)
        for part, e in zip(parts, expected if isinstance(found, tuple) else (expected,)):
            assert (tuple(part.shape), functions.conversion.dtype_of(part)) == (e.shape, e.dtype)
        onp.testing.assert_allclose(product(*parts).numpy(force=True), x, 2e-4, 2e-4)
    for wrong in (onp.zeros((2, 3)), onp.zeros(3)):
        with pytest.raises(onp.linalg.LinAlgError):
            functions.linalg_cholesky(from_numpy(wrong))


# ----- indexing


@st.composite
def indices(draw, shape):
    """Draw an index of a shape: integers, slices, arrays, masks and new axes in any order."""
    common = draw(hnp.array_shapes(min_dims=1, max_dims=2, max_side=3))
    parts = []
    kinds = set()
    axis = 0
    while axis < len(shape) and draw(st.integers(0, 9)):
        size = shape[axis]
        kind = draw(st.sampled_from("integer slice slice array array scalar mask none".split()))
        if size == 0 and kind in ("integer", "array", "scalar"):
            kind = "slice"
        kinds.add(kind)
        ints = st.integers(-size, size - 1)
        if kind == "integer":
            parts.append(draw(ints))
        elif kind == "scalar":
            parts.append(draw(st.sampled_from([onp.int64, onp.int32, onp.array]))(draw(ints)))
        elif kind == "slice":
            parts.append(draw(st.slices(size).filter(lambda s: abs(s.step or 1) < 10)))
        elif kind == "array":
            of = draw(st.sampled_from([common, common[-1:], (1,)]))
            parts.append(
                draw(hnp.arrays(draw(st.sampled_from(["int64", "int32"])), of, elements=ints))
            )
        elif kind == "mask":
            taken = draw(st.integers(1, min(2, len(shape) - axis)))
            parts.append(draw(hnp.arrays(bool, shape[axis : axis + taken])))
            axis += taken - 1
        else:
            parts.append(None)
            axis -= 1
        axis += 1
    # (masks must stay on their axes; between arrays, NumPy minds even an ellipsis that stands for
    # no axis, and PyTorch does not)
    if axis < len(shape) and "mask" not in kinds and draw(st.booleans()):
        ellipsis_at = draw(st.integers(0, len(parts)))
        head, tail = parts[:ellipsis_at], parts[ellipsis_at:]
        parts = [*head, Ellipsis, *tail]
    if len(parts) == 1 and draw(st.booleans()):
        return parts[0]
    return tuple(parts)


SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def numbered(shape):
    return onp.arange(1.0, onp.prod(shape, dtype=int) + 1).reshape(shape)


def negative(shape):
    return onp.asarray(-numbered(shape))


@settings(deadline=None, max_examples=300)
@given(st.data(), SHAPES)
def test_getitem(data, shape):
    index = data.draw(indices(shape))
    x = numbered(shape)
    expected = outcome(lambda: x[index], (), {})
    found = outcome(functions.getitem, (from_numpy(x), index), {})
    if isinstance(expected, Exception):  # PyTorch does not look at the indices of nothing
        assert isinstance(found, IndexError) or not found.numel()
    else:
        if isinstance(found, IndexError) and not expected.size:
            return  # NumPy lets masks of wrong lengths pass if nothing is left
        assert_same(found, expected)
        backwards = any(type(p) is slice and (p.step or 1) < 0 for p in _parts(index))
        shares = onp.may_share_memory(x, expected) and not backwards and x.size
        assert onp.may_share_memory(x, to_numpy(found)) == bool(shares and expected.size)


def _parts(index):
    return index if type(index) is tuple else (index,)


@pytest.mark.parametrize("write", [functions.setitem, functools.partial(put, accumulate=False)])
@settings(deadline=None, max_examples=200)
@given(st.data(), SHAPES)
def test_setitem(write, data, shape):
    index = data.draw(indices(shape))
    x = numbered(shape)
    fits = outcome(lambda: x[index], (), {})
    if isinstance(fits, Exception):
        return
    values = negative(fits.shape)
    unique = len(set(onp.ravel(fits))) == fits.size
    if data.draw(st.booleans()) or not unique:
        values = values[:1] if values.ndim else values
    if write is not functions.setitem and not unique:
        values = onp.array(-1.0)
    found = from_numpy(x.copy())
    x[index] = values
    write(found, index, from_numpy(values))
    onp.testing.assert_array_equal(to_numpy(found), x)


@settings(deadline=None, max_examples=200)
@given(st.data(), SHAPES)
def test_add_at(data, shape):
    index = data.draw(indices(shape))
    x = numbered(shape)
    fits = outcome(lambda: x[index], (), {})
    if isinstance(fits, Exception):
        return
    found = from_numpy(x.copy())
    values = numbered(fits.shape)
    onp.add.at(x, index, values)
    functions.add_at(found, index, from_numpy(values))
    onp.testing.assert_array_equal(to_numpy(found), x)
