"""Work that is not there is named in one line; a slip inside of a function is not hidden."""

import pytest

from minpy.checking import NotWrittenYet
from minpy.checking.spec import Check, normal

double = Check(
    "double",
    points=1,
    inputs={"x": normal("3")},
    sizes={},
    forward="y = double(x)",
    outputs={"y": "3"},
)


def not_written(x):
    raise NotImplementedError


def calls_what_is_not_written(x):
    return not_written(x)


def has_a_slip(x):
    return 2 * xx  # noqa: F821


@pytest.mark.parametrize(
    "namespace, said",
    [
        ({"double": not_written}, "not_written is not written yet."),
        ({"double": calls_what_is_not_written}, "not_written is not written yet."),
        ({}, "double is not defined: run the cell that defines it."),
    ],
)
def test_what_is_not_there_is_named_in_one_line(namespace, said):
    with pytest.raises(NotWrittenYet) as caught:
        double(namespace)
    assert str(caught.value) == said
    (line,) = caught.value._render_traceback_()
    assert line.endswith(said)


def test_a_slip_in_a_function_keeps_its_traceback():
    with pytest.raises(NameError, match="'xx' is not defined"):
        double({"double": has_a_slip})
