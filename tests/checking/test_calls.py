"""What a call returns, taken apart by the expressions of a check."""

import numpy as np
import pytest

from minpy.checking import calls


@pytest.mark.parametrize(
    ("grads", "said"),
    [
        ({"W1": 1, "b1": 2}, "grads has no 'b2'; it has W1, b1"),
        ({}, "grads has no 'b2'; it has nothing"),
        (np.zeros(3), "grads must be a dict with the key 'b2'; yours is one array (3,)"),
        (None, "grads must be a dict with the key 'b2'; yours is None"),
    ],
    ids=["key", "empty", "array", "None"],
)
def test_a_missing_entry_is_named(grads, said):
    with pytest.raises(calls.ReturnError) as raised:
        calls.results(["grads['b2']"], {"grads": grads})
    assert said in str(raised.value)
