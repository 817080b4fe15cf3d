"""Trees: what they are made of, and that long lists are looked at quickly."""

import dataclasses
import sys
from collections import Counter, OrderedDict, defaultdict, namedtuple

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.tree import leaves, tree_map

Pair = namedtuple("Pair", "x y")


@dataclasses.dataclass
class Point:
    x: float
    rest: list


class Row(list):
    pass


@pytest.mark.parametrize(
    "tree, expected",
    [
        ([1, (2, {"a": 3})], [2, (3, {"a": 4})]),
        (Pair(1, [2]), Pair(2, [3])),
        (Row([1, 2]), Row([2, 3])),
        (Point(1, [2, 3]), Point(2, [3, 4])),
        (OrderedDict(b=1, a=2), OrderedDict(b=2, a=3)),
        (defaultdict(list, a=1), defaultdict(list, a=2)),
        (Counter(a=1, b=5), Counter(a=2, b=6)),
        (7, 8),
    ],
)
def test_tree_map_keeps_what_it_goes_through(tree, expected):
    result = tree_map(lambda leaf: leaf + 1, tree)
    assert result == expected and type(result) is type(expected)
    assert leaves(result) == [leaf + 1 for leaf in leaves(tree)]


def test_lists_of_numbers_may_stay_as_they_are():
    tree = {"numbers": [1, 2.0, "three"], "arrays": [1, onp.ones(2)]}
    changed = []
    result = tree_map(changed.append, tree, numbers=False)
    assert result["numbers"] is tree["numbers"]
    assert len(changed) == 2


@pytest.mark.parametrize("make", [np.array, np.mean, lambda x: np.zeros(3)[x]])
def test_long_lists_are_not_walked_in_python(make):
    """A list of 200,000 numbers costs a few calls of Python, not one or more for each number."""
    numbers = [0, 1] * 100_000
    calls = 0

    def count(frame, event, arg):
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        make(numbers)
    finally:
        sys.setprofile(before)
    assert calls < 200
