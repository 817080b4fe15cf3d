"""Attention: against PyTorch and a loop."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F

from .agreement import close, differentiable_twice, drawn, same_as_torch

attention = F.scaled_dot_product_attention


def qkv(*batch, L=4, S=6, D=3, M=2, dtype="float64"):
    shapes = [(*batch, L, D), (*batch, S, D), (*batch, S, M)]
    return [drawn(*shape, dtype=dtype, seed=i) for i, shape in enumerate(shapes)]


def by_loop(q, k, v, scale):
    out = onp.zeros((len(q), v.shape[1]))
    for i, query in enumerate(q):
        weights = onp.exp([scale * query @ key for key in k])
        out[i] = sum(w * value for w, value in zip(weights, v, strict=True)) / weights.sum()
    return out


MASK = onp.random.default_rng(0).random((4, 6)) > 0.4
MASK[:, 0] = True
SEES_NOTHING = MASK.copy()
SEES_NOTHING[2] = False

MASKS = {
    "none": {},
    "causal": {"is_causal": True},
    "boolean": {"mask": MASK},
    "boolean with a query that sees nothing": {"mask": SEES_NOTHING},
    "all false": {"mask": onp.zeros((4, 6), bool)},
    "added": {"mask": drawn(4, 6, seed=5)},
    "added, for each head": {"mask": drawn(3, 4, 6, seed=5)},
    "added, with minus infinity": {"mask": onp.where(SEES_NOTHING, 0.5, -onp.inf)},
    "scale": {"scale": 0.3},
    "boolean for each key": {"mask": MASK[:1]},
}
masked = pytest.mark.parametrize("name", MASKS)


def test_loop():
    q, k, v = qkv()
    close(attention(q, k, v), by_loop(q, k, v, 3**-0.5), "float64")
    close(attention(q, k, v, scale=2), by_loop(q, k, v, 2), "float64")


@masked
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [(), (3,), (2, 3), (0,)], ids=str)
def test_torch(batch, dtype, name):
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    options = dict(MASKS[name])
    theirs = options
    if "mask" in options:
        mask = options.pop("mask")
        if mask.ndim == 3 and batch[-1:] != (3,):
            mask = mask[0]
        mask = mask if mask.dtype == bool else mask.astype(dtype)
        theirs = options | {"attn_mask": torch.from_numpy(mask)}
        options = options | {"mask": mask}
    same_as_torch(
        torch,
        lambda q, k, v: attention(q, k, v, **options),
        lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, **theirs),
        *qkv(*batch, dtype=dtype),
    )


@masked
def test_second_order(name):
    q, k, v = qkv(3, L=4, S=6, D=2)
    differentiable_twice(lambda q, k, v: attention(q, k, v, **MASKS[name]), q, k, v)


def test_a_mask_can_be_learned():
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    mask = drawn(4, 6, seed=7)
    mask[1, 2:] = -onp.inf
    theirs = torch.nn.functional.scaled_dot_product_attention
    same_as_torch(
        torch,
        lambda q, k, v, m: attention(q, k, v, mask=m),
        lambda q, k, v, m: theirs(q, k, v, attn_mask=m),
        *qkv(),
        mask,
    )


def test_causal_and_mask_together():
    q, k, v = qkv()
    both = MASK & onp.tri(4, 6, dtype=bool)
    close(attention(q, k, v, mask=MASK, is_causal=True), attention(q, k, v, mask=both), "float64")
    bias = drawn(4, 6)
    found = attention(q, k, v, mask=bias, is_causal=True)
    added = onp.where(onp.tri(4, 6, dtype=bool), bias, -onp.inf)
    close(found, attention(q, k, v, mask=added), "float64")


def test_queries_that_see_nothing_get_zeros_and_no_gradient():
    q, k, v = qkv()
    out = attention(q, k, v, mask=SEES_NOTHING).asnumpy()
    onp.testing.assert_array_equal((out == 0).all(1), [False, False, True, False])
    g = minpy.grad(lambda q: np.sum(attention(q, k, v, mask=SEES_NOTHING) ** 2))(q).asnumpy()
    onp.testing.assert_array_equal((g == 0).all(1), [False, False, True, False])


def test_a_double_mask_does_not_make_single_precision_double():
    out = attention(*qkv(dtype="float32"), mask=onp.zeros((4, 6)))
    assert out.dtype == onp.float32


def test_batches_are_broadcast():
    q, k, v = qkv()
    out = attention(np.stack([q, q]), k, v)
    close(out[1], attention(q, k, v), "float64")


def test_weights_are_dropped():
    q, k = onp.zeros((4, 3)), onp.zeros((50, 3))
    v = onp.eye(50)
    weights = attention(q, k, v, dropout_p=0.5, seed=0).asnumpy()
    assert set(onp.unique(weights).round(10)) == {0, 2 / 50}
    again = attention(q, k, v, dropout_p=0.5, seed=0).asnumpy()
    onp.testing.assert_array_equal(weights, again)


def test_mistakes_are_explained():
    q, k, v = qkv()
    with pytest.raises(ValueError, match=r"got shapes \(4, 3\), \(6, 2\) and \(6, 2\)"):
        attention(q, k[:, :2], v)
    with pytest.raises(ValueError, match=r"got shapes \(4, 3\), \(6, 3\) and \(5, 2\)"):
        attention(q, k, v[:5])
    with pytest.raises(ValueError, match=r"got shapes \(3,\)"):
        attention(q[0], k, v)
    with pytest.raises(TypeError, match=r"dtype int64; write mask.astype\(bool\)"):
        attention(q, k, v, mask=MASK.astype("int64"))
    with pytest.raises(ValueError, match="prob"):
        attention(q, k, v, dropout_p=1.5)
