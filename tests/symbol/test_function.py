"""`minpy.Function`: values, gradients, shapes, calls."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F

from .networks import cell, convolution, linear

RNG = onp.random.default_rng(0)
X = RNG.standard_normal((8, 3, 10, 10))
W = 0.1 * RNG.standard_normal((32, 3, 3, 3))


def drawn(*shape, seed=0):
    return onp.random.default_rng([seed, *shape]).standard_normal(shape)


def close(found, expected, tolerance=1e-10):
    found, expected = onp.asarray(found), onp.asarray(expected)
    assert found.shape == expected.shape
    onp.testing.assert_allclose(found, expected, tolerance, tolerance)


# ----- values and gradients


def test_the_published_example(mx):
    x = mx.sym.Variable("x")
    net = mx.sym.Convolution(x, name="conv", kernel=(3, 3), num_filter=32, no_bias=True)
    conv = minpy.Function(net, input_shapes={"x": (8, 3, 10, 10)})

    def symbolic(x, w):
        return np.exp(conv(x=x, conv_weight=w))

    def ours(x, w):
        return np.exp(F.conv2d(x, w))

    close(symbolic(X, W), ours(X, W))
    expected = minpy.grad(ours, argnum=(0, 1))(X, W)
    for found, wanted in zip(minpy.grad(symbolic, argnum=(0, 1))(X, W), expected, strict=True):
        close(found, wanted)
    assert minpy.core.Function is minpy.Function


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-4), ("float64", 1e-10)])
def test_types_are_kept(mx, dtype, tolerance):
    conv = minpy.Function(convolution(mx))
    x, w = X.astype(dtype), W.astype(dtype)
    y = conv(x=x, conv_weight=w)
    assert y.dtype == dtype
    close(y, F.conv2d(x, w), tolerance)
    for g in minpy.grad(lambda x, w: conv(x, w), argnum=(0, 1))(x, w):
        assert g.dtype == dtype


def test_the_most_precise_input_decides_and_integers_come_along(mx):
    conv = minpy.Function(convolution(mx))
    assert conv(X, W.astype("float32")).dtype == "float64"
    whole = onp.arange(300).reshape(1, 3, 10, 10)
    assert conv(whole, W.astype("float32")).dtype == "float32"
    close(conv(whole, W), F.conv2d(whole.astype(float), W))
    gx, gw = minpy.grad(lambda x, w: conv(x, w), argnum=(0, 1))(X.astype("float32"), W)
    assert gx.dtype == "float32" and gw.dtype == "float64"


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softrelu"])
def test_gradients_are_those_of_finite_differences(mx, activation):
    net = mx.sym.Activation(linear(mx), act_type=activation)
    net = minpy.Function(linear(mx, 2, "last", net))

    def f(x, params):
        return net(x=x, **params)

    params = {
        "fc_weight": drawn(3, 5),
        "fc_bias": drawn(3),
        "last_weight": drawn(2, 3),
        "last_bias": drawn(2),
    }
    report = minpy.gradcheck(f, drawn(4, 5), params)
    assert report, report
    assert len(report.arguments) == 5


def test_beside_numpy_code(mx):
    """Before the symbol, after it, and around it."""
    fc = minpy.Function(linear(mx))

    def f(x, w):
        x = np.tanh(x)
        y = fc(x=x * x, fc_weight=w, fc_bias=w[:, 0])
        y[:, 0] *= 2  # in place
        return np.sum(y * y) + np.sum(w)

    report = minpy.gradcheck(f, drawn(4, 5), drawn(3, 5))
    assert report, report


def test_only_what_is_asked_for_is_computed(mx):
    """MXNet leaves out gradients that nobody wants, and a call that wants more gets them."""
    conv = minpy.Function(convolution(mx))
    by_weight = minpy.grad(lambda w: conv(X, w))(W)
    (executor,) = conv._executors.kept.values()
    assert executor.bound.grad_dict["x"] is None
    gx, gw = minpy.grad(lambda x, w: conv(x, w), argnum=(0, 1))(X, W)
    close(gw, by_weight)
    close(gx, minpy.grad(lambda x: F.conv2d(x, W))(X))
    close(minpy.grad(lambda w: conv(X, w))(W), by_weight)


def test_several_outputs(mx):
    x, y = mx.sym.Variable("x"), mx.sym.Variable("y")
    both = minpy.Function(mx.sym.Group([x * y, mx.sym.sum(x * x, axis=1)]))
    product, squares = both(x=drawn(2, 3), y=drawn(2, 3, seed=1))
    close(product, drawn(2, 3) * drawn(2, 3, seed=1))
    close(squares, (drawn(2, 3) ** 2).sum(1))
    assert len(both.outputs) == 2

    def f(x, y):
        product, squares = both(x=x, y=y)
        return np.sum(np.sin(product)) + np.sum(squares**2)

    assert minpy.gradcheck(f, drawn(2, 3), drawn(2, 3, seed=1))


def test_outputs_that_nobody_uses(mx):
    x = mx.sym.Variable("x")
    both = minpy.Function(mx.sym.Group([x * x, mx.sym.exp(x)]))
    close(minpy.grad(lambda x: both(x)[0])(drawn(3)), 2 * drawn(3))
    close(minpy.grad(lambda x: both(x)[1])(drawn(3)), onp.exp(drawn(3)))
    assert minpy.grad(lambda x: both(x)[0] * 0 + x)(drawn(3)).tolist() == [1, 1, 1]


def test_no_inputs_at_all(mx):
    ones = minpy.Function(mx.sym.ones(shape=(2, 2)))
    assert ones().tolist() == [[1, 1], [1, 1]]


def test_the_gradient_of_the_gradient_is_refused(mx):
    fc = minpy.Function(linear(mx), name="fc")

    def slope(w):
        return np.sum(minpy.grad(lambda w: np.sum(fc(drawn(2, 5), w, onp.zeros(3)) ** 2))(w))

    assert slope(drawn(3, 5)).shape == ()
    with pytest.raises(minpy.NoGradientError, match=r"gradient of fc .*first derivatives"):
        minpy.grad(slope)(drawn(3, 5))


def test_inside_of_checkpoint(mx):
    fc = minpy.Function(linear(mx))
    args = drawn(2, 5), drawn(3, 5), drawn(3)
    expected = minpy.grad(lambda *a: np.tanh(fc(*a)), argnum=(0, 1, 2))(*args)
    again = minpy.checkpoint(lambda *a: np.tanh(fc(*a)))
    for found, wanted in zip(minpy.grad(again, argnum=(0, 1, 2))(*args), expected, strict=True):
        close(found, wanted)


def test_a_nan_is_found_and_named(mx):
    root = minpy.Function(mx.sym.sqrt(mx.sym.Variable("x")), name="root")
    with minpy.detect_nan(), pytest.raises(minpy.NanError, match="root"):
        root(onp.array([1.0, -1.0]))


def test_profiles_and_statistics_name_it(mx, capsys):
    fc = minpy.Function(linear(mx), name="my_layer")
    np.policy.reset_op_stat()
    with minpy.profile() as prof:
        minpy.grad(lambda x: fc(x, drawn(3, 5), drawn(3)))(drawn(2, 5))
    assert np.policy.op_stat().on("mxnet")["my_layer"] == 1
    assert "my_layer" not in np.policy.op_stat().on("numpy")
    assert {"my_layer", "the gradient of my_layer"} <= {row.name for row in prof.rows}


# ----- calls


def test_by_position(mx):
    conv = minpy.Function(convolution(mx))
    assert conv.inputs == ["x", "conv_weight"]
    expected = conv(x=X, conv_weight=W)
    close(conv(X, W), expected)
    close(conv(X, conv_weight=W), expected)
    declared_first = minpy.Function(convolution(mx), input_shapes={"conv_weight": W.shape})
    assert declared_first.inputs == ["conv_weight", "x"]
    close(declared_first(W, X), expected)


@pytest.mark.parametrize(
    "args, kwargs, message",
    [
        ((), {"x": X}, r"conv was called without conv_weight\. Its inputs are x, conv_weight"),
        (
            (),
            {"x": X, "conv_weigth": W},
            r"no input 'conv_weigth' \(did you mean 'conv_weight'\?\)",
        ),
        ((), {"x": X, "w": W}, r"no input 'w'"),
        ((X,), {}, r"was given 1 positional .* takes x, conv_weight, all of them"),
        ((X, W, W), {}, r"was given 3 positional"),
        ((X, W), {"x": X}, r"2 positional argument\(s\) and the keywords x; .* takes conv_weight"),
    ],
)
def test_wrong_names(mx, args, kwargs, message):
    conv = minpy.Function(convolution(mx), name="conv")
    with pytest.raises(TypeError, match=message):
        conv(*args, **kwargs)


@pytest.mark.parametrize(
    "declared, x, w, parts",
    [
        ({}, X, W[:, :2], ["conv_weight has shape (32, 2, 3, 3)", "must be (32, 3, 3, 3)"]),
        ({}, X, W[:, :, :2], ["conv_weight has shape (32, 3, 2, 3)", "must be (32, 3, 3, 3)"]),
        ({}, X[:, :, :2], W, ["x (8, 3, 2, 10)", "do not go together", "kernel size exceed input"]),
        ({}, X[0], W, ["x (3, 10, 10)", "MXNet says"]),
        ({"x": X.shape}, X[:, :2], W, ["x has shape (8, 2, 10, 10)", "says (8, 3, 10, 10)"]),
        ({"x": X.shape}, X[0], W, ["x has shape (3, 10, 10)", "input_shapes"]),
        ({"x": X.shape}, X, W[:5], ["conv_weight has shape (5, 3, 3, 3)", "must be (32, 3, 3, 3)"]),
        ({}, 1.0, W, ["x has shape ()", "reshape(1)"]),
        ({}, X[:0], W, ["x has shape (0, 3, 10, 10)"]),
    ],
)
def test_wrong_shapes(mx, declared, x, w, parts):
    conv = minpy.Function(convolution(mx), input_shapes=declared, name="conv")
    with pytest.raises(ValueError, match="conv: ") as raised:
        conv(x=x, conv_weight=w)
    assert all(part in str(raised.value) for part in parts), raised.value
    assert len(str(raised.value)) < 400 and "\n" not in str(raised.value)


def test_a_wrong_shape_in_the_middle_of_training(mx):
    """Also where the same inputs had other shapes before."""
    conv = minpy.Function(convolution(mx))
    conv(X, W)
    with pytest.raises(ValueError, match=r"conv_weight has shape \(32, 2, 3, 3\)"):
        conv(X, W[:, :2])
    close(conv(X, W), F.conv2d(X, W))


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda mx: minpy.Function(3), TypeError, "takes a symbol of MXNet"),
        (lambda mx: minpy.Function(convolution(mx), {"y": (3,)}), TypeError, "no input 'y'"),
        (lambda mx: minpy.Function(convolution(mx), [(3,)]), TypeError, "is a dict of shapes"),
        (
            lambda mx: minpy.Function(mx.sym.Variable("a") + mx.sym.Variable("a")),
            ValueError,
            "several inputs called a",
        ),
        (
            lambda mx: minpy.Function(mx.sym.LeakyReLU(mx.sym.Variable("a"), act_type="rrelu")),
            ValueError,
            "makes MXNet 1.9.1 crash",
        ),
    ],
)
def test_wrong_functions(mx, make, error, message):
    with pytest.raises(error, match=message):
        make(mx)


@pytest.mark.parametrize(
    "make, x, says",
    [
        (
            lambda mx: mx.sym.Variable("x") + mx.sym.ones((4,)),
            onp.ones(4),
            "expected float64, got float32",
        ),
        (
            lambda mx: mx.sym.Convolution(
                mx.sym.Variable("x"),
                mx.sym.ones((1, 1, 1, 1), "float16"),
                kernel=(1, 1),
                num_filter=1,
                no_bias=True,
            ),
            onp.ones((1, 1, 2, 2), "float16"),
            "FP16 gemm on cpu not implemented",
        ),
    ],
    ids=["while binding", "while running"],
)
def test_what_mxnet_cannot_do_it_says_in_one_line(mx, make, x, says):
    with pytest.raises(ValueError, match="MXNet says: ") as raised:
        minpy.Function(make(mx), name="odd")(x)
    message = str(raised.value)
    assert says in message and "odd" in message
    assert "\n" not in message and ".cc" not in message


def test_complex_numbers_are_refused(mx):
    with pytest.raises(TypeError, match="conv_weight has dtype complex128"):
        minpy.Function(convolution(mx))(X, W * 1j)


def test_is_train_is_a_bool(mx):
    conv = minpy.Function(convolution(mx))
    assert conv.is_train is True
    with pytest.raises(TypeError, match="is_train is True or False"):
        conv.is_train = "no"


# ----- shapes


def test_parameters_follow_from_the_shapes_of_the_data(mx):
    net = mx.sym.Convolution(mx.sym.Variable("x"), name="conv", kernel=(3, 3), num_filter=32)
    net = mx.sym.FullyConnected(mx.sym.Activation(net, act_type="relu"), name="fc", num_hidden=10)
    net = minpy.Function(mx.sym.SoftmaxOutput(net, name="softmax"), {"x": (8, 3, 10, 10)})
    assert net.get_params() == {
        "conv_weight": {"shape": (32, 3, 3, 3)},
        "conv_bias": {"shape": (32,)},
        "fc_weight": {"shape": (10, 32 * 8 * 8)},
        "fc_bias": {"shape": (10,)},
    }
    assert net.get_output_shapes() == {"softmax_output": (8, 10)}
    assert net.get_one_output_shape() == (8, 10)
    assert net.get_one_output_shape({"x": (5, 3, 10, 10)}) == (5, 10)


def test_without_input_shapes_they_come_from_the_call(mx):
    conv = minpy.Function(convolution(mx))
    for look in (conv.get_params, conv.get_output_shapes, conv.get_one_output_shape):
        with pytest.raises(ValueError, match=r"input_shapes=\{'x': "):
            look()
    assert conv.get_params({"x": (1, 3, 5, 5)}) == {"conv_weight": {"shape": (32, 3, 3, 3)}}
    conv(X, W)
    assert conv.get_output_shapes() == {"conv_output": (8, 32, 8, 8)}


def test_shapes_that_determine_nothing(mx):
    net = minpy.Function(convolution(mx), input_shapes={"conv_weight": W.shape})
    with pytest.raises(ValueError, match=r"the shapes of x, conv_output do not follow from conv_w"):
        net.get_output_shapes()
    close(net(conv_weight=W, x=X), F.conv2d(X, W))


def test_one_output_shape_of_several(mx):
    x = mx.sym.Variable("x")
    both = minpy.Function(mx.sym.Group([x, 2 * x]), {"x": (2,)})
    with pytest.raises(ValueError, match="several outputs"):
        both.get_one_output_shape()


def test_another_batch_size_than_declared(mx):
    conv = minpy.Function(convolution(mx), input_shapes={"x": X.shape})
    close(conv(X[:3], W), F.conv2d(X[:3], W))


def test_a_variable_may_declare_its_type(mx):
    table = mx.sym.Variable("table")
    which = mx.sym.Variable("which", dtype="int32")
    look_up = minpy.Function(mx.sym.take(table, which))
    values = drawn(5, 2)
    close(look_up(table=values, which=[3, 3, 0]), values[[3, 3, 0]])
    g = minpy.grad(lambda t: look_up(table=t, which=[3, 3, 0]))(values)
    assert g[:, 0].tolist() == [1, 0, 0, 2, 0]


# ----- labels


def softmax(mx):
    return minpy.Function(mx.sym.SoftmaxOutput(linear(mx), name="softmax"), name="classifier")


def test_labels(mx):
    net = softmax(mx)
    x, w, labels = drawn(4, 5), drawn(3, 5), onp.array([0, 2, 1, 2])
    probabilities = net(x=x, fc_weight=w, fc_bias=onp.zeros(3), softmax_label=labels)
    close(probabilities, F.softmax(x @ w.T))
    found = minpy.grad(lambda w: net(x=x, fc_weight=w, fc_bias=onp.zeros(3), softmax_label=labels))
    loss = minpy.grad(lambda w: F.cross_entropy(x @ w.T, labels) * 4)  # of the sum
    close(found(w), loss(w))


def test_labels_can_be_left_out_where_nothing_is_recorded(mx):
    net = softmax(mx)
    x, w = drawn(4, 5), drawn(3, 5)
    close(net(x=x, fc_weight=w, fc_bias=onp.zeros(3)), F.softmax(x @ w.T))
    close(net(x, w, onp.zeros(3)), F.softmax(x @ w.T))
    with pytest.raises(TypeError, match="called without softmax_label"):
        minpy.grad(lambda w: net(x=x, fc_weight=w, fc_bias=onp.zeros(3)))(w)


def test_labels_that_are_recorded(mx):
    net = softmax(mx)
    with pytest.raises(minpy.NoGradientError, match="softmax_label, the labels of SoftmaxOutput"):
        minpy.grad(lambda y: net(drawn(4, 5), drawn(3, 5), onp.zeros(3), y))(onp.zeros(4))


def test_indices_that_are_recorded(mx):
    rows = mx.sym.Embedding(mx.sym.Variable("which"), name="rows", input_dim=5, output_dim=2)
    rows = minpy.Function(rows)
    assert rows(which=[1, 3], rows_weight=drawn(5, 2)).tolist() == drawn(5, 2)[[1, 3]].tolist()
    with pytest.raises(minpy.NoGradientError, match="which, the indices of Embedding rows"):
        minpy.grad(lambda i: rows(which=i, rows_weight=drawn(5, 2)))(onp.ones(2))


def test_what_is_a_label_and_something_else_too_is_no_label(mx):
    y = mx.sym.Variable("y")
    net = minpy.Function(mx.sym.LinearRegressionOutput(mx.sym.Variable("x") * y, y))
    with pytest.raises(TypeError, match="called without y"):
        net(x=drawn(3))


# ----- where it runs


@pytest.mark.parametrize("policy", ["only_numpy", "only_torch"])
def test_a_policy_that_forbids_mxnet(mx, policy):
    library = policy.removeprefix("only_")
    pytest.importorskip(library, reason=f"needs {library}")
    conv = minpy.Function(convolution(mx), name="conv")
    with (
        minpy.use_policy(policy),
        pytest.raises(minpy.BackendError, match=f"conv is a symbol.*'{policy}'"),
    ):
        conv(X, W)


@pytest.mark.parametrize("library", ["torch", "mxnet"])
def test_arrays_that_live_elsewhere(mx, library):
    pytest.importorskip(library, reason=f"needs {library}")
    squashed = minpy.Function(mx.sym.tanh(linear(mx)))
    args = drawn(2, 5), drawn(3, 5), drawn(3)

    def f(x, w, b):
        y = squashed(x, w, b)
        return np.sum(squashed(x + 1, w, b) ** 2) + np.sum(y)  # the first call is overtaken

    expected = minpy.grad(f, argnum=(0, 1, 2))(*args)
    for policy in (f"prefer_{library}", f"only_{library}"):
        if policy == "only_torch":
            continue  # it forbids MXNet
        with minpy.use_policy(policy):
            there = [np.array(x) for x in args]
            y = squashed(*there)
            assert y._backend.name == library
            found = minpy.grad(f, argnum=(0, 1, 2))(*there)
        close(y.asnumpy(), onp.tanh(args[0] @ args[1].T + args[2]))
        for g, wanted in zip(found, expected, strict=True):
            assert g._backend.name == library
            close(g.asnumpy(), wanted)


def test_numpys_arrays_join_mxnets(mx):
    fc = minpy.Function(linear(mx))
    with minpy.use_policy("prefer_mxnet"):
        w = np.array(drawn(3, 5))
    y = fc(drawn(2, 5), w, drawn(3))
    assert y._backend.name == "mxnet"
    close(y.asnumpy(), drawn(2, 5) @ drawn(3, 5).T + drawn(3))
    g = minpy.grad(lambda b: np.sum(fc(drawn(2, 5), w, b)))(drawn(3))
    assert g._backend.name == "numpy" and g.tolist() == [2, 2, 2]


def test_results_on_mxnet_are_not_overwritten(mx):
    """The executor's memory is its own, and MXNet computes while the program goes on."""
    fc = minpy.Function(linear(mx))
    with minpy.use_policy("prefer_mxnet"):
        inputs = [np.array(drawn(200, 5, seed=i)) for i in range(10)]
        w, b = np.array(drawn(3, 5)), np.array(drawn(3))
        outputs = [fc(x, w, b) for x in inputs]
        gradients = [minpy.grad(lambda w, x=x: np.sum(fc(x, w, b) ** 2))(w) for x in inputs]
    for i, (y, g) in enumerate(zip(outputs, gradients, strict=True)):
        x = drawn(200, 5, seed=i)
        close(y.asnumpy(), x @ drawn(3, 5).T + drawn(3))
        close(g.asnumpy(), 2 * (x @ drawn(3, 5).T + drawn(3)).T @ x, 1e-9)


def test_a_recurrent_cell_is_the_same_as_in_numpy(mx):
    step = minpy.Function(cell(mx))
    names = {"i2h_weight": "Wx", "i2h_bias": "b", "h2h_weight": "Wh"}
    params = {"Wx": drawn(4, 3), "b": drawn(4), "Wh": drawn(4, 4, seed=2)}
    xs = drawn(2, 6, 3)

    def symbolic(params):
        h = np.zeros((2, 4))
        for t in range(6):
            h = step(x=xs[:, t], h=h, **{k: params[name] for k, name in names.items()})
        return np.sum(h * h)

    def ours(params):
        h = np.zeros((2, 4))
        for t in range(6):
            h = np.tanh(xs[:, t] @ params["Wx"].T + h @ params["Wh"].T + params["b"])
        return np.sum(h * h)

    found, expected = minpy.grad(symbolic)(params), minpy.grad(ours)(params)
    for name in params:
        close(found[name], expected[name])
