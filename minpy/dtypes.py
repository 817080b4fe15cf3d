"""The dtype of networks: what their parameters and their data are made of.

NumPy's creation functions keep NumPy's dtypes: ``np.ones(3)`` is float64.  The parameters that
`minpy.nn` makes and the data that `minpy.datasets` loads are float32, which halves time and
memory and is as good for learning.  `set_default_dtype` changes that for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as onp

from minpy.backends.settings import Setting

__all__ = ["get_default_dtype", "set_default_dtype", "use_default_dtype"]

_in_force: Setting[onp.dtype] = Setting("dtype", onp.dtype("float32"))


def get_default_dtype() -> onp.dtype:
    """Return the dtype of new parameters and of loaded data.

    Examples
    --------
    >>> get_default_dtype()
    dtype('float32')
    """
    return _in_force.get()


def set_default_dtype(dtype: Any) -> None:
    """Make the parameters and the data of networks of `dtype` from here on, in all threads.

    Parameters
    ----------
    dtype : {'float16', 'float32', 'float64'}, or the dtype itself

    Raises
    ------
    ValueError
        If it is not a floating dtype.

    Examples
    --------
    >>> set_default_dtype("float32")
    """
    _in_force.set_everywhere(_floating(dtype))


@contextmanager
def use_default_dtype(dtype: Any) -> Iterator[onp.dtype]:
    """Put a default dtype in force for a ``with`` block, such as float64 for a gradient check.

    Other threads do not notice.

    Examples
    --------
    >>> with use_default_dtype("float64"):
    ...     get_default_dtype()
    dtype('float64')
    """
    _in_force.enter(_floating(dtype))
    try:
        yield _in_force.get()
    finally:
        _in_force.leave()


def _floating(dtype: Any) -> onp.dtype:
    found = onp.dtype(dtype)
    if found.kind != "f":
        raise ValueError(
            f"the default dtype of networks is a floating one, such as 'float32', but was given "
            f"{dtype!r}"
        )
    return found
