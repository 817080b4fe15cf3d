"""One executor, used again and again: what it costs, and that no call sees another one's memory."""

import copy
import pickle
import threading

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F
from minpy.symbol import executor

from .networks import cell, convolution, lenet, linear, normalized


def drawn(*shape, seed=0):
    return onp.random.default_rng([seed, *shape]).standard_normal(shape)


def close(found, expected, tolerance=1e-10):
    onp.testing.assert_allclose(onp.asarray(found), expected, tolerance, tolerance)


def dropout(mx, rate=0.5):
    return mx.sym.Dropout(mx.sym.Variable("x"), p=rate)


# ----- how often something is bound and run


def test_a_hundred_calls_bind_once(mx, counts):
    conv = minpy.Function(convolution(mx))
    x, w = drawn(2, 3, 6, 6), drawn(32, 3, 3, 3)
    gradient = minpy.grad(lambda w: np.sum(conv(x, w)))
    for _ in range(50):
        w = w - 1e-3 * gradient(w).asnumpy()
        conv(x, w)
    assert counts == {"bind": 1, "forward": 100, "backward": 50}


def test_all_gradients_of_a_call_take_one_backward_pass(mx, counts):
    step = minpy.Function(cell(mx))
    args = drawn(2, 3), drawn(4, 3), drawn(4), drawn(2, 4), drawn(4, 4)
    minpy.grad(lambda *args: step(*args), argnum=range(5))(*args)
    assert counts == {"bind": 1, "forward": 1, "backward": 1}


def test_each_set_of_shapes_is_bound_once(mx, counts):
    fc = minpy.Function(linear(mx))
    for _ in range(3):
        for size in (4, 4, 2):  # the last batch is smaller
            minpy.grad(lambda w, x: fc(x, w, onp.zeros(3)))(drawn(3, 5), drawn(size, 5))
    assert counts["bind"] == 2


def test_the_executors_that_are_kept_are_few(mx):
    fc = minpy.Function(linear(mx))
    for size in range(1, 12):
        assert fc(drawn(size, 5), drawn(3, 5), drawn(3)).shape == (size, 3)
    assert len(fc._executors.kept) == executor.MOST


def test_a_call_whose_executor_was_dropped_goes_back_all_the_same(mx, monkeypatch):
    monkeypatch.setattr(executor, "MOST", 1)
    fc = minpy.Function(linear(mx))
    w = drawn(3, 5)

    def f(w):
        return np.sum(fc(drawn(2, 5), w, onp.zeros(3)) ** 2) + np.sum(
            fc(drawn(4, 5), w, onp.zeros(3)) ** 2
        )

    expected = sum(2 * (x @ w.T).T @ x for x in (drawn(2, 5), drawn(4, 5)))
    close(minpy.grad(f)(w), expected)


def test_only_calls_that_were_overtaken_run_again(mx, counts):
    fc = minpy.Function(linear(mx))

    def f(w):
        return sum(np.sum(fc(drawn(2, 5, seed=i), w, onp.zeros(3)) ** 2) for i in range(4))

    w = drawn(3, 5)
    expected = sum(2 * (x @ w.T).T @ x for x in (drawn(2, 5, seed=i) for i in range(4)))
    close(minpy.grad(f)(w), expected)
    assert counts == {"bind": 1, "forward": 4 + 3, "backward": 4}


# ----- several calls before one backward pass


def test_a_call_may_be_gone_back_through_twice(mx):
    """MXNet's backward pass reuses the memory of the forward pass, so a second one is not safe."""
    np.random.seed(0)
    drop = minpy.Function(dropout(mx))
    vjp, y = minpy.make_vjp(lambda x: drop(x))(np.ones(100))
    first, second = vjp(np.ones(100)), vjp(2 * np.ones(100))
    close(first, y.asnumpy())
    close(second, 2 * y.asnumpy())
    assert 20 < np.sum(y == 0) < 80


def test_each_call_drops_its_own_units_forwards_and_backwards(mx):
    np.random.seed(0)
    drop = minpy.Function(dropout(mx))
    ys = []

    def f(x):
        ys[:] = [drop(x) for _ in range(3)]
        return np.sum(ys[0]) + 10 * np.sum(ys[1]) + 100 * np.sum(ys[2])

    g = minpy.grad(f)(np.ones(200)).asnumpy()
    first, second, third = (y.detach().asnumpy() for y in ys)
    assert (first != second).any() and (second != third).any()
    close(g, first + 10 * second + 100 * third)


def test_training_and_inference_in_one_recording(mx):
    drop = minpy.Function(dropout(mx))

    def f(x):
        drop.is_train = True
        dropped = drop(x)
        drop.is_train = False
        return np.sum(dropped) * 0 + np.sum(drop(x) * x)

    close(minpy.grad(f)(np.array(drawn(5))), 2 * drawn(5))


def test_a_seed_makes_dropout_repeatable_and_inference_draws_nothing(mx):
    drop = minpy.Function(dropout(mx))

    def in_training():
        np.random.seed(3)
        return drop(onp.ones(50)).tolist()

    first = in_training()
    assert in_training() == first
    assert drop(onp.ones(50)).tolist() != first  # the stream goes on
    drop.is_train = False
    np.random.seed(3)
    assert drop(onp.ones(50)).tolist() == [1] * 50
    unused = onp.random.rand()
    np.random.seed(3)
    assert onp.random.rand() == unused


def test_random_symbols_are_seeded_in_inference_too(mx):
    noise = mx.sym.random.normal(shape=(4,), dtype="float64")
    noisy = minpy.Function(mx.sym.Variable("x") + noise)
    noisy.is_train = False
    np.random.seed(3)
    first = noisy(onp.zeros(4)).tolist()
    assert noisy(onp.zeros(4)).tolist() != first
    np.random.seed(3)
    assert noisy(onp.zeros(4)).tolist() == first


def test_a_recording_is_replayed(mx):
    """The ops of a replay share what is static with those that were recorded."""
    squashed = minpy.Function(mx.sym.tanh(linear(mx)))

    def f(w):
        return np.sum(squashed(drawn(2, 5), w, onp.zeros(3)) ** 2)

    def ours(w):
        return np.sum(np.tanh(drawn(2, 5) @ w.T) ** 2)

    trace, w = minpy.record(f, drawn(3, 5)), drawn(3, 5, seed=1)
    close(trace.replay(w), ours(w))
    g = minpy.grad(lambda w: trace.replay(w) + trace.replay(3 * w))(w)
    close(g, minpy.grad(lambda w: ours(w) + ours(3 * w))(w))

    def overtaken(w):
        y = trace.replay(w)
        trace.replay(3 * w)
        return y

    close(minpy.grad(overtaken)(w), minpy.grad(ours)(w))


# ----- training and use


def lenet_by_minpy(x, params):
    y = F.conv2d(x, params["conv1_weight"], params["conv1_bias"], padding=2)
    y = F.max_pool2d(np.tanh(y), 2)
    y = F.conv2d(y, params["conv2_weight"], params["conv2_bias"], padding=1)
    y = F.max_pool2d(np.tanh(y), 2).reshape(len(x), -1)
    y = np.tanh(y @ params["hidden_weight"].T + params["hidden_bias"])
    return y @ params["scores_weight"].T + params["scores_bias"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("training", [[True], [False], [False, True], [True, False]])
def test_weights_may_change_in_training_and_in_use(mx, training, dtype):
    """MXNet rewrites filters in other layouts, and takes weights for constants, where it may."""
    net = minpy.Function(lenet(mx))
    tolerance = {"float32": 1e-4, "float64": 1e-10}[dtype]
    for seed in range(4):
        net.is_train = training[seed % len(training)]
        x = drawn(6, 1, 8, 8, seed=seed).astype(dtype)
        params = {
            name: 0.3 * drawn(*config["shape"], seed=seed).astype(dtype)
            for name, config in net.get_params({"x": x.shape}).items()
        }
        close(net(x=x, **params), lenet_by_minpy(x, params).asnumpy(), tolerance)
        found = minpy.grad(lambda p, x: np.sum(net(x=x, **p) ** 2))(params, x)
        expected = minpy.grad(lambda p, x: np.sum(lenet_by_minpy(x, p) ** 2))(params, x)
        for name in params:
            scale = np.abs(expected[name]).max()
            close(found[name] / scale, expected[name] / scale, tolerance)


def test_training_and_use_have_an_executor_in_common_where_they_do_the_same(mx, counts):
    fc, drop = minpy.Function(linear(mx)), minpy.Function(dropout(mx))
    for training in (True, False):
        fc.is_train = drop.is_train = training
        fc(drawn(2, 5), drawn(3, 5), drawn(3))
        drop(drawn(2, 5))
    assert counts["bind"] == 1 + 2


def test_dropout_that_is_always_on(mx):
    drop = minpy.Function(mx.sym.Dropout(mx.sym.Variable("x"), p=0.5, mode="always"))
    drop.is_train = False
    np.random.seed(0)
    first = drop(onp.ones(50)).tolist()
    assert set(first) == {0, 2}
    np.random.seed(0)
    assert drop(onp.ones(50)).tolist() == first


def test_custom_ops_are_told_the_mode_and_have_no_gradient_in_use(mx):
    seen = []

    class Twice(mx.operator.CustomOp):
        def forward(self, is_train, req, in_data, out_data, aux):
            seen.append(is_train)
            self.assign(out_data[0], req[0], 2 * in_data[0])

        def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
            self.assign(in_grad[0], req[0], 2 * out_grad[0])

    @mx.operator.register("minpy_tests_twice")
    class TwiceProp(mx.operator.CustomOpProp):
        def create_operator(self, ctx, shapes, dtypes):
            return Twice()

    conv = mx.sym.Custom(convolution(mx), op_type="minpy_tests_twice")
    conv = minpy.Function(conv)
    for i, training in enumerate([True, False, False, True]):
        conv.is_train = training
        x, w = drawn(2, 3, 6, 6, seed=i).astype("f"), drawn(32, 3, 3, 3, seed=i).astype("f")
        close(conv(x, w), 2 * F.conv2d(x, w), 1e-3)
    assert seen == [True, False, False, True]
    seen.clear()
    twice = minpy.Function(mx.sym.Custom(mx.sym.Variable("x"), op_type="minpy_tests_twice"))
    assert minpy.grad(lambda x: twice(x) * x)(drawn(3)).tolist() == (4 * drawn(3)).tolist()
    twice.is_train = False
    assert twice(onp.ones(3)).tolist() == [2, 2, 2]
    assert seen == [True, False]
    with pytest.raises(minpy.NoGradientError, match="not with is_train = False"):
        minpy.grad(lambda x: twice(x))(drawn(3))


# ----- memory


def test_results_are_not_overwritten_by_the_next_run(mx):
    fc = minpy.Function(linear(mx))
    w, b = drawn(3, 5), drawn(3)
    first = fc(drawn(2, 5), w, b)
    before = first.asnumpy().copy()
    second = fc(drawn(2, 5, seed=1), w, b)
    assert onp.array_equal(first.asnumpy(), before)
    assert not onp.shares_memory(first.asnumpy(), second.asnumpy())


def test_several_results_are_not_overwritten_either(mx):
    x = mx.sym.Variable("x")
    both = minpy.Function(mx.sym.Group([2 * x, mx.sym.exp(x)]))
    first = [y.asnumpy() for y in both(onp.zeros(3))]
    both(onp.ones(3))
    assert [y.tolist() for y in first] == [[0, 0, 0], [1, 1, 1]]


def test_gradients_are_not_overwritten_by_the_next_ones(mx):
    fc = minpy.Function(linear(mx))
    gradient = minpy.grad(lambda x, w, b: np.sum(fc(x, w, b) ** 2), argnum=(0, 1, 2))
    first = gradient(drawn(2, 5), drawn(3, 5), drawn(3))
    before = [g.asnumpy().copy() for g in first]
    gradient(drawn(2, 5, seed=1), drawn(3, 5, seed=1), drawn(3, seed=1))
    for g, expected in zip(first, before, strict=True):
        assert onp.array_equal(g.asnumpy(), expected)


def test_results_can_be_written_without_harm(mx):
    fc = minpy.Function(linear(mx))
    w = drawn(3, 5)

    def f(w):
        y = fc(drawn(2, 5), w, onp.zeros(3))
        y[:] = y * y
        return np.sum(y)

    close(minpy.grad(f)(w), 2 * (drawn(2, 5) @ w.T).T @ drawn(2, 5))


@pytest.mark.parametrize("kind", [onp.array, np.array])
def test_inputs_may_be_written_before_the_backward_pass(mx, kind):
    """Whether the call is run again or not."""
    fc = minpy.Function(linear(mx))
    w = drawn(3, 5)
    for again in (False, True):
        x = kind(drawn(2, 5))

        def f(w, x=x, again=again):
            y = fc(x, w, onp.zeros(3))
            x[:] = 7.0
            if again:
                fc(x, w, onp.zeros(3))
            return np.sum(y**2)

        close(minpy.grad(f)(w), 2 * (drawn(2, 5) @ w.T).T @ drawn(2, 5))


def test_weights_written_in_place_between_two_calls(mx):
    fc = minpy.Function(linear(mx))

    def f(w):
        first = fc(drawn(2, 5), w, onp.zeros(3))
        w *= 2
        return np.sum(first) + np.sum(fc(drawn(2, 5), w, onp.zeros(3)) ** 2)

    report = minpy.gradcheck(f, drawn(3, 5))
    assert report, report


def test_threads_share_an_executor_and_not_its_memory(mx):
    fc = minpy.Function(linear(mx))
    found, errors = {}, []

    def work(seed):
        try:
            w = drawn(3, 5, seed=seed)
            for _ in range(20):
                found[seed] = minpy.grad(lambda w: np.sum(fc(drawn(2, 5), w, onp.zeros(3)) ** 2))(w)
                close(found[seed], 2 * (drawn(2, 5) @ w.T).T @ drawn(2, 5))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(found) == 4


# ----- states


def batch(seed=0):
    return 2 * drawn(6, 3, seed=seed) + 5


def normalize(bn, x):
    return bn(x=x, bn_gamma=onp.ones(3), bn_beta=onp.zeros(3))


def train(bn, *batches):
    def f(gamma):
        outputs = [bn(x=x, bn_gamma=gamma, bn_beta=onp.zeros(3)) for x in batches]
        return sum(map(np.sum, outputs))

    return minpy.grad(f)(np.ones(3))


def test_training_uses_the_batch_and_updates_the_states(mx):
    bn = minpy.Function(normalized(mx), {"x": (6, 3)})
    assert list(bn.states) == ["bn_moving_mean", "bn_moving_var"]
    assert bn.states["bn_moving_mean"].tolist() == [0, 0, 0]
    assert bn.states["bn_moving_var"].tolist() == [1, 1, 1]
    x = batch()
    close(normalize(bn, x), (x - x.mean(0)) / onp.sqrt(x.var(0) + 1e-3), 1e-6)
    train(bn, x)
    close(bn.states["bn_moving_mean"], x.mean(0) / 2, 1e-6)
    close(bn.states["bn_moving_var"], 0.5 + x.var(0) / 2, 1e-6)


def test_inference_uses_the_states_and_leaves_them(mx):
    bn = minpy.Function(normalized(mx))
    bn.states["bn_moving_mean"] = mean = onp.array([1.0, 2.0, 3.0])
    bn.states["bn_moving_var"] = np.array([4.0, 5.0, 6.0])
    bn.is_train = False
    expected = (batch() - mean) / onp.sqrt(onp.array([4.0, 5.0, 6.0]) + 1e-3)
    close(normalize(bn, batch()), expected, 1e-6)
    gradient = minpy.grad(lambda x: np.sum(normalize(bn, x) ** 2))
    close(gradient(batch()), 2 * expected / onp.sqrt(onp.array([4.0, 5.0, 6.0]) + 1e-3), 1e-6)
    assert bn.states["bn_moving_mean"].tolist() == [1, 2, 3]


def test_the_gradient_through_batch_normalization(mx):
    bn = minpy.Function(normalized(mx))

    def f(x, gamma, beta):
        return bn(x=x, bn_gamma=gamma, bn_beta=beta) ** 2

    report = minpy.gradcheck(f, batch(), drawn(3), drawn(3, seed=1), tolerance=1e-4)
    assert report, report


def test_each_call_updates_the_states_once(mx):
    """Though the first has to run again, and runs with the states of its time."""
    bn = minpy.Function(normalized(mx))
    train(bn, batch(0), batch(1))
    mean = onp.zeros(3)
    for x in (batch(1), batch(0)):  # the backward pass goes from the last to the first
        mean = mean / 2 + x.mean(0) / 2
    close(bn.states["bn_moving_mean"], mean, 1e-6)
    vjp, _ = minpy.make_vjp(lambda gamma: bn(batch(), gamma, onp.zeros(3)))(np.ones(3))
    before = bn.states["bn_moving_mean"]
    vjp(np.ones((6, 3)))
    once = bn.states["bn_moving_mean"]
    close(once, before.asnumpy() / 2 + batch().mean(0) / 2, 1e-6)
    vjp(np.ones((6, 3)))
    assert bn.states["bn_moving_mean"].tolist() == once.tolist()


def test_states_set_between_a_call_and_its_backward_pass(mx):
    """In inference the gradient is that of the states of the call."""
    bn = minpy.Function(normalized(mx))
    bn.is_train = False

    def f(x, other):
        y = normalize(bn, x)
        if other:
            bn.states["bn_moving_var"] = onp.full(3, 100.0)
            normalize(bn, x)
        return np.sum(y)

    gradients = []
    for other in (False, True):
        bn.states["bn_moving_var"] = onp.full(3, 4.0)
        gradients.append(minpy.grad(f)(batch(), other))
    close(gradients[0], onp.full((6, 3), 4.001**-0.5), 1e-6)
    close(gradients[1], gradients[0])


def test_frozen_states_set_between_a_call_and_its_backward_pass(mx):
    bn = minpy.Function(normalized(mx, use_global_stats=True))
    bn.states["bn_moving_var"] = onp.full(3, 4.0)

    def f(x):
        y = normalize(bn, x)
        bn.states["bn_moving_var"] = onp.full(3, 100.0)
        return np.sum(y)

    close(minpy.grad(f)(batch()), onp.full((6, 3), 4.001**-0.5), 1e-6)
    assert bn.states["bn_moving_var"].tolist() == [100, 100, 100]


def test_frozen_states(mx):
    bn = minpy.Function(normalized(mx, use_global_stats=True))
    bn.states["bn_moving_mean"] = onp.ones(3)
    bn.states["bn_moving_var"] = onp.full(3, 4.0)
    close(train(bn, batch(0), batch(1)), (batch(0) - 1 + batch(1) - 1).sum(0) / 4.001**0.5, 1e-6)
    assert bn.states["bn_moving_mean"].tolist() == [1, 1, 1]


def test_batches_of_several_sizes_have_their_states_in_common(mx):
    bn = minpy.Function(normalized(mx))
    train(bn, batch())
    train(bn, batch(1)[:4])
    expected = batch().mean(0) / 4 + batch(1)[:4].mean(0) / 2
    close(bn.states["bn_moving_mean"], expected, 1e-6)


def test_reading_a_state_gives_a_copy(mx):
    bn = minpy.Function(normalized(mx), {"x": (6, 3)})
    bn.states["bn_moving_mean"][:] = 7.0
    assert bn.states["bn_moving_mean"].tolist() == [0, 0, 0]


def test_errors_about_states(mx):
    bn = minpy.Function(normalized(mx), name="bn")
    with pytest.raises(ValueError, match="input_shapes"):
        bn.states["bn_moving_mean"]
    with pytest.raises(KeyError, match="no state 'mean'; it has bn_moving_mean, bn_moving_var"):
        bn.states["mean"] = onp.zeros(3)
    with pytest.raises(TypeError, match="set it instead"):
        del bn.states["bn_moving_mean"]
    with pytest.raises(TypeError, match=r"it is a state, which is set with \.states"):
        bn(x=batch(), bn_gamma=onp.ones(3), bn_beta=onp.zeros(3), bn_moving_mean=onp.zeros(3))
    bn.states["bn_moving_mean"] = onp.zeros(5)
    with pytest.raises(ValueError, match=r"bn_moving_mean has shape \(5,\), .* must be \(3,\)"):
        normalize(bn, batch())


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))], ids=["deepcopy", "pickle"]
)
def test_copies_have_their_own_states(mx, copied):
    bn = minpy.Function(normalized(mx), {"x": (6, 3)}, name="mine")
    train(bn, batch())
    bn.is_train = False
    other = copied(bn)
    assert (other.name, other.inputs, other.is_train) == ("mine", bn.inputs, False)
    assert other.input_shapes == {"x": (6, 3)}
    close(normalize(other, batch()), normalize(bn, batch()).asnumpy())
    other.states["bn_moving_mean"] = onp.ones(3)
    assert bn.states["bn_moving_mean"].tolist() != [1, 1, 1]
