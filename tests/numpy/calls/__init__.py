"""A table of arguments for every public callable of numpy, numpy.{linalg, fft, random}.

`CALLS` maps a dotted name ("exp", "linalg.norm", "add.at") to the calls the tests make; `EXCLUDED`
maps the callables that are not called to the reason. Which names there are is asked of the
installed NumPy, so a name that a new release adds fails the suite until it has a row.  Methods of
the array class ("ndarray.sum") and of universal functions ("add.at") have rows too.
"""

import warnings
from collections.abc import Iterator

import numpy as onp

from .array_methods import ARRAY_METHODS
from .call import NUMPY, Call
from .creation import CREATION
from .excluded import EXCLUDED
from .files import FILES, INFORMATION, SETTINGS, TYPES
from .linear_algebra import FFT, LINALG, PRODUCTS
from .randomness import RANDOM
from .reductions import REDUCTIONS
from .shapes import SHAPES
from .ufuncs import METHODS, UFUNCS

__all__ = ["CALLS", "EXCLUDED", "NUMPY", "Call", "installed", "lookup", "needed", "public"]

NAMESPACES = ("", "linalg.", "fft.", "random.")
TABLES = {
    "": (UFUNCS, METHODS, CREATION, SHAPES, REDUCTIONS, PRODUCTS, FILES, TYPES, SETTINGS)
    + (INFORMATION,),
    "linalg.": (LINALG,),
    "fft.": (FFT,),
    "random.": (RANDOM,),
    "ndarray.": (ARRAY_METHODS,),
}


def merged() -> dict[str, list[Call]]:
    calls: dict[str, list[Call]] = {}
    for prefix, tables in TABLES.items():
        for table in tables:
            for name, rows in table.items():
                calls.setdefault(prefix + name, []).extend(rows)
    return calls


CALLS = merged()


def lookup(module: object, name: str) -> object:
    """What a dotted name stands for in `module` (numpy or minpy.numpy)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in name.split("."):
            module = getattr(module, part)
    return module


def public() -> Iterator[str]:
    """Every public name of the four namespaces, dotted."""
    for prefix in NAMESPACES:
        module = lookup(onp, prefix[:-1]) if prefix else onp
        yield from (prefix + name for name in dir(module) if not name.startswith("_"))


def is_plain_type(value: object) -> bool:
    """Scalar types, dtypes and exceptions, which minpy shares with NumPy."""
    return isinstance(value, type) and issubclass(value, (onp.generic, onp.dtype, BaseException))


def needed() -> list[str]:
    """The names that must be in `CALLS` or `EXCLUDED`: what can be called and is no plain type."""
    values = ((name, lookup(onp, name)) for name in public())
    return [name for name, value in values if callable(value) and not is_plain_type(value)]


def installed() -> list[tuple[str, Call]]:
    """The rows of the table that the installed NumPy takes."""
    of_arrays = [name for name in ARRAY_METHODS if callable(getattr(onp.ndarray, name, None))]
    names = [*needed(), *METHODS, *(f"ndarray.{name}" for name in of_arrays)]
    return [(name, row) for name in names for row in CALLS.get(name, ()) if row.since <= NUMPY]
