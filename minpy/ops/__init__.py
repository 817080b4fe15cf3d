"""Each differentiable op once, with its gradient rule.

``elementwise``, ``shape``, ``indexing``, ``reduction``, ``products``, ``linalg``, ``fft`` and
``calculus`` hold functions with NumPy's names and arguments.  Most are ops; the others are
written in terms of ops, and differentiate for that reason.  They take raw arrays and `Array`
objects alike, and what is missing of NumPy's arguments (``out``, ``dtype``, ``where``) is added
where they become public, in `minpy.numpy`.
"""
