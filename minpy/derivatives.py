"""Derivatives built of `grad` and `make_vjp`: Jacobians, Hessians and their products.

Arguments and values may be nested: the Jacobian has the value's structure, and inside it, for
each array of the value, the argument's.  The Jacobian of ``p["a"] ** 2 * p["b"]`` with respect to
``p`` is ``{"a": ..., "b": ...}``.

The names are those of HIPS autograd, and so are their results.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as onp

from minpy import errors
from minpy.arguments import Argnum
from minpy.array import is_differentiable
from minpy.autograd import grad, make_vjp, value_and_grad
from minpy.inplace import zeros_for
from minpy.ops.creation import as_array
from minpy.ops.elementwise import real
from minpy.ops.products import dot, tensordot
from minpy.ops.reduction import sum as sum_
from minpy.ops.shape import reshape, stack
from minpy.tree import leaves, tree_map

__all__ = [
    "deriv",
    "elementwise_grad",
    "grad_and_aux",
    "grad_and_loss",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "jacobian",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "multigrad_dict",
    "tensor_jacobian_product",
    "vector_jacobian_product",
]


def grad_and_loss(f: Callable, argnum: Argnum = 0) -> Callable[..., tuple[Any, Any]]:
    """Return a function that returns the gradient of `f` and its value; see `value_and_grad`.

    Examples
    --------
    >>> import minpy
    >>> minpy.grad_and_loss(lambda x: x * x)(3.0)
    (6.0, 9.0)
    """
    both = value_and_grad(f, argnum)

    @functools.wraps(f)
    def gradient_and_loss(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        value, gradient = both(*args, **kwargs)
        return gradient, value

    return gradient_and_loss


def elementwise_grad(f: Callable, argnum: Argnum = 0) -> Callable[..., Any]:
    """Return the derivative of a function that works element by element, as `grad` does.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> minpy.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """
    return grad(f, argnum)


def make_jvp(f: Callable, argnum: Argnum = 0) -> Callable[..., Callable]:
    """Return a function that returns a Jacobian-vector product.

    It is two backward passes: ``vjp(u)`` is linear in ``u``, and its own vjp is the Jacobian.

    Returns
    -------
    callable
        For the arguments of `f`, a function that takes ``v``, of the argument's structure and
        shapes, to ``(value, Jacobian times v)``.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> minpy.make_jvp(np.sin)(np.zeros(2))(np.array([1.0, 2.0]))
    (array([0., 0.]), array([1., 2.]))
    """

    @functools.wraps(f)
    def jvp_at(*args: Any, **kwargs: Any) -> Callable:
        vjp, value = make_vjp(f, argnum)(*args, **kwargs)
        of_u, _ = make_vjp(vjp)(_zeros(value))

        def jvp(v: Any) -> tuple[Any, Any]:
            return value, of_u(v)

        return jvp

    return jvp_at


def _zeros(value: Any) -> Any:
    """Return zeros of the structure and the shapes of a value."""
    return tree_map(lambda x: zeros_for(as_array(x)) if is_differentiable(x) else x, value)


def _ones(value: Any) -> Any:
    def one_more(x: Any) -> Any:
        return x + 1 if is_differentiable(x) else x

    return tree_map(one_more, _zeros(value))


def jacobian(f: Callable, argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that returns the Jacobian of `f`.

    Returns
    -------
    callable
        For the arguments of `f`, an array of the shape of the value followed by that of the
        argument; one backward pass for each element of the value.  Nested arguments and values
        give nested Jacobians: see the module.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> minpy.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    >>> point = {"r": 2.0, "phi": 0.0}
    >>> minpy.jacobian(lambda p: p["r"] * np.array([np.cos(p["phi"]), np.sin(p["phi"])]))(point)
    {'r': array([1., 0.]), 'phi': array([0., 2.])}
    """

    @functools.wraps(f)
    def jacobian_at(*args: Any, **kwargs: Any) -> Any:
        vjp, value = make_vjp(f, argnum)(*args, **kwargs)
        if not any(x.size for x in leaves(value) if is_differentiable(x)):
            raise ValueError(f"{errors.name_of(f)} returned an empty array, which has no Jacobian")
        numbers = iter(range(len(leaves(value))))

        def rows_of(x: Any) -> Any:
            number = next(numbers)
            return _rows(vjp, value, number, x) if is_differentiable(x) else None

        return tree_map(rows_of, value)

    return jacobian_at


def _rows(vjp: Callable, value: Any, number: int, x: Any) -> Any:
    """Return the Jacobian of one array of a nested value: its leaf of that number, `x`."""
    rows = [vjp(seed) for seed in _basis(value, number, x)]
    if not rows:
        return tree_map(lambda g: None if g is None else _joined([g], x)[:0], vjp(_zeros(value)))
    parts = iter(zip(*map(leaves, rows), strict=True))

    def joined(first: Any) -> Any:
        part = next(parts)
        return None if first is None else _joined(part, x)

    return tree_map(joined, rows[0])


def _joined(rows: Any, x: Any) -> Any:
    shape = (-1, *rows[0].shape) if x.size == 0 else x.shape + rows[0].shape
    return reshape(stack(rows), shape) if shape else rows[0]


def _basis(value: Any, number: int, x: Any) -> Iterator[Any]:
    """Yield the gradients, nested as a value is, with a single one, in its leaf of a number."""
    for e in onp.eye(x.size, dtype=x.dtype).reshape((x.size, *x.shape)):
        yield tree_map(partial(_at_leaf, number, e, itertools.count()), _zeros(value))


def _at_leaf(number: int, e: Any, numbers: Iterator[int], y: Any) -> Any:
    """Return `e` at the leaf of that number, and every other leaf as it is."""
    return e if next(numbers) == number else y


def hessian(f: Callable, argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that returns the Hessian of `f`.

    Of a nested argument it has the structure twice: ``hessian(f)(p)["a"]["b"]``.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> minpy.hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(jacobian(f, argnum), argnum)


def hessian_vector_product(f: Callable, argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that returns the Hessian of `f` times a vector, without the Hessian.

    Returns
    -------
    callable
        Takes the arguments of `f`, then the vector, of the argument's structure and shapes.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> hvp = minpy.hessian_vector_product(lambda x: np.sum(x**3))
    >>> hvp(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """
    gradient = grad(f, argnum)

    def gradient_dot_vector(*args: Any, **kwargs: Any) -> Any:
        *inputs, vector = args
        return _inner(gradient(*inputs, **kwargs), vector)

    return functools.wraps(f)(grad(gradient_dot_vector, argnum))


hessian_tensor_product = hessian_vector_product


def _inner(one: Any, other: Any) -> Any:
    """Return the sum of the products of the elements of two nested structures."""
    pairs = zip(leaves(one), leaves(other), strict=True)
    return sum(sum_(x * y) for x, y in pairs if x is not None)


def make_hvp(f: Callable, argnum: Argnum = 0) -> Callable[..., tuple[Callable, Any]]:
    """Return a function that returns a Hessian-vector product at one point, and the gradient.

    The gradient is recorded once, however many products are asked for.

    Returns
    -------
    callable
        For the arguments of `f`, ``(hvp, gradient)``; ``hvp(v)`` is the Hessian times ``v``.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> hvp, gradient = minpy.make_hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    >>> gradient, hvp(np.array([1.0, 0.0]))
    (array([ 3., 12.]), array([6., 0.]))
    """
    return make_vjp(grad(f, argnum), argnum)


def tensor_jacobian_product(f: Callable, argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that returns a tensor times the Jacobian of `f`.

    Returns
    -------
    callable
        Takes the arguments of `f`, then the tensor, whose axes are the first ones of the value.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> vector_times_jacobian = minpy.tensor_jacobian_product(np.square)
    >>> vector_times_jacobian(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 2., 40.])
    """

    def tensor_dot_value(*args: Any, **kwargs: Any) -> Any:
        *inputs, tensor = args
        return tensordot(as_array(tensor), f(*inputs, **kwargs), onp.ndim(tensor))

    return functools.wraps(f)(jacobian(tensor_dot_value, argnum))


vector_jacobian_product = tensor_jacobian_product


def deriv(f: Callable, argnum: int | str = 0) -> Callable[..., Any]:
    """Return the derivative of a function of one number, whatever the shape of its value.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> minpy.deriv(lambda t: np.array([t, t**2, t**3]))(2.0)
    array([ 1.,  4., 12.])
    """
    jvp_at = make_jvp(f, argnum)

    @functools.wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        given = kwargs[argnum] if isinstance(argnum, str) else args[argnum]
        given = float(given) if isinstance(given, int) else given
        return jvp_at(*args, **kwargs)(_ones(given))[1]

    return derivative


def holomorphic_grad(f: Callable, argnum: Argnum = 0) -> Callable[..., Any]:
    """Return the complex derivative of a holomorphic function: the gradient of its real part.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> print(minpy.holomorphic_grad(lambda z: z**2)(1 + 2j))
    (2+4j)
    """
    return grad(functools.wraps(f)(lambda *args, **kwargs: real(f(*args, **kwargs))), argnum)


def grad_named(f: Callable, argname: str) -> Callable[..., Any]:
    """Return the gradient of `f` with respect to the argument of a name; as ``grad(f, argname)``.

    Examples
    --------
    >>> import minpy
    >>> float(minpy.grad_named(lambda x, y: x * y**2, "y")(2.0, 3.0))
    12.0
    """
    return grad(f, argname)


def multigrad_dict(f: Callable) -> Callable[..., dict[str, Any]]:
    """Return the gradients of `f` with respect to all of its arguments, by their names.

    An argument that holds nothing floating has None.

    Examples
    --------
    >>> import minpy
    >>> gradients = minpy.multigrad_dict(lambda x, y=2.0: x * y)(3.0)
    >>> {name: float(g) for name, g in gradients.items()}
    {'x': 2.0, 'y': 3.0}
    """
    signature = inspect.signature(f)

    def of_arguments(arguments: dict[str, Any]) -> Any:
        bound = inspect.BoundArguments(signature, arguments)  # type: ignore[arg-type]
        return f(*bound.args, **bound.kwargs)

    @functools.wraps(f)
    def gradients(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return grad(functools.wraps(f)(of_arguments))(dict(bound.arguments))

    return gradients


def grad_and_aux(f: Callable, argnum: Argnum = 0) -> Callable[..., tuple[Any, Any]]:
    """Return the gradient of a function that returns ``(loss, anything else)``, and the else.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> def loss_and_scores(w, x):
    ...     scores = x * w
    ...     return np.sum(scores**2), scores
    >>> gradient, scores = minpy.grad_and_aux(loss_and_scores)(2.0, np.array([1.0, 2.0]))
    >>> float(gradient), scores
    (20.0, array([2., 4.]))
    """
    vjp_and_value = make_vjp(f, argnum)

    @functools.wraps(f)
    def gradient_and_aux(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        vjp, (loss, aux) = vjp_and_value(*args, **kwargs)
        return vjp((_ones(loss), _zeros(aux))), aux

    return gradient_and_aux


def _half_square(x: Any) -> Any:
    return dot(x, x) / 2 if x.ndim < 2 else sum_(x * x, axis=-1) / 2


def make_ggnvp(f: Callable, g: Callable = _half_square, f_argnum: int | str = 0) -> Callable:
    """Return a function that returns a product with the generalized Gauss-Newton matrix.

    It is the Hessian of ``g(f(x))`` without the second derivatives of `f`, and so positive
    semidefinite where `g` is convex: with the Jacobian ``J`` of `f` and the Hessian ``H`` of `g`
    it is ``J.T @ H @ J`` (N. Schraudolph, "Fast curvature matrix-vector products", 2002).

    Parameters
    ----------
    f : callable
        Such as the scores of a network.
    g : callable
        Such as the loss of scores; half the sum of squares by default.
    f_argnum : int or str
        Which argument of `f`.

    Examples
    --------
    >>> import minpy, minpy.numpy as np
    >>> a = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> minpy.make_ggnvp(lambda x: a @ x)(np.zeros(2))(np.array([1.0, 0.0]))
    array([10., 14.])
    """

    @functools.wraps(f)
    def ggnvp_at(*args: Any, **kwargs: Any) -> Callable:
        vjp, value = make_vjp(f, f_argnum)(*args, **kwargs)
        hvp, _ = make_hvp(g)(value)
        jvp, _ = make_vjp(vjp)(_zeros(value))
        return lambda v: vjp(hvp(jvp(v)))

    return ggnvp_at
