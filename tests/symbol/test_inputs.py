"""What a call of a symbol takes: integers, the parameters of a whole network, MXNet's arrays."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn.modules.symbolic import Symbolic


def test_indices_stay_integers(mx):
    a, i = mx.sym.Variable("a"), mx.sym.Variable("i")
    rows = minpy.Function(mx.sym.Embedding(i, a, input_dim=2050, output_dim=1))
    table = onp.zeros((2050, 1), "float16")
    table[2049] = 1  # which float16 rounds to 2048
    assert rows(a=table, i=onp.array([2049])).tolist() == [[1]]
    big = onp.zeros(2**24 + 2, "float32")
    big[2**24 + 1] = 1  # which float32 rounds to 2**24
    assert minpy.Function(mx.sym.take(a, i))(a=big, i=onp.array([2**24 + 1])).tolist() == [1]


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64"])
def test_lengths_may_be_integers(mx, dtype):
    a, length = mx.sym.Variable("a"), mx.sym.Variable("length")
    f = minpy.Function(mx.sym.softmax(a, length, use_length=True))
    found = f(a=onp.ones((2, 2)), length=onp.array([1, 2], dtype))
    assert found.tolist() == [[1, 0], [0.5, 0.5]]


def test_it_takes_what_it_needs_of_all_parameters(mx):
    net = mx.sym.FullyConnected(mx.sym.Variable("X"), name="fc", num_hidden=2)
    f = minpy.Function(net, {"X": (4, 3)})
    params = {"fc_weight": onp.ones((2, 3)), "fc_bias": onp.ones(2), "w1": onp.ones((2, 2))}
    assert f(X=onp.ones((4, 3)), **params).tolist() == [[4, 4]] * 4
    del params["fc_bias"]
    with pytest.raises(TypeError, match="no input 'w1'"):
        f(X=onp.ones((4, 3)), **params)


def test_arrays_of_mxnet_are_differentiated(mx):
    x = mx.nd.array([1.0, 2.0])
    assert minpy.grad(lambda x: np.sum(x * x))(x).tolist() == [2, 4]
    assert minpy.grad(lambda p: np.sum(p["x"] * p["x"]))({"x": x})["x"].tolist() == [2, 4]


def test_operators_between_arrays_of_mxnet_and_ours(mx):
    theirs, ours = mx.nd.array([1.0, 2.0]), np.array([3.0, 5.0])
    assert (theirs + ours).tolist() == (ours + theirs).tolist() == [4, 7]
    assert (theirs - ours).tolist() == [-2, -3]
    assert (theirs < ours).tolist() == [True, True]
    gradient = minpy.grad(lambda x: np.sum(theirs * x))(onp.ones(2, "float32"))
    assert gradient.tolist() == [1, 2]
    assert (theirs + theirs).asnumpy().tolist() == [2, 4]


@pytest.fixture
def recurrent(mx):
    variables = map(mx.sym.Variable, ("x", "parameters", "h"))
    net = mx.sym.RNN(*variables, state_size=5, num_layers=1, mode="gru")
    return minpy.Function(net, {"x": (3, 2, 4)})


def test_another_batch_size_where_time_comes_first(recurrent):
    parameters = onp.ones(3 * 5 * 11)
    assert recurrent(x=onp.ones((3, 4, 4)), parameters=parameters).shape == (3, 4, 5)
    with pytest.raises(ValueError, match="input_shapes says"):
        recurrent(x=onp.ones((3, 4, 6)), parameters=parameters)


def test_the_first_state_is_zeros_and_no_parameter(recurrent):
    assert recurrent.get_params().keys() == {"parameters"}
    given = {"x": onp.ones((3, 2, 4)), "parameters": onp.full(3 * 5 * 11, 0.1)}
    left_out = recurrent(**given).asnumpy()
    assert left_out.tolist() == recurrent(**given, h=onp.zeros((1, 2, 5))).tolist()


def test_what_parameters_are_in_the_beginning(mx):
    x = mx.sym.BatchNorm(mx.sym.Variable("x"), name="scaled")
    x = mx.sym.LeakyReLU(x, act_type="prelu", name="bent")
    weight = mx.sym.Variable("weight", init=mx.init.Constant(3.0))
    net = mx.sym.FullyConnected(x, weight, name="fc", num_hidden=2)
    params = minpy.Function(net, {"x": (4, 3)}).get_params()
    values = {
        name: config["init_config"]["value"]
        for name, config in params.items()
        if "init_rule" in config
    }
    assert values == {"scaled_gamma": 1, "bent_gamma": 0.25, "weight": 3}


def test_a_module_begins_with_the_same_values(mx):
    x = mx.sym.LeakyReLU(mx.sym.Variable("data"), act_type="prelu", name="bent")
    net = Symbolic(mx.sym.BatchNorm(x, name="scaled"))
    net(np.ones((4, 3), dtype="float32"))
    assert net.param("bent_gamma").tolist() == [0.25] * 3
    assert net.param("scaled_gamma").tolist() == [1] * 3
    assert net.param("scaled_beta").tolist() == [0] * 3


def test_a_block_of_gluon_takes_our_arrays(mx):
    dense = mx.gluon.nn.Dense(2)
    dense.initialize(mx.init.One())
    assert dense(np.ones((1, 3), dtype="float32")).asnumpy().tolist() == [[3, 3]]
    with pytest.raises(minpy.errors.ImplicitExitError, match="A call of a block of gluon"):
        minpy.grad(lambda x: np.sum(dense(x)))(onp.ones((1, 3), "float32"))


def test_a_state_is_no_input_that_may_be_left_out(mx):
    bn = minpy.Function(mx.sym.BatchNorm(mx.sym.Variable("x"), name="bn"))
    given = {"x": onp.ones((4, 3)), "bn_gamma": onp.ones(3), "bn_beta": onp.zeros(3)}
    with pytest.raises(TypeError, match="it is a state"):
        bn(**given, bn_moving_mean=onp.zeros(3))
