"""The errors minpy raises on purpose, and what they say.

Each message says what happened, with what, and what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.tracebacks import hide_frames


class NoGradientError(TypeError):
    """A recorded array met a function for which there is no gradient rule."""


class ImplicitExitError(TypeError):
    """A recorded array was about to lose its gradient without anybody asking for it."""


class NanError(ArithmeticError):
    """An op made the first NaN, while `minpy.detect_nan` was on."""


class BackendError(RuntimeError):
    """An op cannot run where its arrays live, or under the policy in force."""


class DeviceError(BackendError):
    """There is no such device, or no library that can use it."""


class NotInstalledError(DeviceError):
    """An array library is not installed."""


def no_gradient(name: str, why: str = "") -> NoGradientError:
    """A recorded array met the function `name`, which has no rule."""
    return NoGradientError(
        f"{name} has no gradient rule{': ' + why if why else ''}. If no gradient should flow here, "
        "pass x.detach(); if one should, wrap the computation with minpy.extend.primitive and give "
        "its rule with minpy.extend.defvjp (see help(minpy.extend.primitive))."
    )


def written_outside(name: str) -> ImplicitExitError:
    """A recorded array was to be written into a plain one."""
    return ImplicitExitError(
        f"{name} would write a recorded array into a plain one, and its gradient would be lost. "
        "Make the target with minpy.numpy; or, if you want only its values, write x.detach(), "
        "x.asnumpy() or x.item()."
    )


def implicit_exit(how: str, x: Any) -> ImplicitExitError:
    """A recorded array was to become something that carries no gradient."""
    return ImplicitExitError(
        f"{how} would take a recorded array (shape {x.shape}, {x.dtype}) out of minpy, and its "
        "gradient would be lost. Use minpy.numpy's functions on it; or, if you want only its "
        "values, write x.detach(), x.asnumpy() or x.item()."
    )


def explain(
    error: Exception, name: str, args: tuple[Any, ...], numpys: Exception | None = None
) -> None:
    """Put the function and the shapes of its arguments into the message of an error.

    `numpys` is the error of the same type that NumPy raises, if it is another.  Where one function
    of ours calls another, the message names the outer one.  It says more than frames of ours and
    of NumPy's, so these leave the traceback.
    """
    if isinstance(error, _ours) or type(error).__name__ not in _EXPLAINED:
        return
    numpys = numpys or error
    said = getattr(numpys, "numpy_message", None) or str(numpys)
    error.__init__(f"{name} of {' and '.join(map(_shape_of, args))}: {said}")  # type: ignore[misc]
    error.numpy_message = said  # type: ignore[attr-defined]
    hide_frames(error, keep_origin=False)


_ours = (NoGradientError, ImplicitExitError, NanError, BackendError)
_EXPLAINED = ("ValueError", "TypeError", "IndexError", "AxisError", "LinAlgError", "MemoryError")


def of_library(error: Exception, backend: Any) -> Exception:
    """Return a library's error as NumPy would raise it; theirs are RuntimeErrors for everything."""
    kind = type(error).__name__
    text = str(error).rpartition("MXNetError: ")[2]  # what comes before are places in C++
    if kind == "OutOfMemoryError":
        return MemoryError(f"{backend} has not enough memory. {error}")
    of_matrices = "LinAlg" in kind or "linalg_impl" in str(error)
    return onp.linalg.LinAlgError(text) if of_matrices else ValueError(text)


def _shape_of(x: Any) -> str:
    if isinstance(x, list | tuple) and any(hasattr(item, "shape") for item in x):
        return f"[{', '.join(map(_shape_of, x))}]"
    return str(tuple(x.shape)) if hasattr(x, "shape") else repr(x)[:60]


def name_of(f: Callable) -> str:
    """Return what messages call a function."""
    return getattr(f, "__name__", repr(f))


def kind_of(value: Any) -> str:
    """Return what messages call a value."""
    name = type(value).__name__
    dtype = getattr(value, "dtype", None)
    article = "an" if name.lower().startswith(("a", "e", "i", "o", "nd")) else "a"
    return f"{article} {name}" + (f" of dtype {dtype}" if dtype is not None else "")


def no_such_argument(f: Callable, which: Any, args: list, kwargs: dict) -> TypeError:
    """`argnum` names an argument that is not there."""
    return TypeError(
        f"{name_of(f)} was to be differentiated with respect to argument {which!r}, but was called "
        f"with {len(args)} positional arguments and the keywords {sorted(kwargs)}; argnum says "
        "which argument to take"
    )


def wrong_argnum(f: Callable, argnum: Any) -> TypeError:
    """`argnum` is neither a number, a name nor a sequence of these."""
    return TypeError(
        f"argnum says which argument of {name_of(f)} to differentiate with respect to: an int, a "
        f"name or a sequence of these, but is {argnum!r}"
    )


def nothing_floating(f: Callable, place: Any, value: Any) -> TypeError:
    """The argument to differentiate with respect to holds no floating numbers."""
    if isinstance(value, dict | list | tuple) and not value:
        return TypeError(
            f"{name_of(f)} was to be differentiated with respect to argument {place!r}, an empty "
            f"{type(value).__name__}, which holds no floating array or number. A model of modules "
            "has no parameters before its first call: give it an input_shape, or call build with "
            "batches"
        )
    return TypeError(
        f"{name_of(f)} was to be differentiated with respect to argument {place!r}, which holds no "
        f"floating array or number but {kind_of(value)}; write x.astype(float) to make it one, or "
        "choose another argument with argnum"
    )


def no_function(f: Any) -> TypeError:
    """What is to be differentiated is no function."""
    return TypeError(
        f"what is differentiated must be a function, got {f!r}; write grad(f)(x), not grad(f(x))"
    )


def constant_result(f: Callable, ways: list[str], argnums: list) -> str:
    """A result does not depend on the arguments, because the program left what was recorded."""
    arguments = " and ".join(map(repr, argnums))
    return (
        f"the result of {name_of(f)} does not depend on argument {arguments}, whose gradient is "
        f"zero: {' and '.join(ways)} took values out of what was recorded on the way. If that was "
        "not meant, go on with the array itself"
    )


def no_replay(name: str, why: str) -> ValueError:
    """A recording cannot be run again on other arguments."""
    return ValueError(
        f"the recording of {name} cannot be replayed on these arguments: {why}. Call {name} itself "
        "on them, or record it again"
    )


def no_array(f: Callable, result: Any) -> TypeError:
    """The function to differentiate returned no array."""
    what = "nothing (did it forget to return?)" if result is None else kind_of(result)
    return TypeError(
        f"{name_of(f)} returned {what}; to be differentiated it must return an array or "
        "a number, such as the loss"
    )


def complex_result(f: Callable) -> TypeError:
    """The function to differentiate returned complex numbers."""
    return TypeError(
        f"{name_of(f)} returned complex numbers, which have no single gradient: return a real loss "
        "(np.real, np.abs), or use make_vjp with a gradient of your own"
    )


def wrong_structure(f: Callable, wanted: int, given: int) -> ValueError:
    """A vjp of a nested value was called with something of another structure."""
    return ValueError(
        f"the vjp of {name_of(f)} takes a gradient nested as its value is, with {wanted} leaves, "
        f"got {given}"
    )


def wrong_gradient(f: Callable, wanted: tuple, given: tuple) -> ValueError:
    """A vjp was given a gradient of another shape than the value has."""
    return ValueError(
        f"the vjp of {name_of(f)} takes a gradient of shape {wanted}, the shape of its value, but "
        f"was given one of shape {given}"
    )


def wrong_rule(name: str, argnum: int, wanted: tuple, gradient: Any) -> Exception:
    """A user's gradient rule returned something that is no gradient of its argument."""
    rule = f"the gradient rule of {name} for argument {argnum}"
    if gradient is None:
        return TypeError(f"{rule} returned nothing (did it forget to return?)")
    return ValueError(
        f"{rule} returned a gradient of shape {getattr(gradient, 'shape', ())}, but that argument "
        f"has shape {wanted}; sum over the axes along which the argument was broadcast"
    )


def foreign_operand(x: Any, other: Any) -> ImplicitExitError:
    """A recorded array met an object of another library that computes by itself."""
    kind = type(other).__name__
    return ImplicitExitError(
        f"an operator with a {kind} would take a recorded array (shape {x.shape}, {x.dtype}) out "
        f"of minpy, and its gradient would be lost. Make an array of the {kind} first, as "
        "series.to_numpy() does of one of pandas."
    )


def no_gradient_in(dtype: Any, value: Any) -> TypeError:
    """A recorded array was to be written into one that cannot carry a gradient."""
    return TypeError(
        f"a recorded array was to be written into one of dtype {dtype}, which carries no gradient; "
        f"make that one floating first, e.g. x = x.astype({value.dtype})"
    )


def does_not_fit(name: str, result: Any, x: Any) -> Exception:
    """The result of ``x += y`` has another shape, or a dtype that cannot be cast to that of `x`."""
    if result.shape != x.shape:
        return ValueError(
            f"{name} in place: the result has shape {result.shape}, which does not fit into the "
            f"array of shape {x.shape}; write x = ... instead"
        )
    return TypeError(
        f"{name} in place: cannot cast the result from {result.dtype} to {x.dtype}; write "
        f"x = x.astype({result.dtype}) first"
    )


def wrong_shape_written(data: Any, index: Any, value: Any, error: Exception) -> ValueError:
    """A value does not fit where it was to be written."""
    place = onp.broadcast_to(0, data.shape)[index]
    return ValueError(
        f"x[i] = value with x of shape {tuple(data.shape)}, x[i] of shape {place.shape} and value "
        f"of shape {tuple(getattr(value, 'shape', ()))}: {error}"
    )


# ----- where things run


def no_device(context: Any, policy: str, reasons: list[str]) -> DeviceError:
    """No library can make arrays on a device."""
    looked = "".join(f"\n  - {reason}" for reason in reasons)
    return DeviceError(
        f"under the policy {policy!r}, nothing here can make arrays on {context}:{looked}"
    )


def lacks(backend: Any, name: str, policy: str) -> BackendError:
    """A library has no implementation of an op, and NumPy may not help."""
    return BackendError(
        f"{backend} has no {name}, and under the policy {policy!r} nothing else may run it; under "
        f"'prefer_{backend.name}' NumPy would"
    )


def forbidden(backend: Any, policy: str) -> BackendError:
    """An array lives where the policy does not allow ops to run."""
    return BackendError(
        f"the policy {policy!r} does not allow ops on arrays of {backend}; make the arrays under "
        "this policy, or take their values with x.asnumpy()"
    )


def two_backends(one: Any, other: Any) -> BackendError:
    """The arrays of one op live on two devices or in two libraries."""
    return BackendError(
        f"the arrays live on {one} and on {other}, and it is not clear where the op should run; "
        "move one of them: x.as_in_context(...) to another device, x.asnumpy() to NumPy"
    )
