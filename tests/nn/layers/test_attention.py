"""Attention with several heads, positions and transformer blocks."""

import math

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import init, layers, optim
from minpy.tree import leaves

from ..agreement import close, drawn, same_as_torch

N, L, S, D, HEADS = 2, 3, 4, 6, 2
HIDDEN = 5


def weights(dtype="float64"):
    shapes = [(D, 3 * D), (3 * D,), (D, D), (D,)]
    return [drawn(*shape, dtype=dtype, seed=i) for i, shape in enumerate(shapes)]


# ---------------------------------------------------------------------------- attention


def attention_by_loops(x, Wqkv, bqkv, Wo, bo, context=None, allowed=None):
    context = x if context is None else context
    size = D // HEADS
    found = onp.zeros(x.shape)
    for n in range(x.shape[0]):
        for head in range(HEADS):
            columns = [slice(i * D + head * size, i * D + (head + 1) * size) for i in range(3)]
            wq, wk, wv = (Wqkv[:, c] for c in columns)
            bq, bk, bv = (bqkv[c] for c in columns)
            keys = [context[n, s] @ wk + bk for s in range(context.shape[1])]
            values = [context[n, s] @ wv + bv for s in range(context.shape[1])]
            for i in range(x.shape[1]):
                query = x[n, i] @ wq + bq
                scores = [math.exp(query @ key / math.sqrt(size)) for key in keys]
                if allowed is not None:
                    scores = [a * s for a, s in zip(allowed[n, i], scores, strict=True)]
                mean = sum(s * v for s, v in zip(scores, values, strict=True)) / sum(scores)
                found[n, i, head * size : (head + 1) * size] = mean
    return found @ Wo + bo


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_self_attention_by_definition(dtype):
    x, ws = drawn(N, L, D, dtype=dtype), weights(dtype)
    close(layers.multi_head_attention(x, *ws, HEADS), attention_by_loops(x, *ws), dtype)
    causal = onp.broadcast_to(onp.tri(L), (N, L, L))
    found = layers.multi_head_attention(x, *ws, HEADS, is_causal=True)
    close(found, attention_by_loops(x, *ws, allowed=causal), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_attention_to_a_context_by_definition(dtype):
    x, context, ws = drawn(N, L, D, dtype=dtype), drawn(N, S, D, dtype=dtype), weights(dtype)
    words = onp.array([[True, True, False, False], [True, False, True, True]])
    found = layers.multi_head_attention(
        x, *ws, heads=HEADS, context=context, mask=words[:, None, None]
    )
    allowed = onp.broadcast_to(words[:, None], (N, L, S))
    close(found, attention_by_loops(x, *ws, context, allowed), dtype)


def torch_attention(torch, x, context, ws, **options):
    Wqkv, bqkv, Wo, bo = ws
    batch_second = [v.transpose(0, 1) for v in (x, context, context)]
    out, _ = torch.nn.functional.multi_head_attention_forward(
        *batch_second, D, HEADS, Wqkv.T, bqkv, None, None, False, 0.0, Wo.T, bo,
        need_weights=False, **options,
    )  # fmt: skip
    return out.transpose(0, 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_attention_as_in_torch(torch, dtype):
    x, context, ws = drawn(N, L, D, dtype=dtype), drawn(N, S, D, dtype=dtype), weights(dtype)
    same_as_torch(
        torch,
        lambda x, *ws: layers.multi_head_attention(x, *ws, HEADS),
        lambda x, *ws: torch_attention(torch, x, x, ws),
        x,
        *ws,
    )
    mask = onp.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1]], bool)
    same_as_torch(
        torch,
        lambda x, c, *ws: layers.multi_head_attention(x, *ws, HEADS, context=c, mask=mask),
        lambda x, c, *ws: torch_attention(torch, x, c, ws, attn_mask=~torch.from_numpy(mask)),
        x,
        context,
        *ws,
    )


def test_gradients_of_attention():
    def loss(x, context, *ws):
        out = layers.multi_head_attention(x, *ws, HEADS, context=context)
        return np.sum(out**2) + np.sum(layers.multi_head_attention(x, *ws, HEADS, is_causal=True))

    report = minpy.gradcheck(loss, drawn(N, L, D), drawn(N, S, D), *weights())
    assert report, report


def test_dropped_weights_of_attention():
    x, ws = drawn(N, L, D), weights()
    first, again = (layers.multi_head_attention(x, *ws, HEADS, prob=0.5, seed=1) for _ in range(2))
    onp.testing.assert_array_equal(first.asnumpy(), again.asnumpy())
    assert (first != layers.multi_head_attention(x, *ws, HEADS)).any()


def test_what_is_wrong_with_attention_is_explained():
    x, ws = drawn(N, L, D), weights()
    with pytest.raises(ValueError, match=r"heads must divide D, but x has .*\(2, 3, 6\) and .* 4"):
        layers.multi_head_attention(x, *ws, 4)
    with pytest.raises(ValueError, match=r"Wqkv has shape \(6, 6\), .* \(D, 3D\) = \(6, 18\): x"):
        layers.multi_head_attention(x, ws[2], *ws[1:], HEADS)
    with pytest.raises(ValueError, match=r"context has shape \(2, 4, 5\), .* = \(2, 4, 6\): x"):
        layers.multi_head_attention(x, *ws, HEADS, context=drawn(N, S, 5))


# ---------------------------------------------------------------------------- positions


@pytest.mark.parametrize("length, width", [(7, 6), (5, 5), (0, 4), (3, 1)])
def test_positional_encoding_by_definition(length, width):
    with minpy.use_default_dtype("float64"):
        found = layers.positional_encoding(length, width)
    expected = onp.zeros((length, width))
    for t in range(length):
        for column in range(width):
            angle = t / 10000 ** (2 * (column // 2) / width)
            expected[t, column] = math.cos(angle) if column % 2 else math.sin(angle)
    close(found, expected, "float64")
    assert layers.positional_encoding(length, width).dtype == "float32"


def test_positions_are_added():
    x, table = drawn(N, L, D), drawn(S, D)
    expected = [[x[n, t] + table[t] for t in range(L)] for n in range(N)]
    close(layers.add_positions(x, table), expected, "float64")
    gradient = minpy.grad(lambda table: np.sum(layers.add_positions(x, table)))(table)
    close(gradient, [[N] * D] * L + [[0] * D] * (S - L), "float64")
    with pytest.raises(
        ValueError, match=r"has 3 positions, but table of shape \(2, 6\) has only 2"
    ):
        layers.add_positions(x, table[:2])


# ---------------------------------------------------------------------------- blocks


def bumpy(params, dtype):
    """Parameters of which none is zero or one."""
    return {
        name: drawn(*p.shape, dtype=dtype, seed=i) * 0.5 + ("gamma" in name)
        for i, (name, p) in enumerate(params.items())
    }


def encoder_of_torch(torch, norm_first):
    layer = torch.nn.TransformerEncoderLayer(
        D, HEADS, HIDDEN, 0.0, "relu", batch_first=True, norm_first=norm_first
    )
    return layer, {
        "self_attn.in_proj_weight": "Wqkv", "self_attn.in_proj_bias": "bqkv",
        "self_attn.out_proj.weight": "Wo", "self_attn.out_proj.bias": "bo",
        "linear1.weight": "W1", "linear1.bias": "b1",
        "linear2.weight": "W2", "linear2.bias": "b2",
        "norm1.weight": "gamma1", "norm1.bias": "beta1",
        "norm2.weight": "gamma2", "norm2.bias": "beta2",
    }  # fmt: skip


def decoder_of_torch(torch, norm_first):
    layer = torch.nn.TransformerDecoderLayer(
        D, HEADS, HIDDEN, 0.0, "relu", batch_first=True, norm_first=norm_first
    )
    _, names = encoder_of_torch(torch, norm_first)
    return layer, {
        **names,
        "multihead_attn.in_proj_weight": "Wqkv_cross", "multihead_attn.in_proj_bias": "bqkv_cross",
        "multihead_attn.out_proj.weight": "Wo_cross", "multihead_attn.out_proj.bias": "bo_cross",
        # theirs are numbered in the order in which they run, ours as in the encoder
        "norm2.weight": "gamma3", "norm2.bias": "beta3",
        "norm3.weight": "gamma2", "norm3.bias": "beta2",
    }  # fmt: skip


def run_torch(torch, layer, names, params, *xs, **options):
    theirs = {
        name: params[ours].T if ours.startswith("W") else params[ours]
        for name, ours in names.items()
    }
    layer = layer.to(xs[0].dtype)
    return torch.func.functional_call(layer, theirs, xs, options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("norm_first", [True, False])
def test_encoder_as_in_torch(torch, norm_first, dtype):
    layer, names = encoder_of_torch(torch, norm_first)
    params = bumpy(layers.transformer_encoder_parameters(D, HIDDEN), dtype)
    assert set(names.values()) == set(params)
    same_as_torch(
        torch,
        lambda x, *ps: layers.transformer_encoder(
            x, dict(zip(params, ps)), HEADS, norm_first=norm_first, activation=layers.relu
        ),
        lambda x, *ps: run_torch(torch, layer, names, dict(zip(params, ps)), x),
        drawn(N, L, D, dtype=dtype),
        *params.values(),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("norm_first", [True, False])
def test_decoder_as_in_torch(torch, norm_first, dtype):
    layer, names = decoder_of_torch(torch, norm_first)
    params = bumpy(layers.transformer_decoder_parameters(D, HIDDEN), dtype)
    assert set(names.values()) == set(params)
    later = torch.triu(torch.ones(L, L, dtype=torch.bool), 1)
    same_as_torch(
        torch,
        lambda x, memory, *ps: layers.transformer_decoder(
            x, memory, dict(zip(params, ps)), HEADS, norm_first=norm_first, activation=layers.relu
        ),
        lambda x, memory, *ps: run_torch(
            torch, layer, names, dict(zip(params, ps)), x, memory, tgt_mask=later
        ),
        drawn(N, L, D, dtype=dtype),
        drawn(N, S, D, dtype=dtype),
        *params.values(),
    )


@pytest.mark.parametrize("norm_first", [True, False])
def test_gradients_of_blocks(norm_first):
    """Of a dict of parameters there is a dict of gradients."""
    params = bumpy(layers.transformer_decoder_parameters(D, HIDDEN), "float64")

    def loss(params, x, memory):
        memory = layers.transformer_encoder(memory, params, HEADS, norm_first=norm_first)
        x = layers.transformer_decoder(x, memory, params, HEADS, norm_first=norm_first)
        return np.sum(x**2)

    x, memory = drawn(N, L, D), drawn(N, S, D)
    report = minpy.gradcheck(loss, params, x, memory, directions=3)
    assert report, report
    assert minpy.grad(loss)(params, x, memory).keys() == params.keys()


def test_a_causal_block_does_not_look_ahead():
    params = bumpy(layers.transformer_encoder_parameters(D, HIDDEN), "float64")
    x = drawn(N, L, D)
    before = layers.transformer_encoder(x, params, HEADS, is_causal=True).asnumpy()
    x[:, 2] += 1
    after = layers.transformer_encoder(x, params, HEADS, is_causal=True).asnumpy()
    onp.testing.assert_array_equal(after[:, :2], before[:, :2])
    assert (after[:, 2] != before[:, 2]).all()
    assert (layers.transformer_encoder(x, params, HEADS).asnumpy()[:, 0] != before[:, 0]).all()


def test_masked_words_of_a_batch_do_not_matter():
    params = bumpy(layers.transformer_decoder_parameters(D, HIDDEN), "float64")
    x, memory = drawn(N, L, D), drawn(N, S, D)
    words = onp.array([[True, True, False, False], [True, True, True, False]])[:, None, None]
    options = {"memory_mask": words}
    before = layers.transformer_decoder(x, memory, params, HEADS, **options).asnumpy()
    memory[:, 3] += 1
    after = layers.transformer_decoder(x, memory, params, HEADS, **options).asnumpy()
    onp.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("block", ["encoder", "decoder"])
def test_dropout_in_blocks(block):
    params = bumpy(getattr(layers, f"transformer_{block}_parameters")(D, HIDDEN), "float64")
    inputs = [drawn(N, L, D)] if block == "encoder" else [drawn(N, L, D), drawn(N, S, D)]

    def run(**options):
        function = getattr(layers, f"transformer_{block}")
        return function(*inputs, params, HEADS, **options).asnumpy()

    plain = run()
    onp.testing.assert_array_equal(run(prob=0.5, mode="test"), plain)
    first = run(prob=0.5, seed=1)
    onp.testing.assert_array_equal(run(prob=0.5, seed=1), first)
    assert (first != plain).any() and (first != run(prob=0.5, seed=2)).any()
    with pytest.raises(ValueError, match=rf"transformer_{block}: mode is 'train' or 'test'"):
        run(mode="eval")


def test_initial_parameters():
    onp.random.seed(0)
    params = layers.transformer_decoder_parameters(64, 32)
    assert {str(p.dtype) for p in params.values()} == {"float32"}
    limit = math.sqrt(6 / 128)  # of a projection (D, D), also where three lie side by side
    for name in ("Wqkv", "Wqkv_cross", "Wo", "Wo_cross"):
        assert abs(params[name]).max() == pytest.approx(limit, rel=1e-2)
    for name, p in params.items():
        if p.ndim == 1:
            assert (p == (1 if name.startswith("gamma") else 0)).all()


def test_a_language_model_learns():
    """A few steps of a two-block model that predicts the next of four words."""
    onp.random.seed(0)
    words = onp.tile(onp.array([0, 2, 1, 3]), (2, 3))
    params = {
        "words": init.gaussian((4, 8), {"stdvar": 0.5}),
        "blocks": [layers.transformer_encoder_parameters(8, 16) for _ in range(2)],
        "out": init.xavier((8, 4)),
    }

    def loss(params):
        x = layers.word_embedding(words[:, :-1], params["words"])
        x = layers.add_positions(x, layers.positional_encoding(12, 8))
        for block in params["blocks"]:
            x = layers.transformer_encoder(x, block, heads=2, is_causal=True)
        scores = layers.temporal_affine(x, params["out"], onp.zeros(4, "float32"))
        return layers.temporal_softmax_loss(scores, words[:, 1:]) / 11

    first, configs = loss(params), [{"learning_rate": 0.02} for _ in leaves(params)]
    for _ in range(30):
        gradients = leaves(minpy.grad(loss)(params))
        for w, dw, config in zip(leaves(params), gradients, configs, strict=True):
            optim.adam(w, dw, config)
    assert first > 1 and loss(params) < 0.1
