"""Attention with several heads, positions, and the blocks of a transformer.

The parameters of a block are a dict of arrays, so that ``minpy.grad`` of a function of it gives a
dict like it, and a transformer is a loop::

    blocks = [transformer_encoder_parameters(64, 256) for _ in range(6)]
    x = add_positions(word_embedding(words, W), positional_encoding(100, 64))
    for params in blocks:
        x = transformer_encoder(x, params, heads=4)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.dtypes import get_default_dtype
from minpy.nn import functional as F
from minpy.nn import init
from minpy.nn.layers.dense import temporal_affine
from minpy.nn.layers.normalization import dropout
from minpy.nn.layers.shapes import fitting, in_training
from minpy.numpy import ndarray
from minpy.ops.nn.dropout import Seed

Arrays = dict[str, Any]

# ----- attention


def multi_head_attention(
    x: Any,
    Wqkv: Any,
    bqkv: Any,
    Wo: Any,
    bo: Any,
    heads: int,
    *,
    context: Any = None,
    mask: Any = None,
    is_causal: bool = False,
    cache: dict[str, Any] | None = None,
    prob: float = 0.0,
    seed: Seed = None,
) -> ndarray:
    """Return what each position gathers from others, by several attentions side by side.

    Queries, keys and values of all heads are columns of one product, as the gates of an LSTM are.

    Parameters
    ----------
    x : array_like, shape (N, L, D)
        Where the queries come from.
    Wqkv : array_like, shape (D, 3D)
        In each D columns the projections to queries, keys and values, and in each D / heads of
        these the heads.
    bqkv : array_like, shape (3D,)
    Wo : array_like, shape (D, D)
        The projection of the heads' results, side by side.
    bo : array_like, shape (D,)
    heads : int
        How many; it divides D.
    context : array_like, shape (N, S, D), optional
        Where keys and values come from; by default from `x`, which is self-attention.
    mask : array_like, broadcast to shape (N, heads, L, S), optional
        Booleans say which keys a query may look at, numbers are added to the scores.  Which words
        of a batch are no padding, of shape (N, S), is given as ``words[:, None, None]``.
    is_causal : bool
        Whether position `i` may look at positions 0 to `i` alone.
    cache : dict, optional
        For decoding word by word: ``{}`` before the first call, and the same dict in all later
        ones.  It keeps the keys and values of the positions so far, and `x` holds only the new
        positions, which follow them; S counts them all.  With `context`, it keeps the keys and
        values of the context, which are computed once.
    prob : float
        The probability to drop a weight of the attention, as in `dropout`.
    seed : int or Generator, optional
        For the dropout.

    Returns
    -------
    ndarray, shape (N, L, D)

    Raises
    ------
    ValueError
        If the shapes do not fit together, or `heads` does not divide D.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS (2017).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> x = np.ones((2, 5, 8))
    >>> weights = np.ones((8, 24)), np.zeros(24), np.ones((8, 8)), np.zeros(8)
    >>> multi_head_attention(x, *weights, heads=4, is_causal=True).shape
    (2, 5, 8)

    The same, one position after another:

    >>> cache = {}
    >>> for t in range(5):
    ...     out = multi_head_attention(x[:, t : t + 1], *weights, heads=4, cache=cache)
    >>> out.shape, cache["key"].shape
    ((2, 1, 8), (2, 4, 5, 2))
    """
    shapes = "x (N, L, D), Wqkv (D, 3D), bqkv (3D,), Wo (D, D), bo (D,)"
    x, Wqkv, bqkv, Wo, bo = fitting("multi_head_attention", shapes, x, Wqkv, bqkv, Wo, bo)
    width = x.shape[2]
    if heads < 1 or width % heads:
        raise ValueError(
            f"multi_head_attention: heads must divide D, but x has shape {x.shape} and heads is "
            f"{heads}"
        )
    if context is None:
        q, k, v = _heads(temporal_affine(x, Wqkv, bqkv), 3, heads)
    else:
        names = "x (N, L, D), context (N, S, D)"
        x, context = fitting("multi_head_attention", names, x, context)
        (q,) = _heads(temporal_affine(x, Wqkv[:, :width], bqkv[:width]), 1, heads)
        if cache:
            k, v = cache["key"], cache["value"]
        else:
            k, v = _heads(temporal_affine(context, Wqkv[:, width:], bqkv[width:]), 2, heads)
    if cache is not None:
        if context is None and cache:
            k = np.concatenate([cache["key"], k], axis=2)
            v = np.concatenate([cache["value"], v], axis=2)
        cache.update(key=k, value=v)
    new, known = q.shape[2], k.shape[2]
    if is_causal and context is None and new < known:  # the new positions are the last ones
        mask, is_causal = _with_earlier(mask, onp.tri(new, known, known - new, dtype=bool)), False
    found = F.scaled_dot_product_attention(
        q, k, v, mask=mask, is_causal=is_causal, dropout_p=prob, seed=seed
    )
    side_by_side = np.swapaxes(found, 1, 2).reshape(x.shape)
    return temporal_affine(side_by_side, Wo, bo)


def _with_earlier(mask: Any, earlier: onp.ndarray) -> Any:
    """Return a mask that also hides later positions."""
    if mask is None:
        return earlier
    mask = np.asarray(mask)
    if mask.dtype.kind == "b":
        return mask & earlier
    return np.where(earlier, mask, onp.asarray(-onp.inf, mask.dtype))


def _heads(x: Any, parts: int, heads: int) -> Any:
    """Return the parts of (N, L, parts * D), each as (N, heads, L, D / heads)."""
    examples, length, width = x.shape
    split = x.reshape(examples, length, parts, heads, width // (parts * heads))
    return np.transpose(split, (2, 0, 3, 1, 4))


# ----- positions


def positional_encoding(length: int, width: int) -> ndarray:
    """Return a vector for each position: sines and cosines of wavelengths from 2 pi to 20,000 pi.

    Parameters
    ----------
    length : int
        T, how many positions.
    width : int
        D, how long a vector is.

    Returns
    -------
    ndarray, shape (T, D)
        ``sin(t / 10000**(2 i / D))`` in the columns ``2 i``, the cosine in ``2 i + 1``; of the
        dtype of networks.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS (2017).

    Examples
    --------
    >>> positional_encoding(2, 4).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [0.841, 0.54 , 0.01 , 1.   ]], dtype=float32)
    """
    column = onp.arange(width)
    angle = onp.arange(length)[:, None] * 10000.0 ** (-2 * (column // 2) / width)
    waves = onp.where(column % 2, onp.cos(angle), onp.sin(angle))
    return np.array(waves, dtype=get_default_dtype())


def add_positions(x: Any, table: Any, *, start: int = 0) -> ndarray:
    """Return vectors plus those of their positions.

    Parameters
    ----------
    x : array_like, shape (N, T, D)
    table : array_like, shape (L, D)
        A vector for each of at least T positions: a `positional_encoding`, or a parameter to be
        learned.
    start : int
        The position of the first vector, for decoding word by word.

    Returns
    -------
    ndarray, shape (N, T, D)

    Raises
    ------
    ValueError
        If the shapes do not fit together, or there are fewer than T positions.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> add_positions(np.zeros((1, 2, 3)), np.arange(12.0).reshape(4, 3))
    array([[[0., 1., 2.],
            [3., 4., 5.]]])
    """
    x, table = fitting("add_positions", "x (N, T, D), table (L, D)", x, table)
    length = start + x.shape[1]
    if length > table.shape[0]:
        begin = f" from {start} on" if start else ""
        raise ValueError(
            f"add_positions: x of shape {x.shape} has {x.shape[1]} positions{begin}, but table of "
            f"shape {table.shape} has only {table.shape[0]}"
        )
    return x + table[start:length]


# ----- blocks


def transformer_encoder_parameters(width: int, hidden: int) -> Arrays:
    """Return initial parameters of a `transformer_encoder`: weights by `init.xavier`.

    Parameters
    ----------
    width, hidden : int
        D, the length of the vectors, and H, that inside the feed-forward network.

    Returns
    -------
    dict of ndarray
        ``Wqkv`` (D, 3D), ``bqkv``, ``Wo`` (D, D), ``bo`` of the attention; ``W1`` (D, H), ``b1``,
        ``W2`` (H, D), ``b2`` of the feed-forward network; ``gamma1``, ``beta1``, ``gamma2``,
        ``beta2`` (D,) of the layer norms.

    Examples
    --------
    >>> params = transformer_encoder_parameters(64, 256)
    >>> params["Wqkv"].shape, params["W1"].shape
    ((64, 192), (64, 256))
    """
    return {
        **_attention_parameters(width, ""),
        **_norm_parameters(width, "1"),
        "W1": init.xavier((width, hidden)),
        "b1": init.constant((hidden,)),
        "W2": init.xavier((hidden, width)),
        "b2": init.constant((width,)),
        **_norm_parameters(width, "2"),
    }


def transformer_decoder_parameters(width: int, hidden: int) -> Arrays:
    """Return initial parameters of a `transformer_decoder`.

    Parameters
    ----------
    width, hidden : int
        As in `transformer_encoder_parameters`.

    Returns
    -------
    dict of ndarray
        Those of the encoder, ``Wqkv_cross``, ``bqkv_cross``, ``Wo_cross`` and ``bo_cross`` of the
        attention to the encoder's results, and ``gamma3``, ``beta3`` of the layer norm before it.

    Examples
    --------
    >>> len(transformer_decoder_parameters(64, 256))
    18
    """
    return {
        **transformer_encoder_parameters(width, hidden),
        **_attention_parameters(width, "_cross"),
        **_norm_parameters(width, "3"),
    }


def _attention_parameters(width: int, suffix: str) -> Arrays:
    thirds = [init.xavier((width, width)) for _ in range(3)]
    return {
        "Wqkv" + suffix: np.concatenate(thirds, axis=1),
        "bqkv" + suffix: init.constant((3 * width,)),
        "Wo" + suffix: init.xavier((width, width)),
        "bo" + suffix: init.constant((width,)),
    }


def _norm_parameters(width: int, suffix: str) -> Arrays:
    ones = init.constant((width,), {"value": 1.0})
    return {"gamma" + suffix: ones, "beta" + suffix: init.constant((width,))}


class _Block:
    """What the two kinds of blocks have in common: their parts, one after another.

    Each part is added to its input, with a layer norm before the part (``norm_first``), or after
    the sum as in the paper.
    """

    def __init__(self, params: Arrays, heads: int, norm_first: bool, prob: float, seed: Seed):
        self.params = params
        self.heads = heads
        self.norm_first = norm_first
        self.prob = prob
        self.seed = None if seed is None else onp.random.default_rng(seed)  # masks of their own

    def added(self, x: Any, part: Callable[[Any], Any], which: str) -> Any:
        gamma, beta = self.params["gamma" + which], self.params["beta" + which]
        if self.norm_first:
            return x + self.dropped(part(F.layer_norm(x, gamma, beta)))
        return F.layer_norm(x + self.dropped(part(x)), gamma, beta)

    def dropped(self, x: Any) -> Any:
        return dropout(x, self.prob, seed=self.seed)

    def attention(self, x: Any, suffix: str = "", **options: Any) -> Any:
        weights = {name: self.params[name + suffix] for name in ("Wqkv", "bqkv", "Wo", "bo")}
        return multi_head_attention(
            x, **weights, heads=self.heads, prob=self.prob, seed=self.seed, **options
        )

    def feed_forward(self, x: Any, activation: Callable[[Any], Any]) -> Any:
        hidden = activation(temporal_affine(x, self.params["W1"], self.params["b1"]))
        return temporal_affine(self.dropped(hidden), self.params["W2"], self.params["b2"])


def transformer_encoder(
    x: Any,
    params: Arrays,
    heads: int,
    *,
    mask: Any = None,
    is_causal: bool = False,
    cache: dict[str, Any] | None = None,
    norm_first: bool = True,
    activation: Callable[[Any], Any] = F.gelu,
    prob: float = 0.0,
    mode: str = "train",
    seed: Seed = None,
) -> ndarray:
    """Return the result of an encoder block: self-attention, and a network at each position.

    With ``is_causal=True`` it is a block of a language model such as GPT.

    Parameters
    ----------
    x : array_like, shape (N, T, D)
    params : dict of array
        As `transformer_encoder_parameters` makes them.
    heads, mask, is_causal, cache
        As in `multi_head_attention`; each block has a cache of its own.
    norm_first : bool
        Whether the layer norms come before the two parts, which trains without warm-up, or after
        the sums, as in the paper.
    activation : callable
        Of the feed-forward network.
    prob : float
        The probability to drop, as in `dropout`: of attention weights, hidden units, and results of
        the parts.
    mode : {'train', 'test'}
        In 'test' mode nothing is dropped.
    seed : int or Generator, optional
        For the dropout.

    Returns
    -------
    ndarray, shape (N, T, D)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS (2017); R. Xiong et al., "On layer
    normalization in the transformer architecture", ICML (2020), for `norm_first`.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> params = transformer_encoder_parameters(8, 32)
    >>> transformer_encoder(np.ones((2, 5, 8)), params, heads=4).shape
    (2, 5, 8)
    """
    (x,) = fitting("transformer_encoder", "x (N, T, D)", x)
    prob = prob if in_training("transformer_encoder", mode) else 0.0
    block = _Block(params, heads, norm_first, prob, seed)
    options = {"mask": mask, "is_causal": is_causal, "cache": cache}
    x = block.added(x, lambda x: block.attention(x, **options), "1")
    return block.added(x, lambda x: block.feed_forward(x, activation), "2")


def transformer_decoder(
    x: Any,
    memory: Any,
    params: Arrays,
    heads: int,
    *,
    mask: Any = None,
    memory_mask: Any = None,
    is_causal: bool = True,
    cache: dict[str, Any] | None = None,
    norm_first: bool = True,
    activation: Callable[[Any], Any] = F.gelu,
    prob: float = 0.0,
    mode: str = "train",
    seed: Seed = None,
) -> ndarray:
    """Return the result of a decoder block, which also looks at what the encoder has made.

    Parameters
    ----------
    x : array_like, shape (N, T, D)
    memory : array_like, shape (N, S, D)
        The encoder's results.
    params : dict of array
        As `transformer_decoder_parameters` makes them.
    heads : int
    mask : array_like, broadcast to shape (N, heads, T, T), optional
        For the attention to `x`, as in `multi_head_attention`.
    memory_mask : array_like, broadcast to shape (N, heads, T, S), optional
        For the attention to `memory`.
    is_causal : bool
        Whether position `i` of `x` may look at positions 0 to `i` alone.
    cache : dict, optional
        For decoding word by word, as in `multi_head_attention`: keys and values of the positions so
        far, and those of `memory`.
    norm_first, activation, prob, mode, seed
        As in `transformer_encoder`.

    Returns
    -------
    ndarray, shape (N, T, D)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS (2017).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> params = transformer_decoder_parameters(8, 32)
    >>> transformer_decoder(np.ones((2, 5, 8)), np.ones((2, 7, 8)), params, heads=4).shape
    (2, 5, 8)
    """
    x, memory = fitting("transformer_decoder", "x (N, T, D), memory (N, S, D)", x, memory)
    prob = prob if in_training("transformer_decoder", mode) else 0.0
    block = _Block(params, heads, norm_first, prob, seed)

    caches = [None, None]
    if cache is not None:
        caches = [cache.setdefault("words", {}), cache.setdefault("memory", {})]
    to_itself = {"mask": mask, "is_causal": is_causal, "cache": caches[0]}
    to_memory = {"context": memory, "mask": memory_mask, "cache": caches[1]}
    x = block.added(x, lambda x: block.attention(x, **to_itself), "1")
    x = block.added(x, lambda x: block.attention(x, "_cross", **to_memory), "3")
    return block.added(x, lambda x: block.feed_forward(x, activation), "2")
