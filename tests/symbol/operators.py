"""A table of MXNet's operators: what each is called with, in `test_operators`.

A row names an operator as ``mx.sym`` does, then its inputs, then its attributes.  ``X(2, 3)`` draws
numbers of any sign, ``P`` positive ones, ``U`` numbers inside of (-1, 1), ``I(n, 2, 3)`` integers
below n, and ``G`` the numbers 0.5, 1.5, 2.5, ... in some order, which are far from each other: for
operators that compare.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as onp

ROWS = []


@dataclass
class Row:
    """An operator and one way to call it.

    Attributes
    ----------
    name : str
        Its name below ``mx.sym``, such as ``"linalg.potrf"``.
    inputs : tuple
        Functions that draw the inputs.
    attributes : dict
    random : bool
        Whether its results are drawn, so that there is nothing to compare them with.
    designed : callable, optional
        The gradient of the first input, where by design it is not that of the result: a function
        of the gradient of the result and of the inputs.
    single : bool
        Whether MXNet computes in float32 whatever it is given, or takes nothing else.
    symmetric : bool
        Whether it takes a matrix for symmetric, and shares out the gradient of two elements.
    """

    name: str
    inputs: tuple
    attributes: dict[str, Any] = field(default_factory=dict)
    random: bool = False
    designed: Callable | None = None
    single: bool = False
    symmetric: bool = False


SETTINGS = ("random", "designed", "single", "symmetric")


def row(name, *inputs, **options):
    attributes = {key: value for key, value in options.items() if key not in SETTINGS}
    settings = {key: options[key] for key in SETTINGS if key in options}
    ROWS.append(Row(name, inputs, attributes, **settings))


def rows(names, *inputs, **options):
    for name in names.split():
        row(name, *inputs, **options)


def X(*shape):
    return lambda rng: rng.normal(size=shape)


def P(*shape):
    return lambda rng: rng.uniform(0.5, 2, size=shape)


def U(*shape):
    return lambda rng: rng.uniform(-0.9, 0.9, size=shape)


def G(*shape):
    size = int(onp.prod(shape))
    return lambda rng: (rng.permutation(size) + 0.5).reshape(shape) - size // 2


def I(n, *shape):  # noqa: E743 - the table is read by its capitals
    return lambda rng: rng.integers(n, size=shape)


def fixed(values, dtype=None):
    return lambda rng: onp.array(values, dtype)


def definite(n, *batch):
    def draw(rng):
        a = rng.normal(size=(*batch, n, n))
        return a @ onp.swapaxes(a, -1, -2) + n * onp.eye(n)

    return draw


def triangular(n):
    return lambda rng: onp.tril(rng.uniform(0.5, 2, size=(n, n)))


# ----- elementwise

rows(
    "sin cos tan arctan sinh cosh tanh arcsinh exp expm1 sigmoid softsign erf square negative abs "
    "relu identity degrees radians zeros_like ones_like cbrt "
    "hard_sigmoid",
    X(2, 3),
)
rows("BlockGrad stop_gradient", X(2, 3), designed=lambda g, x: 0 * g)
rows("make_loss MakeLoss", X(2, 3), designed=lambda g, x: onp.ones_like(g))
rows("log log10 log2 log1p sqrt rsqrt rcbrt reciprocal gamma gammaln", P(2, 3))
rows("arcsin arccos arctanh erfinv", U(2, 3))
row("arccosh", lambda rng: rng.uniform(1.5, 3, (2, 3)))
rows("ceil floor fix trunc sign", G(2, 3))
rows("round rint", U(2, 3))
rows("logical_not", I(2, 2, 3))
rows("logical_not", X(2, 3))
row("clip", G(2, 3), a_min=-1.2, a_max=1.3)
row("smooth_l1", G(2, 3), scalar=1.0)
for kind in ("relu", "sigmoid", "tanh", "softrelu", "softsign"):
    row("Activation", X(2, 3), act_type=kind)
for kind in ("leaky", "elu", "selu", "gelu"):
    row("LeakyReLU", X(2, 3), act_type=kind, single=True)
row("LeakyReLU", X(2, 3), P(3), act_type="prelu", single=True)
row("LeakyReLU", X(2, 3), act_type="rrelu", random=True)
row("Cast", X(2, 3), dtype="float64")
row("Cast", X(2, 3), dtype="float32", single=True)
row("Cast", G(2, 3), dtype="int32")
row("amp_cast", X(2, 3), dtype="float32", single=True)
row("amp_multicast", X(2, 3), X(2, 3), num_outputs=2, single=True)
row("contrib.quadratic", X(2, 3), a=2.0, b=3.0, c=1.0)
row("contrib.div_sqrt_dim", X(2, 3))
row("contrib.gradientmultiplier", X(2, 3), scalar=0.5, designed=lambda g, x: g / 2)
rows("contrib.round_ste contrib.sign_ste", X(2, 3), designed=lambda g, x: g)
rows("elemwise_add elemwise_sub elemwise_mul _grad_add", X(2, 3), X(2, 3))
rows("elemwise_div _hypot", P(2, 3), P(2, 3))
rows("broadcast_add broadcast_sub broadcast_mul", X(2, 3), X(2, 1))
rows("broadcast_div broadcast_hypot broadcast_power", P(2, 3), P(1, 3))
rows("broadcast_maximum broadcast_minimum", G(2, 3), U(2, 1))
rows("broadcast_mod", G(2, 3), fixed([[2.0], [3.2]]))
rows("_maximum _minimum _mod", G(2, 3), P(2, 3))
rows("_power", P(2, 3), P(2, 3))
rows(
    "broadcast_equal broadcast_not_equal broadcast_greater broadcast_greater_equal "
    "broadcast_lesser broadcast_lesser_equal broadcast_logical_and broadcast_logical_or "
    "broadcast_logical_xor",
    G(2, 3),
    U(2, 1),
)
rows(
    "_equal _not_equal _greater _greater_equal _lesser _lesser_equal _logical_and _logical_or "
    "_logical_xor",
    G(2, 3),
    U(2, 3),
)
rows(
    "_plus_scalar _minus_scalar _rminus_scalar _mul_scalar _maximum_scalar _minimum_scalar",
    G(2, 3),
    scalar=0.7,
)
rows(
    "_div_scalar _rdiv_scalar _power_scalar _rpower_scalar _hypot_scalar _mod_scalar _rmod_scalar",
    P(2, 3),
    scalar=2.3,
)
rows(
    "_equal_scalar _not_equal_scalar _greater_scalar _greater_equal_scalar _lesser_scalar "
    "_lesser_equal_scalar _logical_and_scalar _logical_or_scalar _logical_xor_scalar",
    G(2, 3),
    scalar=0.7,
)
rows("_scatter_plus_scalar _scatter_minus_scalar", X(2, 3), scalar=0.7)
row("_scatter_elemwise_div", P(2, 3), P(2, 3))
rows("add_n ElementWiseSum", X(2, 3), X(2, 3), X(2, 3))
row("where", I(2, 2, 3), X(2, 3), X(2, 3))
row("where", I(2, 2), X(2, 3), X(2, 3))
row("_identity_with_attr_like_rhs", X(2, 3), X(2, 3))
row("all_finite", X(2, 3))
row("multi_all_finite", X(2, 3), X(2), num_arrays=2)
row("multi_sum_sq", X(2, 3), X(2), num_arrays=2)
row("contrib.allclose", X(2, 3), X(2, 3))
row("IdentityAttachKLSparseReg", U(2, 3), penalty=0.0, designed=lambda g, x: g, single=True)

# ----- reductions

rows("sum mean nansum norm sum_axis", X(2, 3, 4), axis=1)
rows("sum mean prod nanprod nansum max min norm", G(2, 3))
rows("prod nanprod", P(2, 3, 4), axis=(1, 2), keepdims=True)
rows("max min", G(2, 3, 4), axis=1)
rows("sum mean", X(2, 3, 4), axis=1, exclude=True)
row("norm", G(2, 3), ord=1, axis=1)
row("moments", X(2, 3, 4), axes=(0, 1))
row("_square_sum", X(2, 3), axis=1)
rows("argmax argmin", G(2, 3), axis=1)
row("argmax_channel", G(2, 3))
row("softmax", X(2, 3))
row("softmax", X(2, 3), axis=0, temperature=2.0)
row("softmax", X(2, 3), fixed([2, 3], "int32"), use_length=True)
row("log_softmax", X(2, 3))
row("softmin", X(2, 3))
row("SoftmaxActivation", X(2, 3), single=True)
row("SoftmaxActivation", X(2, 3, 4), mode="channel", single=True)
row("_histogram", G(2, 3), bin_cnt=4, range=(-3.0, 3.0))
row("_histogram", G(2, 3), fixed([-3.0, 0.0, 3.0]))

# ----- shapes

row("Reshape", X(2, 6), shape=(3, -1))
row("Flatten", X(2, 3, 2))
row("transpose", X(2, 3, 4), axes=(2, 0, 1))
row("SwapAxis", X(2, 3, 4), dim1=0, dim2=2)
row("expand_dims", X(2, 3), axis=1)
row("squeeze", X(2, 1, 3))
row("broadcast_to", X(2, 1), shape=(2, 3))
row("broadcast_axis", X(2, 1), axis=1, size=3)
row("broadcast_like", X(2, 1), X(2, 3))
row("reshape_like", X(2, 3), X(3, 2))
row("slice", X(4, 3), begin=(1, 0), end=(3, 2))
row("slice_axis", X(4, 3), axis=0, begin=1, end=3)
row("slice_like", X(4, 3), X(2, 2))
row("SliceChannel", X(2, 4), num_outputs=2)
row("split_v2", X(4, 3), indices_or_sections=2)
row("Concat", X(2, 3), X(2, 2), dim=1)
row("_rnn_param_concat", X(3), X(4), dim=0)
row("stack", X(2, 3), X(2, 3), axis=1)
row("tile", X(2, 3), reps=(2, 1))
row("repeat", X(2, 3), repeats=2, axis=1)
row("reverse", X(2, 3), axis=1)
row("Pad", X(1, 2, 3, 3), mode="edge", pad_width=(0, 0, 0, 0, 1, 1, 1, 1))
row("Pad", X(1, 2, 3, 3), mode="reflect", pad_width=(0, 0, 0, 0, 1, 1, 1, 1))
row("diag", X(3, 3), k=1)
row("diag", X(3))
row("depth_to_space", X(1, 4, 2, 2), block_size=2)
row("space_to_depth", X(1, 1, 4, 4), block_size=2)
row("im2col", X(1, 2, 4, 4), kernel=(2, 2))
row("col2im", X(1, 8, 9), output_size=(4, 4), kernel=(2, 2))
rows("shape_array size_array", X(2, 3))
row("_slice_assign", X(4, 3), X(2, 3), begin=(1,), end=(3,))
row("_slice_assign_scalar", X(4, 3), scalar=2.0, begin=(1,), end=(3,))
row("Crop", X(1, 2, 5, 5), X(1, 2, 3, 3), num_args=2, single=True)
row("contrib.arange_like", X(2, 3))
row("contrib.index_array", X(2, 3))
row("sort", G(2, 3))
row("sort", G(2, 3), axis=None)
row("argsort", G(2, 3))
row("topk", G(2, 4), k=2, ret_typ="value")
row("topk", G(2, 4), k=2, ret_typ="both")
row("topk", G(2, 4), k=2)
row("topk", G(2, 4), k=2, ret_typ="mask")
row("shuffle", X(4, 3), random=True)
row("_copy", X(2, 3))
row("cast_storage", X(2, 3), stype="default")

# ----- reading and writing parts

row("take", X(4, 3), I(4, 2))
row("take", X(4, 3), I(4, 2, 2), axis=0, mode="wrap")
row("batch_take", X(2, 3), I(3, 2))
row("pick", X(2, 3), I(3, 2))
row("one_hot", I(4, 3), depth=4)
row("gather_nd", X(3, 4), fixed([[0, 2], [1, 3]], "int64"))
row("scatter_nd", X(2), fixed([[0, 2], [1, 3]], "int64"), shape=(3, 4))
row("_scatter_set_nd", X(3, 4), X(2), fixed([[0, 2], [1, 3]], "int64"), shape=(3, 4))
row("ravel_multi_index", fixed([[0, 2], [1, 3]], "int64"), shape=(3, 4))
row("unravel_index", fixed([1, 7], "int64"), shape=(3, 4))
row("Embedding", I(4, 2, 3), X(4, 5), input_dim=4, output_dim=5)
row("contrib.SparseEmbedding", I(4, 2, 3), X(4, 5), input_dim=4, output_dim=5)
row("contrib.boolean_mask", X(4, 3), fixed([1, 0, 1, 1], "int64"))
row("contrib.index_copy", X(4, 3), fixed([1, 3], "int64"), X(2, 3))
row("sparse.retain", X(4, 3), fixed([1, 3], "int64"))
row("SequenceLast", X(3, 2, 4))
row("SequenceLast", X(3, 2, 4), fixed([2, 3], "float64"), use_sequence_length=True)
row("SequenceMask", X(3, 2, 4), fixed([2, 3], "float64"), use_sequence_length=True)
row("SequenceReverse", X(3, 2, 4), fixed([2, 3], "float64"), use_sequence_length=True)

# ----- linear algebra

row("dot", X(2, 3), X(3, 4))
row("dot", X(3, 2), X(4, 3), transpose_a=True, transpose_b=True)
row("batch_dot", X(2, 3, 4), X(2, 4, 2))
row("khatri_rao", X(2, 3), X(4, 3))
row("linalg.gemm", X(2, 3), X(3, 4), X(2, 4))
row("linalg.gemm2", X(2, 3), X(3, 4), alpha=2.0)
row("linalg.potrf", definite(3), symmetric=True)
row("linalg.potri", triangular(3))
row("linalg.trmm", triangular(3), X(3, 2))
row("linalg.trsm", triangular(3), X(3, 2))
row("linalg.syrk", X(2, 3))
row("linalg.sumlogdiag", triangular(3))
row("linalg.gelqf", X(2, 3))
row("linalg.syevd", definite(3), symmetric=True)
row("linalg.inverse", definite(3))
row("linalg.det", definite(3))
row("linalg.slogdet", definite(3))
row("linalg.extractdiag", X(3, 3))
row("linalg.makediag", X(3))
row("linalg.extracttrian", X(3, 3))
row("linalg.maketrian", X(6))
row("contrib.fft", X(2, 4))
row("contrib.ifft", X(2, 8))
row("contrib.count_sketch", X(2, 3), I(4, 1, 3), fixed([[1.0, -1.0, 1.0]]), out_dim=4)

# ----- networks

row("FullyConnected", X(2, 3), X(4, 3), X(4), num_hidden=4)
row("FullyConnected", X(2, 3), X(4, 3), num_hidden=4, no_bias=True)
rows("Convolution Convolution_v1", X(2, 2, 5, 5), X(3, 2, 3, 3), X(3), kernel=(3, 3), num_filter=3)
row("Convolution", X(2, 2, 5), X(3, 2, 3), X(3), kernel=(3,), num_filter=3, pad=(1,), stride=(2,))
row("Deconvolution", X(2, 3, 3, 3), X(3, 2, 3, 3), X(2), kernel=(3, 3), num_filter=2, no_bias=False)
row(
    "contrib.DeformableConvolution",
    X(1, 2, 5, 5),
    U(1, 18, 3, 3),
    X(3, 2, 3, 3),
    X(3),
    kernel=(3, 3),
    num_filter=3,
)
row(
    "contrib.ModulatedDeformableConvolution",
    X(1, 2, 5, 5),
    U(1, 18, 3, 3),
    P(1, 9, 3, 3),
    X(3, 2, 3, 3),
    X(3),
    kernel=(3, 3),
    num_filter=3,
)
for kind in ("max", "avg", "sum", "lp"):
    row(
        "Pooling",
        P(1, 2, 4, 4),
        kernel=(2, 2),
        stride=(2, 2),
        pool_type=kind,
        **({"p_value": 2} if kind == "lp" else {}),
    )
rows("Pooling_v1", G(1, 2, 4, 4), kernel=(2, 2), stride=(2, 2), pool_type="max")
row("Pooling", X(1, 2, 4, 4), global_pool=True, pool_type="avg", kernel=(1, 1))
row("contrib.AdaptiveAvgPooling2D", X(1, 2, 4, 4), output_size=2)
row("contrib.BilinearResize2D", X(1, 2, 4, 4), height=6, width=5)
row("UpSampling", X(1, 2, 3, 3), scale=2, sample_type="nearest")
row("UpSampling", X(1, 2, 3, 3), X(2, 1, 4, 4), scale=2, sample_type="bilinear", num_filter=2)
row("BatchNorm", X(4, 3), P(3), X(3), fix_gamma=False, eps=1e-3)
row("BatchNorm_v1", X(4, 3), P(3), X(3), fix_gamma=False, eps=1e-3, single=True)
row("BatchNorm", X(4, 3), P(3), X(3), fix_gamma=True, eps=1e-3)
row("BatchNorm", X(4, 3), P(3), X(3), fix_gamma=False, eps=1e-3, output_mean_var=True)
row("BatchNorm", X(4, 3), P(3), X(3), fix_gamma=False, use_global_stats=True)
row("contrib.SyncBatchNorm", X(4, 3), P(3), X(3), fix_gamma=False, eps=1e-3, key="k", single=True)
row(
    "contrib.BatchNormWithReLU",
    X(4, 3, 2, 2),
    P(3),
    fixed([9.0, 9.0, 9.0]),
    fix_gamma=False,
    eps=1e-3,
    single=True,
)
row("LayerNorm", X(2, 3), P(3), X(3))
row("LayerNorm", X(2, 3), P(3), X(3), output_mean_var=True)
row("GroupNorm", X(2, 4, 3), P(2), X(2), num_groups=2)
row("GroupNorm", X(2, 4, 3), P(2), X(2), num_groups=2, output_mean_var=True)
row("InstanceNorm", X(2, 3, 4), P(3), X(3), single=True)
row("L2Normalization", X(2, 3, 4))
row("LRN", X(1, 4, 2, 2), nsize=3, single=True)
row("Dropout", X(20, 3), p=0.5, random=True)
for mode, gates in (("rnn_tanh", 1), ("rnn_relu", 1), ("gru", 3)):
    row(
        "RNN",
        X(3, 2, 4),
        U(gates * 5 * (4 + 5 + 2)),
        U(1, 2, 5),
        state_size=5,
        num_layers=1,
        mode=mode,
        single=mode == "rnn_relu",
    )
    row(
        "RNN",
        X(3, 2, 4),
        U(gates * 5 * (4 + 5 + 2)),
        U(1, 2, 5),
        state_size=5,
        num_layers=1,
        mode=mode,
        single=mode == "rnn_relu",
        state_outputs=True,
    )
row(
    "RNN",
    X(3, 2, 4),
    U(4 * 5 * (4 + 5 + 2)),
    U(1, 2, 5),
    U(1, 2, 5),
    state_size=5,
    num_layers=1,
    mode="lstm",
)
row(
    "RNN",
    X(3, 2, 4),
    U(4 * 5 * (4 + 5 + 2)),
    U(1, 2, 5),
    U(1, 2, 5),
    state_size=5,
    num_layers=1,
    mode="lstm",
    state_outputs=True,
)
row(
    "RNN",
    X(3, 2, 4),
    U(2 * 3 * 5 * (4 + 5 + 2)),
    U(2, 2, 5),
    state_size=5,
    num_layers=1,
    mode="gru",
    bidirectional=True,
)
row("CTCLoss", X(4, 2, 3), fixed([[1, 2], [2, 0]], "float64"), single=True)
row("softmax_cross_entropy", X(3, 4), fixed([2.0, 0.0, 3.0]))
row(
    "Correlation",
    X(1, 2, 4, 4),
    X(1, 2, 4, 4),
    kernel_size=1,
    max_displacement=1,
    stride1=1,
    stride2=1,
    pad_size=1,
)
row("contrib.interleaved_matmul_selfatt_qk", X(3, 2, 12), heads=2, single=True)
row("contrib.interleaved_matmul_selfatt_valatt", X(3, 2, 12), X(4, 3, 3), heads=2, single=True)
row("contrib.interleaved_matmul_encdec_qk", X(3, 2, 4), X(3, 2, 8), heads=2, single=True)
row("contrib.interleaved_matmul_encdec_valatt", X(3, 2, 8), X(4, 3, 3), heads=2, single=True)
row(
    "contrib.hawkesll",
    P(2, 2),
    P(2),
    P(2),
    P(2, 2),
    P(2, 3),
    fixed([[0, 1, 0], [1, 0, 1]], "int32"),
    fixed([3, 2], "float64"),
    fixed([9.0, 9.0]),
    single=True,
)

# ----- images and boxes


def GRID(rng):
    return rng.uniform(-0.8, 0.8, (1, 2, 3, 3))


AFFINE = fixed([[0.9, 0.1, 0.05, -0.1, 0.8, 0.02]])
BOXES = fixed([[0.1, 0.1, 0.6, 0.7], [0.3, 0.2, 0.9, 0.8]])
ROIS = fixed([[0.0, 0.3, 0.4, 3.2, 3.3], [0.0, 1.1, 0.7, 3.7, 2.9]])
row("BilinearSampler", X(1, 2, 4, 4), GRID)
row("GridGenerator", AFFINE, transform_type="affine", target_shape=(3, 3), single=True)
row("GridGenerator", X(1, 2, 3, 3), transform_type="warp", single=True)
row(
    "SpatialTransformer",
    X(1, 2, 4, 4),
    AFFINE,
    target_shape=(3, 3),
    transform_type="affine",
    sampler_type="bilinear",
)
row("ROIPooling", G(1, 2, 5, 5), ROIS, pooled_size=(2, 2), spatial_scale=1.0)
row("contrib.ROIAlign", X(1, 2, 5, 5), ROIS, pooled_size=(2, 2), spatial_scale=1.0, sample_ratio=2)
row(
    "contrib.RROIAlign",
    X(1, 2, 5, 5),
    fixed([[0.0, 2.0, 2.0, 2.0, 2.0, 30.0]]),
    pooled_size=(2, 2),
    spatial_scale=1.0,
)
row("contrib.PSROIPooling", X(1, 8, 5, 5), ROIS, output_dim=2, pooled_size=2, spatial_scale=1.0)
row(
    "contrib.DeformablePSROIPooling",
    X(1, 8, 5, 5),
    ROIS,
    U(2, 2, 2, 2),
    output_dim=2,
    pooled_size=2,
    group_size=2,
    spatial_scale=1.0,
    trans_std=0.1,
    sample_per_part=2,
    part_size=2,
)
row("contrib.box_iou", BOXES, fixed([[0.2, 0.3, 0.7, 0.9]]), format="corner")
row(
    "contrib.box_nms",
    fixed([[[0.9, 0.1, 0.1, 0.6, 0.7], [0.8, 0.3, 0.2, 0.9, 0.8]]]),
    coord_start=1,
    score_index=0,
)
row(
    "contrib.box_encode",
    fixed([[1.0, 1.0]]),
    fixed([[0.0, 0.0]]),
    fixed([[[0.1, 0.1, 0.6, 0.7], [0.3, 0.2, 0.9, 0.8]]]),
    fixed([[[0.2, 0.3, 0.7, 0.9]]]),
    fixed([0.0, 0, 0, 0]),
    fixed([1.0, 1, 1, 1]),
)
row(
    "contrib.box_decode",
    U(1, 2, 4),
    fixed([[[0.1, 0.1, 0.6, 0.7], [0.3, 0.2, 0.9, 0.8]]]),
    format="corner",
)
row("contrib.bipartite_matching", P(1, 2, 3), threshold=1e-3)
row("contrib.MultiBoxPrior", X(1, 2, 3, 3), sizes=(0.5,), ratios=(1.0,), single=True)
row(
    "contrib.MultiBoxTarget",
    fixed([[[0.1, 0.1, 0.6, 0.7], [0.3, 0.2, 0.9, 0.8]]]),
    fixed([[[0.0, 0.1, 0.1, 0.5, 0.6]]]),
    P(1, 2, 2),
    single=True,
)
row(
    "contrib.MultiBoxDetection",
    P(1, 2, 2),
    U(1, 8),
    fixed([[[0.1, 0.1, 0.6, 0.7], [0.3, 0.2, 0.9, 0.8]]]),
    single=True,
)
rows(
    "contrib.Proposal contrib.MultiProposal",
    P(1, 2, 3, 3),
    U(1, 4, 3, 3),
    fixed([[48.0, 48.0, 1.0]]),
    scales=(8,),
    ratios=(1.0,),
    rpn_pre_nms_top_n=6,
    rpn_post_nms_top_n=3,
    single=True,
)
rows("image.flip_left_right image.flip_top_bottom", X(3, 5, 3))
row("image.flip_left_right", X(3, 4, 3))
row("image.flip_top_bottom", X(3, 4, 3))
row("image.to_tensor", P(3, 4, 3), single=True)
row("image.normalize", X(3, 4, 4), mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0))
row("image.crop", X(4, 4, 3), x=1, y=1, width=2, height=2)
row("image.resize", P(4, 4, 3), size=(3, 3))
row("image.adjust_lighting", P(4, 4, 3), alpha=(0.1, 0.2, 0.3), single=True)
rows(
    "image.random_brightness image.random_contrast image.random_saturation image.random_hue",
    P(4, 4, 3),
    min_factor=0.5,
    max_factor=1.5,
    random=True,
)
rows("image.random_flip_left_right image.random_flip_top_bottom", P(4, 4, 3), random=True)
row("image.random_lighting", P(4, 4, 3), random=True)
row(
    "image.random_color_jitter",
    P(4, 4, 3),
    brightness=0.1,
    contrast=0.1,
    saturation=0.1,
    hue=0.1,
    random=True,
)

# ----- losses, whose gradient is that of the loss they stand for


def softmax_residual(g, x, label):
    e = onp.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) - onp.eye(x.shape[1])[label]


def margins(g, x, label):
    own = onp.eye(x.shape[1])[label]
    return onp.where(own, -2 * onp.maximum(0, 1 - x), 2 * onp.maximum(0, 1 + x))


def sigmoid(x):
    return 1 / (1 + onp.exp(-x))


rows("SoftmaxOutput Softmax", X(3, 4), I(4, 3), designed=softmax_residual)
row("SVMOutput", X(3, 4), I(4, 3), designed=margins)
row("LinearRegressionOutput", X(3, 4), X(3, 4), designed=lambda g, x, y: (x - y) / 4)
row("LogisticRegressionOutput", X(3, 4), X(3, 4), designed=lambda g, x, y: (sigmoid(x) - y) / 4)
row("MAERegressionOutput", X(3, 4), X(3, 4), designed=lambda g, x, y: onp.sign(x - y) / 4)

# ----- random numbers

rows(
    "sample_uniform sample_normal sample_gamma sample_generalized_negative_binomial",
    P(3),
    P(3),
    random=True,
)
row("sample_negative_binomial", fixed([2.0, 3.0]), fixed([0.4, 0.5]), random=True)
rows("sample_exponential sample_poisson", P(3), random=True)
row("sample_multinomial", fixed([[0.2, 0.8], [0.5, 0.5]]), random=True)
row("sample_multinomial", fixed([[0.2, 0.8], [0.5, 0.5]]), get_prob=True, random=True)
rows(
    "random.uniform_like random.normal_like random.exponential_like random.gamma_like "
    "random.poisson_like random.negative_binomial_like "
    "random.generalized_negative_binomial_like",
    X(2, 3),
    random=True,
)
rows(
    "random_uniform random_normal random_exponential random_gamma random_poisson",
    shape=(2, 3),
    random=True,
)
row("random_negative_binomial", k=2, p=0.5, shape=(2, 3), random=True)
row("random_generalized_negative_binomial", mu=2.0, alpha=0.5, shape=(2, 3), random=True)
row("random_randint", low=0, high=5, shape=(2, 3), random=True)
rows(
    "random_pdf_uniform",
    lambda rng: rng.uniform(0.3, 0.6, (2, 3)),
    fixed([0.1, 0.2]),
    fixed([0.9, 0.8]),
)
rows("random_pdf_normal random_pdf_gamma", P(2, 3), P(2), P(2))
rows("random_pdf_exponential", P(2, 3), P(2))
rows("random_pdf_poisson", lambda rng: rng.integers(5, size=(2, 3)).astype(float), P(2))
rows(
    "random_pdf_negative_binomial",
    lambda rng: rng.integers(5, size=(2, 3)).astype(float),
    P(2),
    fixed([0.4, 0.6]),
)
rows(
    "random_pdf_generalized_negative_binomial",
    lambda rng: rng.integers(5, size=(2, 3)).astype(float),
    P(2),
    P(2),
)
rows("random_pdf_dirichlet", fixed([[[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]]), P(1, 3))

# ----- without inputs

row("zeros", shape=(2, 3))
row("ones", shape=(2, 3))
row("full", shape=(2, 3), val=2.5)
row("arange", start=0, stop=5)
row("linspace", start=0, stop=1, num=5)
row("eye", N=3)
