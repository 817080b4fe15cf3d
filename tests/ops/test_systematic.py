"""Every op and every differentiable function of the namespaces, checked by its row of the table."""

import pytest

from .checker import (
    check_all,
    check_gradient,
    check_second_order,
    check_single,
    check_value,
    single_trials,
    trials,
)
from .rows import ROWS

pytestmark = pytest.mark.usefixtures("backend")


def with_row(types: str):
    """Run a test with each row for one of these types; rows of the same name are numbered."""
    chosen = [row for row in ROWS if set(types) & set(row.types)]
    seen: dict[str, int] = {}
    names = []
    for row in chosen:
        seen[row.name] = seen.get(row.name, 0) + 1
        names.append(f"{row.name}-{seen[row.name]}")
    return pytest.mark.parametrize("row", chosen, ids=names)


@with_row("f")
def test_real(row):
    check_all(trials(row, "f"), check_value, check_gradient, check_second_order)


@with_row("c")
def test_complex(row):
    check_all(trials(row, "c"), check_value, check_gradient, check_second_order)


@with_row("fc")
def test_single_precision(row):
    check_all(single_trials(row), check_single)
