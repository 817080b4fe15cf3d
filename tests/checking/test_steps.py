"""`step_sizes`: the two laws of finite differences, the best step, and kinks where they are."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.checking import step_sizes

X = onp.random.default_rng(0).normal(size=(3, 4))


def smooth(x):
    return np.sum(np.tanh(x) ** 2) + np.sum(np.exp(x / 2))


def hinge(x):
    return np.sum(np.maximum(x, 0) * (1 + x))


def test_the_v():
    found = step_sizes(smooth, X)
    assert found.slope(1e-3, 1) == pytest.approx(2, abs=0.05)  # what is left out
    assert found.slope(1e-12, 1e-7) == pytest.approx(-1, abs=0.2)  # rounding
    assert 1e-6 < found.best < 1e-3 and found.central.min() < 1e-9
    errors = onp.log(found.one_sided[found.steps >= 1e-4])
    slope = onp.polyfit(onp.log(found.steps[found.steps >= 1e-4]), errors, 1)[0]
    assert slope == pytest.approx(1, abs=0.1)
    assert found.kinks == ()


def test_in_float32_the_bottom_is_higher_and_to_the_right():
    double, single = (step_sizes(smooth, X, dtype=dtype) for dtype in ("float64", "float32"))
    assert single.dtype == "float32" and single.exact == double.exact
    assert single.best > 10 * double.best
    assert single.central.min() > 100 * double.central.min()
    assert single.central[single.steps < 1e-6].min() > 1e-3  # the step of float64 is too small here


def test_the_derivative_is_along_the_direction():
    way = onp.random.default_rng(1).normal(size=X.shape)
    gradient = minpy.grad(smooth)(X).asnumpy()
    assert step_sizes(smooth, X, direction=way).exact == pytest.approx((gradient * way).sum())
    assert step_sizes(smooth, X, direction=(1, 2)).exact == pytest.approx(gradient[1, 2])
    assert step_sizes(np.sin, 0.3).exact == pytest.approx(onp.cos(0.3))
    assert step_sizes(smooth, np.array(X), direction=np.array(way)).exact == pytest.approx(
        (gradient * way).sum()
    )


@pytest.mark.parametrize("at", [3e-2, 1e-4, 1e-7, -5e-3])
def test_a_kink_is_found_where_it_is(at):
    found = step_sizes(hinge, [1.0, at], direction=(1,))
    assert found.kinks == pytest.approx([-at], rel=1e-6)
    inside = found.steps < abs(at) * 0.9
    outside = (found.steps > abs(at) * 1.5) & (found.steps < 0.5)
    assert found.central[outside].min() > 1e-2
    assert found.central[inside].min() < 1e-8 if abs(at) > 1e-5 else True


def test_kinks_at_the_point_itself_and_several():
    assert step_sizes(hinge, [1.0, 0.0], direction=(1,)).kinks == (0.0,)
    both = step_sizes(hinge, [0.1, -0.02], direction=[1.0, 1.0])
    assert both.kinks == pytest.approx([-0.1, 0.02], rel=1e-9)


@pytest.mark.parametrize(
    "f", [smooth, lambda x: np.sum(np.sin(50 * x)), lambda x: np.sum(x**3), lambda x: np.sum(3 * x)]
)
def test_what_bends_is_no_kink(f):
    assert step_sizes(f, X).kinks == ()


def test_a_students_gradient_that_is_wrong_makes_no_v():
    found = step_sizes(smooth, X, gradient=lambda x: 2 * minpy.grad(smooth)(x))
    assert found.central.min() > 0.49
    right = step_sizes(smooth, X, gradient=lambda x: minpy.grad(smooth)(x).asnumpy())
    assert right.central.min() < 1e-9


def test_its_own_steps():
    found = step_sizes(smooth, X, steps=[1e-2, 1e-4])
    assert found.steps.tolist() == [1e-4, 1e-2]
    with pytest.raises(ValueError, match="fewer than two steps"):
        found.slope(1, 2)


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match=r"returned an array of shape \(3, 4\)"):
        step_sizes(np.tanh, X, gradient=lambda x: x)
    with pytest.raises(ValueError, match=r"shape \(2,\), but x has shape \(3, 4\)"):
        step_sizes(smooth, X, direction=[1.0, 2.0])


def test_words():
    text = str(step_sizes(hinge, [1.0, 0.25], direction=(1,)))
    assert text.splitlines()[0].startswith("The best step for hinge in float64 is ")
    assert text.splitlines()[1] == "There is a kink at a distance of -0.25."


def test_the_picture():
    pytest.importorskip("matplotlib", reason="pictures need Matplotlib")
    found = step_sizes(hinge, [1.0, 1e-3], direction=(1,))
    (axes,) = found.plot().axes
    lines = {line.get_label(): line for line in axes.lines}
    assert lines["kink"].get_xdata()[0] == pytest.approx(1e-3)
    assert onp.allclose(lines["central difference"].get_xdata(), found.steps)
    assert "rounding, $1/h$" in lines
    assert "what is left out, $h^2$" not in lines  # there is no such law beyond a kink
    wrong = step_sizes(smooth, X, gradient=lambda x: 1.01 * minpy.grad(smooth)(x))
    (axes,) = wrong.plot().axes  # nor where the error is the gradient's
    assert "what is left out, $h^2$" not in [line.get_label() for line in axes.lines]
    (axes,) = step_sizes(smooth, X).plot().axes
    (law,) = [line for line in axes.lines if line.get_label() == "what is left out, $h^2$"]
    (x0, x1), (y0, y1) = law.get_xdata(), law.get_ydata()
    assert onp.log(y1 / y0) / onp.log(x1 / x0) == pytest.approx(2)
    assert found.plot(axes) is axes
