"""Modules: what they compute is what functions compute with their parameters."""

import importlib.util

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F
from minpy.nn import layers, modules
from minpy.nn.model_builder import Concatenate, Layer, Model, Sequential, Updater
from minpy.nn.modules import (
    GRU,
    LSTM,
    RNN,
    BatchFlatten,
    BatchNorm,
    BatchReshape,
    Convolution,
    Dropout,
    Embedding,
    Flatten,
    FullyConnected,
    Identity,
    LastStep,
    LayerNorm,
    MultiHeadAttention,
    Pooling,
    PositionalEncoding,
    ReLU,
    Reshape,
    ResidualBlock,
    Symbolic,
    TransformerBlock,
)

from .networks import values


def drawn(*shape):
    return np.array(onp.random.default_rng(0).normal(size=shape).astype("f"))


def params_of(module):
    """Return the parameters of a module and its parts, by their own names."""
    parts = [part for part in module.walk() if isinstance(part, Layer)]
    return {(i, name): x for i, part in enumerate(parts) for name, x in part.all_params().items()}


def by_steps(activation, x, Wx, Wh, b):
    h = H
    states = []
    for t in range(x.shape[1]):
        h = activation(x[:, t] @ Wx + h @ Wh + b)
        states.append(h)
    return np.stack(states, axis=1)


IMAGES = drawn(2, 4, 6, 6)
STEPS = drawn(2, 4, 3)
WORDS = drawn(2, 5, 8)
H = np.zeros((2, 5), dtype="f")

#: Module, input, and what it computes, as a function of input and parameters.
COMPUTED = [
    (Identity(), drawn(2, 3), lambda x: x),
    (ReLU(), drawn(2, 3), layers.relu),
    (modules.GELU(), drawn(2, 3), layers.gelu),
    (modules.GELU("tanh"), drawn(2, 3), lambda x: layers.gelu(x, approximate="tanh")),
    (modules.LeakyReLU(0.2), drawn(2, 3), lambda x: np.where(x > 0, x, 0.2 * x)),
    (modules.ELU(0.5), drawn(2, 3), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
    (modules.SiLU(), drawn(2, 3), lambda x: x / (1 + np.exp(-x))),
    (modules.Softplus(), drawn(2, 3), lambda x: np.log1p(np.exp(x))),
    (modules.Lambda(lambda x: x[:, ::2] ** 2), drawn(2, 3), lambda x: x[:, ::2] ** 2),
    (modules.Upsample(2), IMAGES, lambda x: x.repeat(2, axis=2).repeat(2, axis=3)),
    (
        modules.Upsample(size=(9, 5), mode="bilinear", align_corners=True),
        IMAGES,
        lambda x: F.upsample(x, (9, 5), mode="bilinear", align_corners=True),
    ),
    (
        modules.ConvTranspose((3, 2), 5, 2, 1, output_pad=1),
        IMAGES,
        lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1),
    ),
    (modules.ConvTranspose(3, 5, no_bias=True), IMAGES, F.conv_transpose2d),
    (modules.GroupNorm(2), IMAGES, lambda x, gamma, beta: F.group_norm(x, 2, gamma, beta)),
    (modules.InstanceNorm(), IMAGES, F.instance_norm),
    (
        LayerNorm(axis=(1, 2, 3)),
        IMAGES,
        lambda x, gamma, beta: F.layer_norm(x, gamma, beta, axis=(1, 2, 3)),
    ),
    (
        Concatenate(Identity(), ReLU(), axis=-1),
        drawn(2, 3, 4),
        lambda x: np.concatenate([x, layers.relu(x)], axis=-1),
    ),
    (modules.Tanh(), drawn(2, 3), np.tanh),
    (modules.Logistic(), drawn(2, 3), lambda x: 1 / (1 + np.exp(-x))),
    (modules.Sigmoid(), drawn(2, 3), layers.sigmoid),
    (Reshape((3, -1)), drawn(2, 6), lambda x: x.reshape(3, 4)),
    (BatchReshape((3, 2)), drawn(2, 6), lambda x: x.reshape(2, 3, 2)),
    (Flatten(), drawn(2, 6), lambda x: x.reshape(12)),
    (BatchFlatten(), IMAGES, lambda x: x.reshape(2, 144)),
    (Pooling("max", (2, 2), (2, 2)), IMAGES, lambda x: F.max_pool2d(x, 2)),
    (Pooling("avg", 3), IMAGES, lambda x: F.avg_pool2d(x, 3, 1)),
    (Pooling("avg", (2, 2), 2, pad=1), IMAGES, lambda x: F.avg_pool2d(x, 2, 2, 1)),
    (Pooling("max", global_pool=True), IMAGES, lambda x: x.max(axis=(2, 3), keepdims=True)),
    (Pooling("avg", global_pool=True), IMAGES, lambda x: x.mean(axis=(2, 3), keepdims=True)),
    (
        FullyConnected(5),
        IMAGES,
        lambda x, weight, bias: x.reshape(2, 144) @ weight + bias,
    ),
    (FullyConnected(5, no_bias=True), drawn(2, 3), lambda x, weight: x @ weight),
    (FullyConnected(5, flatten=False), drawn(2, 3, 4), lambda x, weight, bias: x @ weight + bias),
    (Convolution((3, 3), 5), IMAGES, F.conv2d),
    (
        Convolution(3, 6, (2, 2), (1, 1), num_group=2, no_bias=True),
        IMAGES,
        lambda x, weight: F.conv2d(x, weight, stride=2, padding=1, groups=2),
    ),
    (LayerNorm(), drawn(2, 3), F.layer_norm),
    (BatchNorm(), IMAGES, lambda x, gamma, beta: F.batch_norm(x, gamma, beta)[0]),
    (BatchNorm(fix_gamma=True), drawn(4, 3), lambda x, beta: F.batch_norm(x, None, beta)[0]),
    (Embedding(7, 3), np.array([[1, 6], [0, 0]]), lambda x, weight: weight[x]),
    (RNN(5), drawn(2, 3), lambda x, *params: layers.rnn_step(x, np.zeros((2, 5), "f"), *params)),
    (RNN(5), STEPS, lambda x, *params: layers.rnn_temporal(x, H, *params)),
    (RNN(5, "relu"), drawn(2, 3), lambda x, Wx, Wh, b: layers.relu(x @ Wx + b)),
    (RNN(5, "sigmoid"), STEPS, lambda x, *params: by_steps(layers.sigmoid, x, *params)),
    (LSTM(5), STEPS, lambda x, *params: layers.lstm_temporal(x, H, *params)),
    (GRU(5), drawn(2, 3), lambda x, *params: layers.gru_step(x, H, *params)),
    (GRU(5), STEPS, lambda x, *params: layers.gru_temporal(x, H, *params)),
    (LastStep(), STEPS, lambda x: x[:, 3]),
    (
        modules.Bidirectional(LSTM(5)),
        STEPS,
        lambda x, *ps: layers.bidirectional(layers.lstm_temporal, x, (H, *ps[:3]), (H, *ps[3:])),
    ),
    (modules.LearnedPositions(6), STEPS, lambda x, table: x + table[:4]),
    (
        modules.ClassToken(),
        STEPS,
        lambda x, token: np.concatenate([token + 0 * x[:, :1], x], axis=1),
    ),
    (PositionalEncoding(), STEPS, lambda x: x + layers.positional_encoding(4, 3)),
    (
        MultiHeadAttention(2, is_causal=True),
        WORDS,
        lambda x, *params: layers.multi_head_attention(x, *params, heads=2, is_causal=True),
    ),
    (
        TransformerBlock(2, 16),
        WORDS,
        lambda x, *params: layers.transformer_encoder(
            x,
            dict(zip("Wqkv bqkv Wo bo W1 b1 W2 b2 gamma1 beta1 gamma2 beta2".split(), params)),
            2,
        ),
    ),
    (
        ResidualBlock(4),
        IMAGES,
        lambda x, *params: layers.residual_block(
            x, dict(zip("w1 gamma1 beta1 w2 gamma2 beta2".split(), params))
        )[0],
    ),
    (
        ResidualBlock(6, stride=2),
        IMAGES,
        lambda x, *params: layers.residual_block(
            x, dict(zip("w1 gamma1 beta1 w2 gamma2 beta2 w gamma beta".split(), params)), stride=2
        )[0],
    ),
]


@pytest.mark.parametrize(
    ("module", "x", "f"), COMPUTED, ids=[type(module).__name__ for module, _, _ in COMPUTED]
)
def test_a_module_computes_a_function_of_its_parameters(module, x, f):
    out = module(x)
    for param in params_of(module).values():
        param += 0.1 * onp.arange(param.size, dtype="f").reshape(param.shape)
    out = module(x)
    expected = f(x, *params_of(module).values())
    assert out.shape == expected.shape
    assert out.dtype == expected.dtype
    onp.testing.assert_allclose(out.asnumpy(), expected.asnumpy(), rtol=1e-4, atol=1e-5)


def test_every_module_is_tested_here():
    tested = {type(module).__name__ for module, _, _ in COMPUTED}
    elsewhere = {"Dropout", "Symbolic", "TransformerDecoderBlock"}
    assert tested | elsewhere == set(modules.__all__)


def test_dropout_drops_in_training_alone():
    dropout = Dropout(0.5)
    np.random.seed(0)
    assert set(onp.unique(dropout(np.ones(100)).asnumpy())) == {0.0, 2.0}
    dropout.inference()
    assert dropout(np.ones(100)).tolist() == [1.0] * 100
    dropout.training()
    assert (dropout(np.ones(100)).asnumpy() == 0).any()


def test_batch_norm_keeps_averages_for_later():
    norm = BatchNorm(momentum=0.5)
    x = np.array([[1.0], [3.0]], dtype="f")
    norm(x)
    assert norm.aux("moving_mean").tolist() == [1.0]
    assert norm.aux("moving_var").tolist() == [1.0]
    norm.inference()
    onp.testing.assert_allclose(norm(x).asnumpy(), [[0.0], [2.0]], atol=1e-4)
    assert norm.aux("moving_mean").tolist() == [1.0]


def test_a_residual_block_keeps_averages_for_later():
    block = ResidualBlock(4)
    before = block(IMAGES).asnumpy()
    averages = {name: x.copy() for name, x in block.all_aux().items()}
    assert (averages["mean1"].asnumpy() != 0).all() and (averages["var2"].asnumpy() != 1).all()
    block.inference()
    assert (block(IMAGES).asnumpy() != before).any()
    assert values(block.all_aux()) == values(averages)


# ---------------------------------------------------------------------------- sequences


@pytest.mark.parametrize("kind", [RNN, GRU])
def test_a_sequence_is_its_steps(kind):
    layer = kind(5)
    states = layer(STEPS)
    h = None
    for t in range(4):
        h = layer(STEPS[:, t], h)
        onp.testing.assert_allclose(states[:, t].asnumpy(), h.asnumpy(), rtol=1e-4, atol=1e-6)
    started = layer(STEPS, hidden=h + 1)
    assert (started.asnumpy() != states.asnumpy()).any()


def test_a_sequence_of_an_lstm_is_its_steps():
    layer = LSTM(5)
    states = layer(STEPS)
    h = c = None
    for t in range(4):
        h, c = layer(STEPS[:, t], h, c)
        onp.testing.assert_allclose(states[:, t].asnumpy(), h.asnumpy(), rtol=1e-4, atol=1e-6)
    assert (layer(STEPS, cell=c).asnumpy() != states.asnumpy()).any()


MASK = onp.array([[1, 1, 0, 0], [1, 1, 1, 1]], bool)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_a_masked_sequence_ends_with_its_last_word(kind):
    layer = kind(5, return_state=True)
    states, last = layer(STEPS, mask=MASK)
    short, short_last = layer(STEPS[:1, :2])
    pairs = zip(last, short_last) if kind is LSTM else [(last, short_last)]
    for found, expected in pairs:
        onp.testing.assert_allclose(found[:1].asnumpy(), expected.asnumpy(), rtol=1e-5)
    onp.testing.assert_allclose(states[:1, :2].asnumpy(), short.asnumpy(), rtol=1e-5)
    assert not states[0, 2:].asnumpy().any() and states[1, 2:].asnumpy().all()
    hidden = {"hidden": last[0], "cell": last[1]} if kind is LSTM else {"hidden": last}
    onp.testing.assert_allclose(  # and it goes on from there
        layer(STEPS, **hidden)[0][0].asnumpy(),
        layer(np.concatenate([STEPS[:1, :2], STEPS[:1]], axis=1))[0][0, 2:].asnumpy(),
        rtol=1e-4,
        atol=1e-6,
    )


def test_both_directions_of_a_masked_sequence():
    layer = modules.Bidirectional(LSTM(5, return_state=True, name="words"))
    states, (ahead, back) = layer(STEPS, mask=MASK)
    assert states.shape == (2, 4, 10)
    short, (short_ahead, short_back) = layer(STEPS[:1, :2])
    for found, expected in zip((*ahead, *back), (*short_ahead, *short_back), strict=True):
        onp.testing.assert_allclose(found[:1].asnumpy(), expected.asnumpy(), rtol=1e-5)
    onp.testing.assert_allclose(states[:1, :2].asnumpy(), short.asnumpy(), rtol=1e-5)
    model = Model(Sequential(modules.Bidirectional(GRU(3, name="words")), LastStep()))
    model.forward(STEPS)
    assert {"words_Wx", "words_back_Wx"} <= set(model.params)
    with pytest.raises(TypeError, match="takes a layer RNN, LSTM or GRU, got"):
        modules.Bidirectional(ReLU())
    with pytest.raises(ValueError, match=r"give it a new LSTM\(5\)"):
        modules.Bidirectional(layer.ahead)


def test_a_decoder_block_is_a_decoder():
    block = modules.TransformerDecoderBlock(2, 16, activation="relu")
    memory = drawn(2, 3, 8) + 1
    out = block(WORDS, memory)
    expected = layers.transformer_decoder(
        WORDS, memory, block.all_params(), 2, activation=layers.relu
    )
    onp.testing.assert_array_equal(out.asnumpy(), expected.asnumpy())
    parameters = layers.transformer_decoder_parameters(8, 16)
    assert {n: p.shape for n, p in block.all_params().items()} == {
        n: p.shape for n, p in parameters.items()
    }
    for name, value in block.all_params().items():  # as they start
        assert (value.asnumpy() == 0).all() == (parameters[name].asnumpy() == 0).all(), name


def test_words_are_decoded_one_by_one_with_a_cache():
    positions = {kind: kind for kind in (PositionalEncoding(), modules.LearnedPositions(5))}
    memory = drawn(2, 3, 8) + 1
    blocks = [
        TransformerBlock(2, 16, is_causal=True),
        modules.TransformerDecoderBlock(2, 16),
        MultiHeadAttention(2, is_causal=True),
    ]
    for position in positions:
        for block in blocks:
            other = (memory,) if isinstance(block, modules.TransformerDecoderBlock) else ()
            expected = block(position(WORDS), *other).asnumpy()
            for lengths in ([1] * 5, [2, 3], [3, 1, 1]):
                cache, start = {}, 0
                for length in lengths:
                    words = position(WORDS[:, start : start + length], start=start)
                    # the encoder's results are looked at once
                    memory_now = [m if start == 0 else 0 * m for m in other]
                    found = block(words, *memory_now, cache=cache).asnumpy()
                    onp.testing.assert_allclose(
                        found, expected[:, start : start + length], rtol=1e-4, atol=1e-5
                    )
                    start += length
    with pytest.raises(ValueError, match="has 2 positions from 4 on, but table"):
        layers.add_positions(WORDS[:, :2], drawn(5, 8), start=4)


@pytest.mark.parametrize("kind", [bool, "f"])
def test_masks_hold_for_new_words_too(kind):
    layer = MultiHeadAttention(2, is_causal=True)
    allowed = onp.ones((2, 1, 1, 5), bool)
    allowed[0, ..., 1] = False
    mask = allowed if kind is bool else onp.where(allowed, 0, -onp.inf).astype("f")
    expected = layer(WORDS, mask=mask).asnumpy()
    cache = {}
    layer(WORDS[:, :3], mask=mask[..., :3], cache=cache)
    found = layer(WORDS[:, 3:], mask=mask, cache=cache).asnumpy()
    onp.testing.assert_allclose(found, expected[:, 3:], rtol=1e-4, atol=1e-5)


def test_attention_looks_at_another_sequence():
    layer = MultiHeadAttention(2)
    context = drawn(2, 3, 8) + 1
    out = layer(WORDS, context=context)
    expected = layers.multi_head_attention(WORDS, **layer.all_params(), heads=2, context=context)
    onp.testing.assert_array_equal(out.asnumpy(), expected.asnumpy())


@pytest.mark.parametrize("block", [TransformerBlock(2, 16, p=0.5), MultiHeadAttention(2, p=0.5)])
def test_attention_drops_in_training_alone(block):
    assert (block(WORDS).asnumpy() != block(WORDS).asnumpy()).any()
    block.inference()
    onp.testing.assert_array_equal(block(WORDS).asnumpy(), block(WORDS).asnumpy())


def test_queries_keys_and_values_are_initialised_each_for_itself():
    layer = MultiHeadAttention(2)
    layer(drawn(1, 2, 64))
    assert onp.abs(layer.param("Wqkv").asnumpy()).max() > (6 / (64 + 192)) ** 0.5


@pytest.mark.parametrize("layer", [LSTM(8), GRU(8), RNN(8)])
def test_a_recurrent_network_learns_where_a_sequence_was_high(layer):
    np.random.seed(0)
    x = onp.random.default_rng(0).normal(size=(64, 6, 1)).astype("f")
    y = (x[:, 0, 0] > x[:, -1, 0]).astype(int)
    model = Model(Sequential(layer, LastStep(), FullyConnected(2)), loss="softmax_loss")
    updater = Updater(model, update_rule="adam", learning_rate=0.03)
    for _ in range(60):
        gradients, _ = model.grad_and_loss(x, y)
        updater(gradients)
    assert (model.forward(x).argmax(axis=1).asnumpy() == y).mean() > 0.95


# ---------------------------------------------------------------------------- symbols


@pytest.fixture
def mx():
    if importlib.util.find_spec("mxnet") is None:
        pytest.skip("needs MXNet")
    from minpy.backends.mxnet.loading import load

    return load()


def test_a_symbol_is_a_module(mx):
    symbol = mx.sym.FullyConnected(mx.sym.Variable("data"), name="fc", num_hidden=4)
    net = Symbolic(mx.sym.Activation(symbol, act_type="relu"))
    model = Model(Sequential(net, FullyConnected(2)), loss="softmax_loss")
    gradients, loss = model.grad_and_loss(drawn(3, 5), np.array([0, 1, 0]))
    assert gradients["symbolic0_fc_weight"].shape == (4, 5)

    def by_hand(params):
        w, b, w_out, b_out = params
        hidden = layers.relu(drawn(3, 5) @ w.T + b)
        return layers.softmax_loss(hidden @ w_out + b_out, np.array([0, 1, 0]))

    value, expected = minpy.value_and_grad(by_hand)(list(model.params.values()))
    assert loss.item() == pytest.approx(value.item(), rel=1e-5)
    for g, other in zip(gradients.values(), expected, strict=True):
        onp.testing.assert_allclose(g.asnumpy(), other.asnumpy(), rtol=1e-3, atol=1e-6)


def test_a_symbol_of_two_variables_is_called_by_name(mx):
    symbol = mx.sym.Variable("a") * mx.sym.Variable("b") + mx.sym.Variable("w")
    net = Symbolic(symbol, variables=("a", "b"))
    a, b = drawn(2, 3), drawn(2, 3) + 1
    assert net(a=a, b=b).shape == (2, 3)
    onp.testing.assert_allclose(net(a, b).asnumpy(), (a * b + net.param("w")).asnumpy(), rtol=1e-5)


def test_the_states_of_a_symbol_are_the_models(mx, tmp_path):
    def make():
        symbol = mx.sym.BatchNorm(mx.sym.Variable("data"), name="bn", fix_gamma=False)
        return Model(Sequential(Symbolic(symbol), FullyConnected(2)), loss="softmax_loss")

    model = make()
    x, y = drawn(8, 3) + 5, np.array([0, 1] * 4)
    for _ in range(3):
        model.grad_and_loss(x, y)
    model.inference()
    out = model.forward(x)
    mean = model.aux_params["symbolic0_bn_moving_mean"].asnumpy()
    onp.testing.assert_allclose(mean, (1 - 0.9**3) * x.mean(axis=0).asnumpy(), rtol=1e-4)
    other = make().load(model.save(tmp_path / "net"))
    other.inference()
    onp.testing.assert_allclose(other.forward(x).asnumpy(), out.asnumpy(), atol=1e-5)


# ---------------------------------------------------------------------------- shapes found out


def test_parameters_have_the_dtype_of_networks():
    with minpy.use_default_dtype("float64"):
        layer = FullyConnected(2)
        layer(np.ones((1, 3)))
    assert layer.param("weight").dtype == onp.float64


def test_after_a_failed_first_call_another_one_may_have_other_shapes():
    layer = Convolution((3, 3), 4)
    with pytest.raises(ValueError, match=r"takes images of shape \(N, C, H, W\).*BatchReshape"):
        layer(np.ones((2, 9)))
    with pytest.raises(ValueError):
        layer(np.ones((2, 5, 1, 1)))  # smaller than a filter
    assert layer(np.ones((2, 3, 4, 4))).shape == (2, 4, 2, 2)
    assert layer.param("weight").shape == (4, 3, 3, 3)


def test_a_second_call_with_another_size_is_an_error_that_says_so():
    layer = FullyConnected(2)
    layer(np.ones((1, 3)))
    with pytest.raises(ValueError, match=r"affine: w has shape \(3, 2\)"):
        layer(np.ones((1, 4)))


@pytest.mark.parametrize(
    ("configs", "expected"),
    [
        ({"init_rule": "constant", "value": 2.0}, {"weight": 2.0, "bias": 2.0}),
        ({"weight": {"value": 3.0}}, {"weight": 3.0, "bias": 0.0}),
        ({"bias": {"value": 1.0}, "weight": {"value": 4.0}}, {"weight": 4.0, "bias": 1.0}),
    ],
)
def test_parameters_may_be_initialised_in_another_way(configs, expected):
    layer = FullyConnected(2, init_configs=configs)
    layer(np.ones((1, 3)))
    for name, value in expected.items():
        assert set(layer.param(name).ravel().tolist()) == {value}


def test_parameters_may_be_updated_in_another_way():
    layer = FullyConnected(2, update_configs={"bias": {"learning_rate": 9.0}, "update_rule": "sgd"})
    model = Model(layer, loss="softmax_loss", input_shape=(3,))
    own = {"update_rule": "sgd", "optim_config": {"learning_rate": 9.0}}
    assert own.items() <= model.param_configs["fully_connected0_bias"].items()
    assert "optim_config" not in model.param_configs["fully_connected0_weight"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pooling("mean"), "pool_type is 'max' or 'avg', not 'mean'"),
        (lambda: Sequential(ReLU), r"Sequential is made of modules.*write ReLU\(\.\.\.\)"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_networks_agree_with_functions_and_so_do_their_gradients():
    net = Sequential(Convolution((3, 3), 4, pad=(1, 1)), ReLU(), BatchFlatten(), FullyConnected(3))
    model = Model(net, loss="softmax_loss")
    x, y = drawn(5, 2, 4, 4), np.array([0, 1, 2, 0, 1])
    gradients, loss = model.grad_and_loss(x, y)

    def by_hand(params):
        w, b, w_out, b_out = params
        hidden = layers.relu(F.conv2d(x, w, b, padding=1))
        return layers.softmax_loss(layers.affine(hidden, w_out, b_out), y)

    value, expected = minpy.value_and_grad(by_hand)(list(model.params.values()))
    assert value.item() == loss.item()
    for g, other in zip(gradients.values(), expected, strict=True):
        onp.testing.assert_array_equal(g.asnumpy(), other.asnumpy())
    assert values(gradients).keys() == values(model.params).keys()


@pytest.mark.parametrize("policy", ["prefer_torch", "prefer_mxnet"])
@pytest.mark.parametrize("layer", [modules.RNN, modules.LSTM, modules.GRU])
def test_recurrent_layers_start_from_zeros_on_their_library(layer, policy):
    library = policy.removeprefix("prefer_")
    pytest.importorskip(library, reason=f"needs {library}")
    x = onp.ones((2, 3, 4), "float32")
    np.random.seed(0)
    expected = layer(5)(np.asarray(x)).asnumpy()
    np.random.seed(0)
    with minpy.use_policy(policy):
        found = layer(5)(np.asarray(x))
    onp.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-5)


def test_the_activation_of_a_transformer_block_can_be_chosen():
    x = drawn(2, 5, 8)
    block = modules.TransformerBlock(2, 16)
    gelu = block(x)
    outputs = {}
    for activation in ("relu", "tanh", layers.silu):
        block.activation = modules.TransformerBlock(2, 16, activation=activation).activation
        outputs[activation] = block(x)
        expected = layers.transformer_encoder(
            x,
            block.all_params(),
            2,
            activation=getattr(layers, activation) if type(activation) is str else activation,
        )
        onp.testing.assert_array_equal(outputs[activation].asnumpy(), expected.asnumpy())
        assert (outputs[activation] != gelu).any()
    with pytest.raises(ValueError, match="no activation is called 'Relu'; did you mean relu"):
        modules.TransformerBlock(2, 16, activation="Relu")
    with pytest.raises(ValueError, match="approximate is 'none' or 'tanh'"):
        modules.GELU("exact")


def test_wrong_arguments_of_new_modules():
    with pytest.raises(TypeError, match="Lambda takes a function, got"):
        modules.Lambda(3)
    with pytest.raises(TypeError, match="Concatenate is made of modules, got 3"):
        Concatenate(ReLU(), 3)
    with pytest.raises(ValueError, match="one module at least"):
        Concatenate()
    with pytest.raises(ValueError, match="holds 0, the axis of samples"):
        LayerNorm(axis=(0, 1))(drawn(2, 3))
    for module in (modules.ConvTranspose(3, 2), modules.InstanceNorm()):
        with pytest.raises(ValueError, match=r"takes images of shape \(N, C, H, W\), got \(2, 3\)"):
            module(drawn(2, 3))


def test_a_small_unet_learns():
    """Skips by `Concatenate`, down by a stride and up by `ConvTranspose`."""
    inside = Sequential(
        Convolution(3, 8, stride=(2, 2), pad=(1, 1)),
        modules.GroupNorm(2),
        modules.SiLU(),
        modules.ConvTranspose(4, 4, stride=2, pad=1),
    )
    net = Sequential(Concatenate(Identity(), inside), Convolution(3, 1, pad=(1, 1)))
    model = Model(net, loss=lambda predict, y: np.mean((predict - y) ** 2))
    x = drawn(8, 1, 8, 8)
    y = np.roll(x, 1, axis=3) * 0.5
    updater = Updater(model, update_rule="adam", learning_rate=0.02)
    losses = []
    for _ in range(60):
        gradients, loss = model.grad_and_loss(x, y)
        updater(gradients)
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
    assert set(gradients) == set(model.params)
