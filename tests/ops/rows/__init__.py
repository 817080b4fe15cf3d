"""The table: a row for every op and every differentiable function, in the order of `minpy.ops`."""

import numpy as onp

from ..checker import Row, named
from .calculus import ROWS as CALCULUS
from .elementwise import ROWS as ELEMENTWISE
from .indexing import ROWS as INDEXING
from .linalg import ROWS as LINALG
from .padding import ROWS as PADDING
from .polynomials import ROWS as POLYNOMIALS
from .products import ROWS as PRODUCTS
from .reduction import ROWS as REDUCTION
from .scimath import ROWS as SCIMATH
from .shape import ROWS as SHAPE
from .statistics import ROWS as STATISTICS

ALL: list[Row] = ELEMENTWISE + SHAPE + INDEXING + REDUCTION + PRODUCTS + LINALG + CALCULUS
ALL += STATISTICS + PADDING + POLYNOMIALS + SCIMATH


def exists(row: Row) -> bool:
    """Whether the installed NumPy has what a row calls."""
    try:
        named(row.needs or ("exp" if row.call else row.name), onp)
    except AttributeError:
        return False
    return True


ROWS = [row for row in ALL if exists(row)]
