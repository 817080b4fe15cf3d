"""Facts about MXNet's operators that a symbol does not tell, found by trying all of them.

MXNet answers some questions about gradients with zeros.  Where zeros are right, as they are for
indices, nothing is lost; where they are not, a `Function` refuses instead.  The tests compare every
operator with finite differences (``make symbols``), and these tables are what that needs.
"""

from __future__ import annotations

import re

# ----- inputs without a gradient: operator -> the number of the input

# Labels: MXNet returns zeros, and the gradient of the data is that of the loss.
LOSSES = {
    "SoftmaxOutput": 1,
    "Softmax": 1,
    "LinearRegressionOutput": 1,
    "LogisticRegressionOutput": 1,
    "MAERegressionOutput": 1,
    "SVMOutput": 1,
}

# Indices, lengths and conditions: the result does not change with them, or jumps.
INDICES = {
    "Embedding": 0,
    "_contrib_SparseEmbedding": 0,
    "take": 1,
    "batch_take": 1,
    "pick": 1,
    "one_hot": 0,
    "gather_nd": 1,
    "scatter_nd": 1,
    "_scatter_set_nd": 2,
    "_ravel_multi_index": 0,
    "_unravel_index": 0,
    "_contrib_index_copy": 1,
    "_contrib_boolean_mask": 1,
    "_sparse_retain": 1,
    "where": 0,
    "_npi_where": 0,
    "softmax": 1,
    "log_softmax": 1,
    "softmax_cross_entropy": 1,
    "CTCLoss": 1,
    "ctc_loss": 1,
    "SequenceLast": 1,
    "SequenceMask": 1,
    "SequenceReverse": 1,
}

# The operators whose indices have to be of the dtype of the data.
FLOATING = frozenset({"softmax_cross_entropy"})

# Inputs whose gradient is not zero, and for which MXNet returns zeros, or another function's.
LOST = {
    "_contrib_box_iou": (0, 1),
    "_contrib_box_encode": (2, 3, 4, 5),
    "_contrib_box_decode": (0, 1),
    "_contrib_ROIAlign": (1,),
    "_contrib_PSROIPooling": (1,),
    "_contrib_DeformablePSROIPooling": (1,),
    "_contrib_MultiBoxTarget": (0, 1, 2),
    "_contrib_MultiBoxDetection": (0, 1, 2),
    "_contrib_Proposal": (0, 1, 2),
    "_contrib_MultiProposal": (0, 1, 2),
    "_sample_uniform": (0, 1),
    "_sample_normal": (0, 1),
    "_sample_gamma": (0, 1),
    "_sample_generalized_negative_binomial": (0, 1),
    "_sample_negative_binomial": (0, 1),
    "_sample_exponential": (0,),
    "_sample_poisson": (0,),
    "_random_pdf_poisson": (0,),
    "_random_pdf_negative_binomial": (0,),
    "_random_pdf_generalized_negative_binomial": (0,),
    "_image_flip_left_right": (0,),
    "_image_to_tensor": (0,),
    "_image_resize": (0,),
    "_image_random_brightness": (0,),
    "_image_random_contrast": (0,),
    "_image_random_saturation": (0,),
    "_image_random_hue": (0,),
    "_image_random_color_jitter": (0,),
    "_image_random_flip_left_right": (0,),
}

# The operators that pass on no gradient of any result but the first: means and variances.
FIRST_RESULT_ONLY = frozenset(
    """BatchNorm BatchNorm_v1 LayerNorm GroupNorm _contrib_SyncBatchNorm
    _contrib_BatchNormWithReLU""".split()
)

# The operators whose gradient is zero, and rightly so: what comes before them has none either.
CONSTANT = frozenset(
    """BlockGrad zeros_like ones_like ceil floor round rint fix trunc sign argmax argmin argsort
    argmax_channel shape_array size_array logical_not _contrib_index_array _contrib_arange_like
    one_hot broadcast_equal broadcast_not_equal broadcast_greater broadcast_greater_equal
    broadcast_lesser broadcast_lesser_equal broadcast_logical_and broadcast_logical_or
    broadcast_logical_xor _equal _not_equal _greater _greater_equal _lesser _lesser_equal
    _logical_and _logical_or _logical_xor _equal_scalar _not_equal_scalar _greater_scalar
    _greater_equal_scalar _lesser_scalar _lesser_equal_scalar _logical_and_scalar
    _logical_or_scalar _logical_xor_scalar""".split()
)

# The operators that compute wrong gradients of one input where those of the others are not asked
# for: MXNet 1.9.1's recurrent networks, in float64.
ALL_OR_NONE = frozenset({"RNN"})

# ----- what else they do

# The operators whose results have shapes that follow from values, which executors cannot run.
DYNAMIC = {
    "_cond": "write it in Python, with `if`",
    "_while_loop": "write it in Python, with `while`",
    "_contrib_boolean_mask": "write x[mask] in Python, with minpy.numpy",
    "_npi_boolean_mask": "write x[mask] in Python, with minpy.numpy",
    "_npx_nonzero": "use minpy.numpy.nonzero",
    "_npi_unique": "use minpy.numpy.unique",
}

# The operators that MXNet 1.9.1 has and that do not work, with what to use instead.
BROKEN = {
    "_image_flip_top_bottom": "sets no middle row; use reverse(axis=0)",
    "_image_random_flip_top_bottom": "sets no middle row; use reverse(axis=0)",
}

# What parameters are in the beginning, where the rules for biases and filters are wrong:
# (operator, number of the input) -> the options of `add_param`.
_ONES = {"init_rule": "constant", "init_config": {"value": 1.0}}
INITIAL = {
    **{(operator, 1): _ONES for operator in (*FIRST_RESULT_ONLY, "InstanceNorm")},
    ("LeakyReLU", 1): {"init_rule": "constant", "init_config": {"value": 0.25}},
    ("RNN", 1): {"init_rule": "gaussian", "init_config": {"stdvar": 0.1}},
}

DRAWS = re.compile("random|sample_|shuffle|bernoulli")  # numbers, always

# What makes an operator do in training what it does in use.
IN_USE = {
    "Dropout": {"p": "0"},
    "RNN": {"p": "0"},
    "BatchNorm": {"use_global_stats": "True"},
    "BatchNorm_v1": {"use_global_stats": "True"},
    "_contrib_SyncBatchNorm": {"use_global_stats": "True"},
    "_contrib_BatchNormWithReLU": {"use_global_stats": "True"},
}


def in_numpys_shapes(operator: str) -> bool:
    """Whether an operator makes arrays without axes, which a symbol has to be told to expect.

    Examples
    --------
    >>> in_numpys_shapes("_npi_exp"), in_numpys_shapes("exp")
    (True, False)
    """
    return operator.startswith("_np") or operator == "_contrib_allclose"
