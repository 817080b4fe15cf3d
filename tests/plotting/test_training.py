"""Training curves and the sizes of gradients."""

import numpy as onp
import pytest

import minpy.numpy as np
from minpy import plotting
from minpy.plotting.training import smoothed

pytest.importorskip("matplotlib", reason="pictures need Matplotlib")


def test_losses_are_drawn_raw_and_smoothed(drawn):
    losses = onp.exp(-onp.arange(300) / 100) + onp.random.default_rng(0).normal(0, 0.1, 300)
    figure = plotting.training_curves(losses)
    raw, smooth = figure.axes[0].lines
    onp.testing.assert_allclose(raw.get_ydata(), losses)
    assert raw.get_xdata()[0] == 1 and raw.get_xdata()[-1] == 300
    rough, even = onp.diff(losses).std(), onp.diff(smooth.get_ydata()).std()
    assert even < rough / 5
    assert abs(smooth.get_ydata()[-1] - losses[-20:].mean()) < 0.1
    drawn(figure)


def test_smoothing_is_the_weighted_mean_of_what_came_before():
    losses = onp.random.default_rng(0).normal(size=10)
    weights = 0.7 ** onp.arange(9, -1, -1)
    assert smoothed(losses, 0.7)[-1] == pytest.approx((weights * losses).sum() / weights.sum())
    assert smoothed(losses, 0.7)[0] == pytest.approx(losses[0])


def test_accuracies_are_told_apart_without_colour(drawn):
    figure = plotting.training_curves([2.0, 1.0], [0.2, 0.6, 0.9], [0.3, 0.5, 0.4])
    training, validation = figure.axes[1].lines
    assert training.get_ydata().tolist() == [0.2, 0.6, 0.9]
    assert validation.get_xdata().tolist() == [1, 2, 3]
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()
    legend = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert legend == ["training: 0.900", "validation: 0.400, best 0.500 in epoch 2"]
    drawn(figure)


def test_histories_may_be_of_any_numbers():
    losses = [np.array(2.0), onp.float32(1), 0.5]
    figure = plotting.training_curves(losses, np.array([0.5]), None, epochs=[3], smoothing=0)
    (line,) = figure.axes[0].lines
    assert line.get_ydata().tolist() == [2, 1, 0.5]
    assert figure.axes[1].lines[0].get_xdata().tolist() == [3]


def test_a_loss_that_is_lost_is_seen(drawn):
    figure = plotting.training_curves([1.0, 0.5, onp.inf, onp.nan])
    assert figure.axes[0].get_title() == "loss; not finite from step 3 on"
    drawn(figure)


def test_nothing_yet_and_one_step(drawn):
    empty = plotting.training_curves([])
    assert empty.axes[0].get_title() == "loss: no steps yet"
    drawn(empty)
    drawn(plotting.training_curves([1.0], [0.5], [0.5], log=True))


@pytest.mark.parametrize(
    "arguments, options, message",
    [
        (([[1.0, 2.0]],), {}, r"loss_history must be one row .* but has shape \(1, 2\)"),
        (([1.0],), {"smoothing": 1}, "smoothing must be from 0 to below 1, but is 1"),
        (([1.0], [0.5, 0.6]), {"epochs": [1]}, "2 training accuracies, but 1 epochs"),
        (([1.0],), {"metric": "mse"}, "metric is .accuracy. or .loss., but is .mse."),
    ],
)
def test_wrong_histories_are_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        plotting.training_curves(*arguments, **options)


# ----- gradients


def bars(ax):
    return onp.array([bar.get_height() for bar in ax.patches])


def test_elements_of_one_step(drawn):
    gradients = {"W": np.array([[1.0, -10.0], [0.0, 100.0]]), "b": np.zeros(3)}
    figure = plotting.gradient_histograms(gradients)
    weights, bias = figure.axes
    assert [weights.get_ylabel(), bias.get_ylabel()] == ["W", "b"]
    assert bars(weights).sum() == 3 and bars(bias).sum() == 0
    assert weights.texts[0].get_text() == "norm 1e+02\n25 % zero"
    assert bias.texts[0].get_text() == "all zero"
    assert weights.get_xscale() == "log"
    drawn(figure)


def test_norms_of_many_steps(drawn):
    steps = [{"W": onp.full((2, 2), 2.0**i), "b": 10.0} for i in range(5)]
    figure = plotting.gradient_histograms(steps)
    assert [bars(ax).sum() for ax in figure.axes] == [5, 5]
    assert figure.axes[0].texts[0].get_text() == "median 8"
    assert "norm" in figure.axes[1].get_xlabel()
    drawn(figure)


def test_nested_and_broken_gradients(drawn):
    figure = plotting.gradient_histograms({"layers": [np.ones(2), None], "b": onp.array([onp.nan])})
    assert [ax.get_ylabel() for ax in figure.axes] == ["layers[0]", "b"]
    assert "1 not finite" in figure.axes[1].texts[0].get_text()
    drawn(figure)
    drawn(plotting.gradient_histograms({"W": onp.zeros(3)}))


def test_wrong_gradients_are_refused():
    with pytest.raises(TypeError, match="must be a dict of arrays, or a list of such dicts"):
        plotting.gradient_histograms([onp.ones(3)])
    with pytest.raises(ValueError, match="there are no gradients"):
        plotting.gradient_histograms({"W": None})
    with pytest.raises(ValueError, match="gradients of step 1 are those of"):
        plotting.gradient_histograms([{"W": onp.ones(1)}, {"b": onp.ones(1)}])
