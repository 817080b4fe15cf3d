"""The array API standard, 2023.12: https://data-apis.org/array-api/2023.12/."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .agreement import assert_same
from .calls import NUMPY
from .calls.data import CUBE, INTEGERS, SQUARE, X
from .recording import on_recorded

pytestmark = pytest.mark.skipif(
    NUMPY < (2, 1), reason="NumPy follows the standard of 2023 since its version 2.1"
)

CONSTANTS = "e inf nan newaxis pi"
DTYPES = (
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128"
)
CREATION = (
    "arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones "
    "ones_like tril triu zeros zeros_like"
)
TYPES = "astype can_cast finfo iinfo isdtype result_type"
ELEMENTWISE = (
    "abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert "
    "bitwise_or bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp "
    "expm1 floor floor_divide greater greater_equal hypot imag isfinite isinf isnan less "
    "less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or logical_xor "
    "maximum minimum multiply negative not_equal positive pow real remainder round sign signbit "
    "sin sinh square sqrt subtract tan tanh trunc"
)
MANIPULATION = (
    "broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape "
    "roll squeeze stack tile unstack"
)
OTHERS = (
    "take searchsorted argmax argmin nonzero where unique_all unique_counts unique_inverse "
    "unique_values argsort sort cumulative_sum max mean min prod std sum var all any matmul "
    "matrix_transpose tensordot vecdot __array_namespace_info__"
)
LINALG = (
    "cholesky cross det diagonal eigh eigvalsh inv matmul matrix_norm matrix_power matrix_rank "
    "matrix_transpose outer pinv qr slogdet solve svd svdvals tensordot trace vecdot vector_norm"
)
FFT = "fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift ifftshift"
ATTRIBUTES = "dtype device mT ndim shape size T"
OPERATORS = (
    "abs add and array_namespace bool complex dlpack dlpack_device eq float floordiv ge getitem gt "
    "index int invert le lshift lt matmul mod mul ne neg or pos pow rshift setitem sub truediv xor "
    "iadd isub imul itruediv ifloordiv ipow imatmul imod iand ior ixor ilshift irshift radd rsub "
    "rmul rtruediv rfloordiv rpow rmatmul rmod rand ror rxor rlshift rrshift"
)
NAMES = [CONSTANTS, DTYPES, CREATION, TYPES, ELEMENTWISE, MANIPULATION, OTHERS]


@pytest.mark.parametrize("name", " ".join(NAMES).split())
def test_name(name):
    assert hasattr(np.array(X).__array_namespace__(), name)


@pytest.mark.parametrize("name", LINALG.split())
def test_linear_algebra(name):
    assert callable(getattr(np.linalg, name))


@pytest.mark.parametrize("name", FFT.split())
def test_fourier(name):
    assert callable(getattr(np.fft, name))


@pytest.mark.parametrize("name", [*ATTRIBUTES.split(), "to_device"])
def test_attribute(name):
    assert hasattr(np.array(X), name)


@pytest.mark.parametrize("name", OPERATORS.split())
def test_operator(name):
    assert callable(getattr(np.array(X), f"__{name}__"))


def test_namespace(run):
    def check(x):
        assert x.__array_namespace__() is np
        assert x.__array_namespace__(api_version="2023.12") is np
        with pytest.raises(ValueError, match="1999"):
            x.__array_namespace__(api_version="1999.01")

    run(check, X)


def test_namespace_info():
    info = np.__array_namespace_info__()
    assert info.capabilities()["boolean indexing"]
    assert info.default_device() in info.devices()
    assert info.default_dtypes()["real floating"] == onp.float64
    assert info.dtypes(kind="bool") == {"bool": onp.dtype(bool)}


@pytest.mark.parametrize(
    "call",
    [
        lambda xp: xp.asarray([1.0, 2.0], device="cpu", copy=True),
        lambda xp: xp.zeros((2, 3), dtype=xp.float32, device="cpu"),
        lambda xp: xp.arange(3, device="cpu"),
        lambda xp: xp.eye(3, device="cpu"),
        lambda xp: xp.full_like(xp.ones(2), 3.5, device="cpu"),
        lambda xp: xp.linspace(0, 1, 3, device="cpu"),
        lambda xp: xp.fft.fftfreq(4, device="cpu"),
        lambda xp: xp.ones(3).to_device("cpu"),
        lambda xp: xp.asarray(INTEGERS).mT,
    ],
)
def test_devices(call):
    assert_same(call(np), call(onp))


def portable(x, y):
    """A function as libraries write it that work with any array namespace."""
    xp = x.__array_namespace__()
    shifted = x - xp.max(x, axis=-1, keepdims=True)
    log_sum = xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))
    weights = xp.permute_dims(xp.concat([shifted - log_sum, y], axis=0), (1, 0))
    spread = xp.std(weights, axis=0, correction=1)
    norm = xp.linalg.vector_norm(xp.matmul(weights, xp.matrix_transpose(weights)))
    return xp.sum(xp.where(spread > 0.5, spread, xp.astype(spread, x.dtype) ** 2)) + norm


def test_portable_function(run):
    def check(x, y):
        assert_same(portable(x, y), portable(X, SQUARE))
        assert minpy.is_recorded(portable(x, y)) == minpy.is_recorded(x)

    run(check, X, SQUARE)


def test_default_device_while_recorded():
    on_recorded(lambda x: assert_same(x.to_device(x.device), CUBE), CUBE)
