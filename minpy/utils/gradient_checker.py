"""The old minpy's `minpy.utils.gradient_checker`: one quick look at a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minpy import numpy as np
from minpy.checking import gradcheck
from minpy.errors import name_of

__all__ = ["quick_grad_check"]


def quick_grad_check(
    fun: Callable,
    arg: Any,
    eps: float = 1e-4,
    rtol: float = 1e-4,
    atol: float = 1e-6,
    *,
    rs: Any = None,
) -> bool:
    """Compare a gradient with a finite difference along one random direction, in float64.

    `minpy.gradcheck` looks at each element instead, and says where the error is.

    Parameters
    ----------
    fun : callable
        Of one argument; what it returns is summed.
    arg : array_like
        Where to look.
    eps : float
        How far to move along the direction.
    rtol, atol : float
        The two slopes may differ by ``atol + rtol * abs(numeric slope)``.
    rs : numpy.random.RandomState, optional
        Draws the direction.

    Returns
    -------
    bool
        True.

    Raises
    ------
    AssertionError
        If the two differ by more; the message says by how much.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> quick_grad_check(np.tanh, np.array([0.5, -1.0]))
    True
    """
    seed = 0 if rs is None else int(rs.randint(2**31 - 1))

    def summed(x: Any) -> Any:
        return np.sum(fun(x))

    report = gradcheck(summed, arg, step=eps, tolerance=rtol, directions=1, seed=seed)
    wrong = [
        f"{part.name}: {part.gradient:.8g}, but by differences {part.numeric:.8g}"
        for part in report.arguments
        if not abs(part.gradient - part.numeric) <= atol + rtol * abs(part.numeric)
    ]
    if wrong:
        raise AssertionError(
            f"the gradient of {name_of(fun)} along a random direction is not that of finite "
            f"differences with a step of {eps:g}. Argument {'; '.join(wrong)}. minpy.gradcheck "
            "looks at each element."
        )
    return True
