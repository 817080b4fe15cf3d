"""Gradients that MXNet loses or gets wrong: right here, or refused with where they are lost."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np


def drawn(*shape, seed=0):
    return onp.random.default_rng([seed, *shape]).standard_normal(shape)


@pytest.mark.parametrize("mode, gates", [("rnn_tanh", 1), ("rnn_relu", 1), ("gru", 3)])
def test_a_recurrent_network_has_the_same_gradient_alone_as_together(mx, mode, gates):
    variables = map(mx.sym.Variable, ("x", "parameters", "h"))
    f = minpy.Function(mx.sym.RNN(*variables, state_size=5, num_layers=1, mode=mode))
    given = drawn(3, 2, 4), 0.5 * drawn(gates * 5 * 11), drawn(1, 2, 5)
    weights = drawn(3, 2, 5)

    def loss(*arrays):
        return np.sum(f(*arrays) * weights)

    together = minpy.grad(loss, argnum=(0, 1, 2))(*given)
    for i, expected in enumerate(together):
        alone = minpy.grad(loss, argnum=i)(*given)
        onp.testing.assert_allclose(alone.asnumpy(), expected.asnumpy(), 1e-10, 1e-10)


def test_a_result_that_is_there_twice_gets_both_gradients(mx):
    y = mx.sym.exp(mx.sym.Variable("x"))
    f = minpy.Function(mx.sym.Group([y, y]))
    assert len(f.outputs) == 2

    def loss(x):
        first, second = f(x=x)
        return np.sum(2 * first + 3 * second)

    assert minpy.grad(loss)(onp.zeros(2)).tolist() == [5, 5]


@pytest.mark.parametrize("between", [False, True])
def test_a_gradient_that_is_lost_is_refused_however_far_away(mx, between):
    boxes = mx.sym.Variable("boxes")
    through = boxes * 2 if between else boxes
    f = minpy.Function(mx.sym.contrib.box_iou(through, mx.sym.Variable("others")))
    one = onp.array([[0.1, 0.1, 0.6, 0.7]])
    assert f(boxes=one, others=one).shape == (1, 1)
    with pytest.raises(minpy.NoGradientError, match=r"boxes, through _contrib_box_iou box_iou\d"):
        minpy.grad(lambda boxes: np.sum(f(boxes=boxes, others=one)))(one)


def test_a_gradient_that_is_rightly_zero_is_none_that_is_lost(mx):
    x = mx.sym.Variable("x")
    picked = mx.sym.pick(x, mx.sym.argmax(x, axis=1)) + mx.sym.sum(mx.sym.BlockGrad(x), axis=1)
    f = minpy.Function(picked)
    gradient = minpy.grad(lambda x: np.sum(f(x=x)))(onp.array([[1.0, 3.0, 2.0]]))
    assert gradient.tolist() == [[0, 1, 0]]


def test_the_mean_of_batch_normalization_has_no_gradient(mx):
    whole = mx.sym.BatchNorm(mx.sym.Variable("x"), name="norm", output_mean_var=True)
    given = {"norm_gamma": onp.ones(3), "norm_beta": onp.zeros(3)}
    for symbol, refused in ((whole, True), (whole[0], False)):
        f = minpy.Function(symbol)

        def loss(x, f=f):
            results = f(x=x, **given)
            return np.sum(results[0] if isinstance(results, tuple) else results)

        if refused:
            with pytest.raises(minpy.NoGradientError, match="the mean and variance"):
                minpy.grad(loss)(drawn(4, 3))
        else:
            assert minpy.grad(loss)(drawn(4, 3)).shape == (4, 3)


def test_labels_that_are_computed_from_an_input_have_no_gradient(mx):
    x = mx.sym.Variable("x")
    f = minpy.Function(mx.sym.LinearRegressionOutput(mx.sym.Variable("y"), 2 * x))
    with pytest.raises(minpy.NoGradientError, match="x, through the labels of"):
        minpy.grad(lambda x: np.sum(f(x=x, y=onp.ones(3))))(onp.ones(3))
    assert minpy.grad(lambda y: np.sum(f(x=onp.ones(3), y=y)))(onp.ones(3)).shape == (3,)


def test_an_operator_without_a_gradient_runs_without_one(mx):
    f = minpy.Function(mx.sym.khatri_rao(mx.sym.Variable("a"), mx.sym.Variable("b")))
    a, b = onp.ones((2, 3)), onp.full((4, 3), 2.0)
    for _ in range(2):
        assert f(a=a, b=b).tolist() == [[2.0] * 3] * 8
        with pytest.raises(minpy.NoGradientError, match="non-differentiable"):
            minpy.grad(lambda a: np.sum(f(a=a, b=b)))(a)


def test_weights_may_change_where_there_is_no_gradient(mx):
    net = mx.sym.FullyConnected(mx.sym.Variable("x"), name="fc", num_hidden=2, no_bias=True)
    f = minpy.Function(mx.sym.argmax_channel(net))
    x = onp.array([[1.0, 2.0]])
    assert f(x=x, fc_weight=onp.eye(2)).tolist() == [1]
    assert f(x=x, fc_weight=onp.eye(2)[::-1]).tolist() == [0]


def test_a_failed_gradient_leaves_the_next_one_alone(mx):
    x = mx.sym.Variable("x")
    f = minpy.Function(mx.sym.linalg.potrf(x))
    positive, negative = onp.eye(2), -onp.eye(2)
    gradient = minpy.grad(lambda x: np.sum(f(x=x)))
    expected = gradient(positive).tolist()
    with pytest.raises(ValueError, match="MXNet says"):
        gradient(negative)
    assert gradient(positive).tolist() == expected


@pytest.mark.parametrize("name", ["_cond", "_contrib_boolean_mask"])
def test_shapes_that_follow_from_values_are_refused(mx, name):
    x, mask = mx.sym.Variable("x"), mx.sym.Variable("mask")
    symbols = {
        "_cond": lambda: mx.sym.contrib.cond(mx.sym.sum(mask) > 0, lambda: x * 2, lambda: x * 3),
        "_contrib_boolean_mask": lambda: mx.sym.contrib.boolean_mask(x, mask),
    }
    f = minpy.Function(symbols[name]())
    with pytest.raises(ValueError, match=rf"the result of {name} .* follows from values.* Python"):
        f(x=onp.ones(3), mask=onp.ones(3))


def test_results_without_axes(mx):
    f = minpy.Function(mx.sym.np.mean(mx.sym.var("x").as_np_ndarray()))
    assert f(x=onp.array([1.0, 2.0])).shape == ()
    assert minpy.grad(lambda x: f(x=x))(onp.array([1.0, 2.0])).tolist() == [0.5, 0.5]
    same = minpy.Function(mx.sym.contrib.allclose(mx.sym.Variable("x"), mx.sym.Variable("y")))
    assert int(same(x=onp.ones(3), y=onp.ones(3))) == 1


def test_an_input_may_be_called_self(mx):
    f = minpy.Function(mx.sym.Variable("self") * mx.sym.Variable("ctx"))
    assert f(self=onp.array([2.0]), ctx=onp.array([3.0])).tolist() == [6]
    assert list(f.get_output_shapes({"self": (2,), "ctx": (2,)}).values()) == [(2,)]


def test_what_does_not_work_in_mxnet_says_what_does(mx):
    with pytest.raises(ValueError, match=r"use reverse\(axis=0\)"):
        minpy.Function(mx.sym.image.flip_top_bottom(mx.sym.Variable("x")))
