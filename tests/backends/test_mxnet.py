"""MXNet as a backend: its two kinds of arrays, its flags, its threads, its policies."""

import importlib.util
import threading
import warnings

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.array import Array
from minpy.backends import kernels
from minpy.backends.context import CPU, gpu
from minpy.backends.libraries import LIBRARIES
from minpy.nn import functional as F

if importlib.util.find_spec("mxnet") is None:
    pytest.skip("needs MXNet, which is not installed here", allow_module_level=True)

from minpy.backends.mxnet import InNumPysShapes, functions
from minpy.backends.mxnet.conversion import copied_in, dtype_of, from_numpy, mx, to_numpy
from minpy.backends.scalars import BASES

DTYPES = ["bool", "uint8", "int8", "int32", "int64", "float16", "float32", "float64"]
SHAPES = [(), (0,), (2, 0, 3), (3,), (2, 3)]
KINDS = [mx.nd.NDArray, mx.np.ndarray]
MXNET = LIBRARIES["mxnet"].backend_on(CPU)


@pytest.fixture(autouse=True)
def flags_as_they_were():
    """Whatever a test does, the flags of its thread are what MXNet's own code expects."""
    yield
    assert not mx.util.is_np_shape()
    assert not mx.util.is_np_array()
    assert not mx.autograd.is_training()
    assert mx.sym.Variable("x", shape=(0, 2)).infer_shape_partial()[0] == [(0, 2)]  # 0: unknown


@pytest.fixture
def mxnet_arrays():
    with minpy.use_policy("prefer_mxnet"):
        yield


@pytest.fixture
def kernels_on_mxnet(monkeypatch):
    """All kernels of both dtypes run on MXNet, as if PyTorch were not there."""
    monkeypatch.setattr(kernels, "FASTEST", {"float32": ("mxnet",), "float64": ("mxnet",)})
    monkeypatch.setattr(kernels, "KERNELS_OF", {})


# ----- conversions


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_there_and_back(dtype, shape, kind):
    x = onp.arange(onp.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    y = from_numpy(x, kind)
    assert type(y) is kind
    assert dtype_of(y) == x.dtype
    for new in (False, True):
        z = to_numpy(y, new=new)
        assert (z.dtype, z.shape, z.tolist()) == (x.dtype, x.shape, x.tolist())
        assert z.flags.writeable
        if x.size and dtype != "int8":
            assert onp.shares_memory(x, z)
    assert x.flags.writeable


def _read_only():
    x = onp.arange(6.0).reshape(2, 3)
    x.setflags(write=False)
    return x


@pytest.mark.parametrize(
    "x",
    [
        onp.arange(6.0).reshape(2, 3).T,
        onp.arange(6.0)[::-1],
        onp.arange(6.0)[::2],
        onp.arange(6, dtype=">f4"),
        _read_only(),
    ],
)
def test_what_cannot_be_shared_is_copied(x):
    y = to_numpy(from_numpy(x))
    assert y.dtype == x.dtype.newbyteorder("=")
    assert (y == x).all()
    y[...] = 7
    assert 7 not in x


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "int16", "uint32", "uint64"])
def test_a_dtype_that_mxnet_lacks_is_refused_and_never_cast(dtype):
    with pytest.raises(TypeError, match=f"MXNet has no dtype {dtype}, only bool, float16"):
        from_numpy(onp.ones(2, dtype))


def test_memory_lives_as_long_as_somebody_sees_it():
    """In both directions, while the memory in between is asked for by others."""
    for _ in range(50):
        n = to_numpy(from_numpy(onp.full(10_000, 3.0)))
        others = [onp.zeros(10_000) for _ in range(5)]
        assert (n == 3).all()
        del others


# ----- MXNet's threads


@pytest.fixture
def slow_reader():
    """Keep MXNet's threads busy with `source`, for some time; return what they will have made.

    The first product is what it takes time to wait for; the second one reads `source` after it.
    """

    def read(source):
        busy = mx.nd.ones((600, 600))
        for _ in range(12):
            busy = mx.nd.dot(busy, busy) / 600
        return mx.nd.broadcast_add(source, mx.nd.sum(busy) * 0)

    return read


def test_to_numpy_waits_for_those_who_still_read(slow_reader):
    x = mx.nd.ones((1000,))
    out = slow_reader(x)
    to_numpy(x)[...] = 9.0  # the reader must have been faster
    assert (out.asnumpy() == 1).all()


def test_to_numpy_waits_for_the_result(slow_reader):
    out = slow_reader(mx.nd.ones((1000,)))
    assert (to_numpy(out, new=True) == 1).all()


def test_a_write_waits_for_those_who_still_read(slow_reader, mxnet_arrays):
    x = np.ones(1000, dtype="float32")
    out = slow_reader(x._data.as_nd_ndarray())
    x[...] = 9.0
    assert (out.asnumpy() == 1).all()


def test_a_buffer_may_be_used_again_after_a_kernel(kernels_on_mxnet):
    """A program that overwrites the images of a batch with those of the next one."""
    rng = onp.random.default_rng(0)
    w = np.array(rng.normal(size=(32, 16, 3, 3)).astype("float32"))
    buffer = onp.zeros((16, 16, 40, 40), "float32")
    x = np.asarray(buffer)
    assert onp.shares_memory(x.asnumpy(), buffer)
    for number in range(8):
        buffer[...] = number
        out = F.conv2d(x, w)
        buffer[...] = -1
        expected = number * w.asnumpy().sum(axis=(1, 2, 3))
        assert onp.allclose(out.asnumpy(), expected[None, :, None, None], rtol=1e-2, atol=1e-2)


def test_filters_are_not_rewritten(kernels_on_mxnet):
    """For inference MXNet puts filters into a layout of its own, in the memory that they have."""
    w = np.array(onp.random.default_rng(0).normal(size=(32, 16, 3, 3)).astype("float32"))
    before = w.asnumpy().copy()
    for _ in range(2):
        F.conv2d(np.ones((2, 16, 8, 8), dtype="float32"), w)
    assert (w.asnumpy() == before).all()


def test_an_error_is_raised_where_it_belongs(mxnet_arrays):
    with pytest.raises(onp.linalg.LinAlgError, match="non-convertible"):
        np.linalg.inv(np.zeros((2, 2)))
    assert (np.ones(2) + 1).tolist() == [2, 2]


# ----- kernels on NumPy's arrays


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "stride, padding, dilation, groups, kernel",
    [
        (1, 1, 1, 1, (3, 3)),
        ((2, 1), (0, 2), (1, 2), 2, (3, 2)),
        (2, 3, (2, 1), 1, (1, 3)),
        (1, 0, 1, 4, (1, 1)),
    ],
)
def test_convolutions_and_their_gradients(
    kernels_on_mxnet, dtype, stride, padding, dilation, groups, kernel
):
    rng = onp.random.default_rng(1)
    x, b = (np.array(rng.normal(size=shape).astype(dtype)) for shape in ((2, 4, 9, 10), (8,)))
    w = np.array(rng.normal(size=(8, 4 // groups, *kernel)).astype(dtype))

    def loss(x, w, b):
        y = F.conv2d(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)
        return np.sum(np.sin(y))

    results = {}
    for policy in ("auto", "only_numpy"):
        np.policy.reset_op_stat()
        with minpy.use_policy(policy):
            results[policy] = minpy.grad(loss, argnum=(0, 1, 2))(x, w, b)
        where = {place for (name, place) in np.policy.op_stat().ran if "conv" in name}
        assert where == {"mxnet" if policy == "auto" else "numpy"}
    for mine, numpys in zip(results["auto"], results["only_numpy"], strict=True):
        assert mine.dtype == dtype
        tolerance = 1e-9 if dtype == "float64" else 1e-3
        assert onp.allclose(mine.asnumpy(), numpys.asnumpy(), rtol=tolerance, atol=tolerance)


def test_float32_runs_on_mxnet_where_pytorch_is_not(monkeypatch):
    find = kernels._backend_in
    monkeypatch.setattr(
        kernels, "_backend_in", lambda name: None if name == "torch" else find(name)
    )
    runs = {dtype: kernels.library_for("nn.conv2d", dtype) for dtype in kernels.FASTEST}
    assert runs == {"float32": "mxnet", "float64": "numpy"}
    assert kernels.library_for("nn.conv2d_weight", "float32") == "numpy"


# ----- arrays met in the wild


@pytest.mark.parametrize("policy", ["auto", "prefer_mxnet"])
@pytest.mark.parametrize("kind", KINDS)
def test_mxnets_own_arrays_are_arrays(kind, policy):
    raw = from_numpy(onp.array([1.0, 2.0], "float32"), kind)
    with minpy.use_policy(policy):
        x = np.array([2.0, 4.0], dtype="float32")
        for out, expected in [
            (np.asarray(raw), [1, 2]), (np.array(raw), [1, 2]), (x + raw, [3, 6]),
            (np.add(raw, x), [3, 6]), (np.multiply(x, raw), [2, 8]), (np.square(raw), [1, 4]),
            (np.sum(raw), 3), (np.concatenate([x, raw]), [2, 4, 1, 2]),
            (minpy.grad(lambda x: np.sum(x * raw))(x), [1, 2]),
        ]:  # fmt: skip
            assert type(out) is Array or (type(out) in BASES and out.shape == ())
            assert (out.tolist(), out.dtype) == (expected, "float32")


# ----- policies


def test_prefer_mxnet(mxnet_arrays):
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert x._backend is MXNET
    assert x.dtype == "float64"
    assert (x.T @ x).tolist() == [[10, 14], [14, 20]]
    assert np.policy.op_stat().on("mxnet")["matmul"] == 1


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2", "fmax", "fmin", "fmod"])
def test_what_mxnet_lacks_runs_on_numpy_with_its_gradient(mxnet_arrays, name):
    a, b = onp.array([0.5, 2.0, -3.0]), onp.array([1.5, -1.0, 2.0])

    def loss(x, y):
        return np.sum(getattr(np, name)(x * 2, y) * x)

    got = minpy.grad(loss, argnum=(0, 1))(np.array(a), np.array(b))
    assert np.policy.op_stat().on("numpy for mxnet")[name] == 1
    assert all(g._backend is MXNET for g in got)
    with minpy.use_policy("only_numpy"):
        expected = minpy.grad(loss, argnum=(0, 1))(np.array(a), np.array(b))
    for one, other in zip(got, expected, strict=True):
        assert onp.allclose(one.asnumpy(), other.asnumpy())


def test_only_mxnet_names_what_it_lacks():
    with minpy.use_policy("only_mxnet"):
        x = np.ones(3)
        assert np.sum(np.exp(x) * 2).dtype == "float64"
        with pytest.raises(minpy.BackendError, match="logaddexp"):
            np.logaddexp(x, x)


def test_training_under_only_mxnet():
    """A network in the manner of a first exercise needs nothing that MXNet lacks."""
    rng = onp.random.default_rng(0)
    with minpy.use_policy("only_mxnet"):
        x = np.array(rng.normal(size=(40, 5)))
        labels = (rng.normal(size=40) > 0).astype(int)
        w, v = np.array(rng.normal(size=(5, 8))), np.array(rng.normal(size=(8, 2)))

        def loss(w, v):
            scores = np.maximum(x @ w, 0) @ v
            scores = scores - np.max(scores, axis=1, keepdims=True)
            logs = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
            return -np.mean(logs[onp.arange(40), labels])

        first = loss(w, v).item()
        for _ in range(60):
            dw, dv = minpy.grad(loss, argnum=(0, 1))(w, v)
            w, v = w - 0.5 * dw, v - 0.5 * dv
        assert loss(w, v).item() < 0.7 * first


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_dtype_stays(mxnet_arrays, dtype):
    x = np.array([1, 2, 3], dtype=dtype)
    plain = onp.array([1, 2, 3], dtype)
    for ours, numpys in [
        (x + x, plain + plain), (x * 2, plain * 2), (np.sqrt(x), onp.sqrt(plain)),
        (x / 2, plain / 2), (np.sum(x), onp.sum(plain)), (np.mean(x), onp.mean(plain)),
        (x > 1, plain > 1), (x[1:], plain[1:]), (x.reshape(3, 1), plain.reshape(3, 1)),
    ]:  # fmt: skip
        assert ours.dtype == numpys.dtype
        assert onp.allclose(onp.asarray(ours), numpys)


ON_ONE = [name for name in functions._UFUNCS if getattr(onp, name).nin == 1]
ON_TWO = [name for name in functions._UFUNCS if getattr(onp, name).nin == 2]
OVER_AXES = "sum mean prod max min all any argmax argmin var std cumsum count_nonzero".split()


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_function_is_numpys(mxnet_arrays, dtype):
    """MXNet's own or, where its dtype is another, NumPy's: values, dtypes, and what is refused."""
    x = onp.array([[1, 2, 3], [0, 5, 1]], dtype)
    y = onp.array([[2, 1, 3], [4, 1, 2]], dtype)
    calls = [(name, (x,), {}) for name in [*ON_ONE, *OVER_AXES]]
    calls += [(name, (x, y), {}) for name in ON_TWO if name != "matmul"]
    calls += [(name, (x,), {"axis": axis}) for name in OVER_AXES for axis in (0, -1)]
    calls += [(name, (x[:, :0],), {"axis": 0}) for name in OVER_AXES]
    for name, args, keywords in calls:
        with warnings.catch_warnings(), onp.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                expected = onp.asarray(getattr(onp, name)(*args, **keywords))
            except TypeError:  # of flags, NumPy has no difference and no sign
                continue
            if expected.ndim and str(expected.dtype) not in DTYPES:  # sums of uint8 are uint64
                with pytest.raises(TypeError, match="MXNet has no dtype"):
                    getattr(np, name)(*map(np.array, args), **keywords)
                continue
            got = getattr(np, name)(*map(np.array, args), **keywords)
        what = f"{name} of {dtype} {keywords}"
        assert onp.asarray(got).dtype == expected.dtype, what
        rtol = 4e-3 if expected.dtype == "float16" else 1e-6
        onp.testing.assert_allclose(onp.asarray(got), expected, rtol, 1e-6, err_msg=what)


def test_threads_of_a_program_have_their_own_flags(mxnet_arrays):
    seen = []

    def other():
        x = np.zeros((0, 3))
        seen.append((np.sum(x).item(), mx.util.is_np_shape()))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [(0.0, False)]


def test_flags_that_a_program_set_stay_set(mxnet_arrays):
    with mx.util.np_shape():
        assert np.sum(np.ones(3)).item() == 3
        assert mx.util.is_np_shape()


def test_results_are_where_the_arguments_are():
    """MXNet tells cpu(1) from cpu(0), and so stands here for a GPU: numbers come to the array."""
    there = mx.cpu(1)
    f = InNumPysShapes(functions, waits=True)
    x, y = copied_in(onp.arange(4), there), copied_in(onp.ones(4), there)
    images, filters = (copied_in(onp.ones(shape), there) for shape in ((1, 1, 5, 5), (2, 1, 3, 3)))
    window = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    g = f.nn_conv2d(images, filters, **window)
    for out in (
        f.add(x, 1), f.subtract(2, x), f.multiply(y, x), f.maximum(y, 0), f.add(y, [1.0, 2, 3, 4]),
        f.where(onp.array([True, False, True, False]), y, 2.0), f.where(x, 1.0, 2.0),
        f.concatenate(x, y, axis=0), f.sum(y), f.mean(x), f.matmul(y, y), f.reshape(y, (2, 2)),
        f.zeros_for(y, (2,)), f.full_like(y, 3), f.nn_softmax(y, 0), f.astype(y, "int64"),
        g, f.nn_conv2d_input(g, filters, size=(5, 5), **window),
        f.nn_conv2d_weight(images, g, kernel=(3, 3), **window),
    ):  # fmt: skip
        assert out.ctx == there


def test_without_a_gpu_it_says_why():
    if mx.context.num_gpus():
        pytest.skip("there is a GPU for MXNet")
    with pytest.raises(minpy.DeviceError, match=r"MXNet 1\.9\.1"):
        LIBRARIES["mxnet"].backend_on(gpu(0))
    with (
        minpy.use_policy("prefer_mxnet"),
        pytest.raises(minpy.DeviceError, match=r"MXNet 1\.9\.1"),
        gpu(0),
    ):
        pass
