"""How a function becomes public: NumPy's behaviour on plain arrays, recorded on recorded ones.

A public function looks at its arguments once.  If nothing in them is recorded, NumPy's own
function gets the raw arrays, whatever its arguments are, and so it is NumPy.  If something is,
the function of the same name in `minpy.ops` is called; if there is none, the call raises.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as onp
from numpy import ndarray

from minpy import backends
from minpy.array import Array, current_data, link_view, look_at, numpy_data, raw, wrap
from minpy.backends import FOREIGN, NUMPY
from minpy.backends.scalars import as_scalar
from minpy.backends.statistics import counter, plain_watchers, watched
from minpy.errors import (
    ImplicitExitError,
    NoGradientError,
    explain,
    no_gradient,
    written_outside,
)
from minpy.inplace import make_writable, setitem
from minpy.numpy._signatures import own_parameters, parameters_of
from minpy.ops.creation import as_array, astype, owning
from minpy.ops.indexing import where as choose
from minpy.ops.reduction import WITH_WHERE
from minpy.ops.shape import from_nested
from minpy.tree import NUMBERS, only_numbers, tree_map

# ----- looking at arguments


class Found:
    """The arrays among the arguments of a call, also in lists, tuples and dicts."""

    __slots__ = ("arrays", "foreign", "recorded")

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self.recorded = False
        self.foreign = False

    def look(self, values: Any) -> None:
        for value in values:
            if type(value) is Array:
                current_data(value)
                self.arrays.append(value)
                self.recorded = self.recorded or value._node is not None
                self.foreign = self.foreign or value._backend is not NUMPY
            elif type(value) is list or type(value) is tuple:
                if not only_numbers(value):
                    self.look(value)
            elif type(value) is dict:
                self.look(value.values())


def found_in(args: tuple, kwargs: dict) -> Found:
    """Return what arrays there are in the arguments of a call."""
    found = Found()
    found.look(args)
    if kwargs:
        found.look(kwargs.values())
    return found


def unwrap_nested(value: Any) -> Any:
    """Return an argument with NumPy's raw arrays in place of ours."""
    kind = type(value)
    if kind is Array:
        return raw(value)
    return value if kind in NUMBERS else tree_map(_unwrapped, value, numbers=False)


def _unwrapped(value: Any) -> Any:
    if type(value) in FOREIGN:
        return backends.backend_of(value).to_numpy(value)
    return raw(value)


# ----- wrapping results


def wrap_nested(result: Any, arrays: Sequence[Array] = ()) -> Any:
    """Return a raw result as minpy's: arrays and floating scalars wrapped, also nested ones.

    It goes where `arrays` are, and if there are none where new arrays are made.
    """
    if isinstance(result, list | tuple):
        return tree_map(lambda part: wrap_nested(part, arrays), result)
    if isinstance(result, ndarray):
        for x in arrays:
            if result is x._data:
                return x
        if type(result) is not ndarray:
            return result  # a subclass: masked arrays, matrices, memory maps, records
        return wrap(home_of(arrays).from_numpy(result))
    if isinstance(result, onp.inexact):
        home = home_of(arrays) if arrays else NUMPY
        return as_scalar(result) if home is NUMPY else wrap(home.tree_from_numpy(result))
    return wrap(result) if backends.backend_of(result) not in (None, NUMPY) else result


def home_of(arrays: Sequence[Array]) -> backends.Backend:
    """Return the backend on which an op on `arrays` runs; without arrays, that of new ones."""
    if not arrays:
        return backends.current()
    return functools.reduce(backends.common_backend, [x._backend for x in arrays])


def shows_memory_of(result: Any, arrays: list[Array]) -> bool:
    """Whether an array in a raw result is a view of one of `arrays`."""
    if type(result) is ndarray:
        return result.base is not None and any(
            type(x._data) is ndarray and onp.may_share_memory(result, x._data) for x in arrays
        )
    return type(result) in (list, tuple) and any(shows_memory_of(r, arrays) for r in result)


def as_view(result: ndarray, call: Callable, args: tuple, kwargs: dict) -> Array:
    """Return a raw view of the first argument as a view that follows writes to it."""
    out = wrap(result)
    link_view(out, args[0], (call, args[1:], kwargs))
    return out


# ----- functions without a gradient


def plain(name: str, function: Callable, *, refuses: bool = True) -> Callable:
    """Return the public form of a NumPy function that has no gradient rule.

    Of recorded arguments it takes the values if its result is one that has no gradient anyway,
    such as counts, flags, places and text; otherwise it raises.  With ``refuses=False`` it takes
    the values in any case.
    """
    count = counter(name, NUMPY.name)

    @functools.wraps(function, updated=())
    def call(*args, **kwargs):
        if len(args) == 1 and not kwargs and not refuses and not plain_watchers:
            data = numpy_data(args[0])  # in short: zeros_like(x) in a loop
            if data is not None:
                count()
                result = function(data)
                if type(result) is ndarray and result.base is None:
                    return wrap(result)
                return result if type(result) in NUMBERS else wrap_nested(result)
        found = found_in(args, kwargs)
        refused = found.recorded and refuses
        if refused and name in _TO_FILES:
            raise no_gradient(name)
        out = kwargs.get("out")
        if out is not None:
            return into(out, call, args, kwargs)
        if found.foreign and name in _ABOUT_ARRAYS:
            return function(*tree_map(_stand_in, args), **tree_map(_stand_in, kwargs))
        if found.foreign:
            for x in found.arrays:
                look_at(x)
            result = elsewhere(name, function, args, kwargs, home_of(found.arrays))
            if refused and not is_discrete(result):
                raise no_gradient(name)
            return result
        count()
        try:
            run = watched(name, function, plain_watchers) if plain_watchers else function
            result = run(*unwrap_nested(args), **unwrap_nested(kwargs))
        except Exception as error:
            explain(error, name, args)
            raise
        if refused and not is_discrete(result):
            raise no_gradient(name)
        if found.arrays and type(result) is ndarray and shows_memory_of(result, found.arrays):
            if type(args[0]) is Array and not found.recorded:
                return as_view(result, call, args, kwargs)
            return wrap(onp.array(result))
        return wrap_nested(result, found.arrays)

    return call


# What only asks for shapes and dtypes: it computes nothing, on no backend.
_ABOUT_ARRAYS = frozenset(
    """
        can_cast common_type iscomplexobj isrealobj isscalar iterable ndim result_type shape size
    """.split()
)


def _stand_in(x: Any) -> Any:
    """Return for an array one of NumPy's with its shape and dtype, which takes no memory."""
    if type(x) is not Array:
        return x
    if not x.shape:  # of a number, NumPy 1's `result_type` looks at the value
        return raw(x)
    return onp.broadcast_to(onp.zeros((), x.dtype), x.shape)


_TO_FILES = {"save", "savetxt", "savez", "savez_compressed"}


def is_discrete(result: Any) -> bool:
    """Whether a result has no gradient by its kind: integers, flags, text, dtypes."""
    if isinstance(result, ndarray | onp.generic | Array):
        return result.dtype.kind in "biuSUmM"
    if isinstance(result, list | tuple):
        return all(map(is_discrete, result))
    return isinstance(result, bool | int | str | onp.dtype | type)


def elsewhere(
    name: str, function: Callable, args: tuple, kwargs: dict, backend: backends.Backend
) -> Any:
    """Run a function without a gradient rule on a backend that is not NumPy."""
    backends.check_policy(backend)

    def brought(x: Any) -> Any:
        if type(x) is not Array:
            return x
        data = current_data(x)
        return data if x._backend is backend else backend.tree_from_numpy(data)

    try:
        args, kwargs = tree_map(brought, (args, kwargs), numbers=False)
        run = backend.implementation(name, function)
        return wrap_nested(watched(name, run, plain_watchers)(*args, **kwargs))
    except Exception as error:
        explain(error, name, args)
        raise


def fits(shape: tuple, into_shape: tuple) -> bool:
    """Whether an array of one shape can be written into one of another."""
    tail = into_shape[len(into_shape) - len(shape) :] if len(shape) <= len(into_shape) else None
    return tail is not None and all(m in (1, n) for m, n in zip(shape, tail, strict=True))


def into(out: Any, call: Callable, args: tuple, kwargs: dict) -> Any:
    """Carry out ``call(..., out=out)``: compute, check the cast as NumPy does, write."""
    targets = out if isinstance(out, tuple) else (out,)
    result = call(*args, **{key: value for key, value in kwargs.items() if key != "out"})
    results = result if isinstance(result, tuple) else (result,)
    for target, value in zip(targets, results, strict=True):
        if target is None:
            continue
        value = as_array(value)
        if not onp.can_cast(value.dtype, target.dtype, kwargs.get("casting", "same_kind")):
            raise TypeError(
                f"{call.__name__}: cannot cast the result from {value.dtype} to the dtype "
                f"{target.dtype} of out"
            )
        if not fits(value.shape, target.shape):
            raise ValueError(
                f"{call.__name__}: the result has shape {value.shape}, but out has {target.shape}"
            )
        if type(target) is Array:
            setitem(target, Ellipsis, value)
        else:
            target[...] = onp.asarray(value)  # raises if it is recorded
    return out


# ----- functions with a gradient


def traced(name: str, function: Callable, ours: Callable) -> Callable:
    """Return the public form of a function that `minpy.ops` has too."""
    parameters, defaults, known, positional = parameters_of(function, ours)
    count = counter(name, NUMPY.name)
    options = _options_of(ours)
    on_values = plain(name, function) if name in _OF_VALUES else None

    @functools.wraps(function, updated=())
    def call(*args, **kwargs):
        if (
            options is not None
            and len(args) == 1
            and type(args[0]) is Array
            and options.issuperset(kwargs)
            and (not kwargs or _OPTIONS.issuperset(map(type, kwargs.values())))
        ):
            return ours(*args, **kwargs)
        found = found_in(args, kwargs)
        if kwargs.get("out") is not None:
            return into(kwargs["out"], call, args, kwargs)
        if on_values is not None and found.foreign and not found.recorded:
            return on_values(*args, **kwargs)
        try:
            if not found.recorded and not found.foreign:
                run = watched(name, function, plain_watchers) if plain_watchers else function
                result = run(*unwrap_nested(args), **unwrap_nested(kwargs))
                if not found.arrays or not shows_memory_of(result, found.arrays):
                    count()
                    return wrap_nested(result, found.arrays)
                return recorded_or_view(result, args, kwargs)
            if found.foreign or name not in _GRADIENT_ONLY:
                return recorded(*args, **kwargs)
            values = function(*unwrap_nested(args), **unwrap_nested(kwargs))
            with onp.errstate(all="ignore"):
                return with_values(name, recorded(*args, **kwargs), values)
        except Exception as error:
            theirs = numpys_error(error, function, args, kwargs)
            if type(theirs) is not type(error):
                explain(theirs, name, args)
                raise theirs from None
            explain(error, name, args, theirs)
            raise

    def recorded_or_view(result, args, kwargs):
        try:
            return recorded(*args, **kwargs)
        except NoGradientError:  # nothing is recorded, and NumPy knows what to do
            if type(result) is ndarray and type(args[0]) is Array:
                return as_view(result, call, args, kwargs)
            raise

    gathers = name not in _TAKE_SEQUENCES
    owner = owning(ours)

    def recorded(*args, **kwargs):
        if gathers:
            args = tuple(map(gathered, args))
            kwargs = {key: gathered(value) for key, value in kwargs.items()}
        if parameters:
            kwargs.update(zip(parameters[positional:], args[positional:]))
            args = args[:positional]
            for key in parameters[len(args) : positional]:
                if key not in kwargs:
                    break
                args += (kwargs.pop(key),)
        if kwargs.get("out") is not None:
            return into(kwargs["out"], call, args, kwargs)
        kwargs.pop("out", None)
        try:
            result = _with_extras(name, owner, args, _chosen(name, kwargs, defaults, known))
        except NotImplementedError as error:
            raise no_gradient(name, str(error)) from error
        return _public_form(result)

    return call


# Written in terms of ops, whose values differ from NumPy's in a rounding, or for NaN, infinities
# and empty arrays: the value is NumPy's own, and what is written here gives the gradient.
_GRADIENT_ONLY = frozenset(
    """
        average bincount clip convolve corrcoef correlate cov geomspace gradient histogram interp
        linspace logspace median nanmax nanmean nanmedian nanmin nanpercentile nanquantile nanstd
        nanvar percentile poly polyfit polymul polyval quantile roots trapezoid trapz unwrap vander
        linalg.cond linalg.lstsq linalg.matrix_norm linalg.matrix_power linalg.multi_dot linalg.norm
        linalg.tensorinv linalg.tensorsolve linalg.vector_norm
    """.split()
)


# Written in terms of values on NumPy: where nothing is recorded, the library of the arrays runs its
# own function, or NumPy does, and is counted.
_OF_VALUES = frozenset(
    """
        apply_along_axis bincount histogram nanmedian nanpercentile nanquantile poly polyfit roots
        unique linalg.lstsq
    """.split()
)


def with_values(name: str, result: Any, values: Any) -> Any:
    """Return a recorded result with NumPy's values in it."""
    if type(values) in (list, tuple):
        pairs = zip(result, values, strict=True)
        return type(values)(with_values(name, part, value) for part, value in pairs)
    if type(result) is not Array or result._node is None:
        return wrap_nested(values)
    if result.shape != onp.shape(values):
        raise no_gradient(f"{name} with these arguments")
    return wrap(values, result._node)


def numpys_error(error: Exception, function: Callable, args: tuple, kwargs: dict) -> Exception:
    """Return the error that NumPy raises where ours raised one; ours where NumPy raises none."""
    if not isinstance(error, NoGradientError | ImplicitExitError | RuntimeError):
        try:
            function(*unwrap_nested(args), **unwrap_nested(kwargs))
        except Exception as theirs:
            return theirs
    return error


# Functions whose lists are several arrays, not one.
_TAKE_SEQUENCES = frozenset(
    """
        block broadcast_arrays choose column_stack concat concatenate dstack einsum hstack
        linalg.multi_dot piecewise row_stack select stack vstack
    """.split()
)


def gathered(value: Any) -> Any:
    """Return a nested list with recorded numbers in it as one array; anything else as it is."""
    if type(value) in (list, tuple) and found_in((value,), {}).recorded:
        return from_nested(value)
    return value


_EXTRAS = ("dtype", "where", "initial")
_OPTIONS = frozenset({int, bool, tuple, type(None)})


def _options_of(ours: Callable) -> frozenset[str] | None:
    """Return the options of an op that NumPy's function of its name runs, for a call in short."""
    record = getattr(ours, "op", None)
    if record is None or record.own_raw is not None:
        return None
    return frozenset(list(own_parameters(ours))[1:])


def _chosen(name: str, kwargs: dict, defaults: dict, known: Any) -> dict:
    """Return the keyword arguments that matter: not those which have their default value."""
    chosen = {}
    for key, value in kwargs.items():
        default = defaults.get(key)
        if value is onp._NoValue or value is default or key == "subok":
            continue
        if known is not None and key not in known and key not in _EXTRAS:
            if key == "correction" and "ddof" in known:
                key = "ddof"
            elif type(value) is type(default) and value == default:
                continue
            else:
                raise no_gradient(f"{name} with {key}={value!r}")
        chosen[key] = value
    return chosen


def _with_extras(name: str, ours: Callable, args: tuple, kwargs: dict) -> Any:
    """Call our function, with NumPy's ``dtype``, ``where`` and ``initial`` around it."""
    dtype, where, initial = (kwargs.pop(key, None) for key in _EXTRAS)
    if dtype is not None and name in _OWN_DTYPE:
        raise no_gradient(f"{name} with dtype={dtype!r}")
    if dtype is not None:
        several = isinstance(args[0], list | tuple)
        if not all(fits_dtype(x, dtype) for x in (args[0] if several else args[:1])):
            raise no_gradient(f"{name} of complex numbers with dtype={dtype!r}")
        cast = [astype(as_array(x), dtype) for x in (args[0] if several else args[:1])]
        args = (cast if several else cast[0], *args[1:])
    if where is not None and where is not True and name in WITH_WHERE:
        ours, kwargs = WITH_WHERE[name], {**kwargs, "where": where}
    elif where is not None and where is not True:
        if name not in _NEUTRAL:
            raise no_gradient(f"{name} with where=...")
        if onp.broadcast_shapes(onp.shape(where), args[0].shape) != args[0].shape:
            raise ValueError(f"where, of shape {onp.shape(where)}, does not fit {args[0].shape}")
        neutral = _NEUTRAL[name] if _NEUTRAL[name] is not None else initial
        if neutral is None:
            raise ValueError(f"{name} with where=... needs initial=...")
        args = (choose(where, args[0], onp.asarray(neutral, args[0].dtype)), *args[1:])
    result = ours(*args, **kwargs)
    if initial is not None:
        if name not in _WITH_INITIAL:
            raise no_gradient(f"{name} with initial=...")
        result = _WITH_INITIAL[name](result, initial)
    return result


def fits_dtype(x: Any, dtype: Any) -> bool:
    """Whether an array can be cast as NumPy casts arguments: complex numbers are not made real."""
    return onp.can_cast(as_array(x).dtype, dtype, "same_kind") or as_array(x).dtype.kind != "c"


_OWN_DTYPE = {"linspace", "logspace", "geomspace", "cov", "corrcoef", "einsum"}
_NEUTRAL = {
    **dict.fromkeys(("sum", "nansum"), 0),
    **dict.fromkeys(("prod", "nanprod"), 1),
    **dict.fromkeys(("nanmean", "nanvar", "nanstd"), onp.nan),
    **dict.fromkeys(("max", "min", "amax", "amin", "nanmax", "nanmin"), None),
}
_WITH_INITIAL: dict[str, Callable] = {}


def _public_form(result: Any) -> Any:
    """Return a result of our function as public code gets it: no raw arrays."""
    if isinstance(result, ndarray):
        return wrap(result)
    if isinstance(result, onp.inexact):
        return as_scalar(result)
    if type(result) in (list, tuple):
        return type(result)(map(_public_form, result))
    return result


# ----- functions that write into their first argument


def mutating(name: str, function: Callable, ours: Callable | None = None) -> Callable:
    """Return the public form of a function that changes its first argument in place."""

    @functools.wraps(function, updated=())
    def call(target, *args, **kwargs):
        found = found_in((target, *args), kwargs)
        if type(target) is not Array:
            if found.recorded:
                raise written_outside(name)
            return function(target, *unwrap_nested(args), **unwrap_nested(kwargs))
        if ours is not None and (found.recorded or target._backend is not NUMPY):
            return ours(target, *args, **kwargs)
        if found.recorded:
            raise no_gradient(name)
        if target._backend is not NUMPY:  # on a copy, which is then written back
            values = onp.array(raw(target))
            result = function(values, *unwrap_nested(args), **unwrap_nested(kwargs))
            setitem(target, Ellipsis, values)
            return result
        link = target._link
        make_writable(target if link is None or link.root is None else link.root)
        return function(current_data(target), *unwrap_nested(args), **unwrap_nested(kwargs))

    return call


# ----- floating results that do not depend on values

NOT_DIFFERENTIABLE = frozenset({"empty_like", "full_like", "ones_like", "zeros_like"})
