"""Mistakes planted in hand-written backward passes, and the diagnosis that each must get.

`CASES` maps the key of a diagnosis to functions that plant exactly that mistake; `NOTHING` is wrong
too, but in no way that has a name.  Each function takes a `Net` and returns what came back, what
is right, and the context.
"""

import numpy as onp

from minpy.checking import CallContext

SIZES = [(5, 4, 7, 3), (8, 8, 8, 8), (13, 5, 8, 4), (50, 10, 6, 10)]  # N, D, H, C
WORDS = "without the mask of the ReLU"


class Net:
    """affine - ReLU - affine - softmax, with L2 regularization; its gradients written by hand."""

    def __init__(self, sizes, seed, regularization=0.1):
        self.sizes, self.regularization = sizes, regularization
        n, d, h, c = sizes
        self.rng = rng = onp.random.default_rng(seed)
        self.x, self.y = rng.normal(size=(n, d)), rng.integers(c, size=n)
        self.p = {
            "W1": rng.normal(size=(d, h)),
            "b1": rng.normal(size=h),
            "W2": rng.normal(size=(h, c)),
            "b2": rng.normal(size=c),
        }
        self.right = self.backward()

    def backward(self, mean=True, regularization=True, mask=True, lost=()):
        n = len(self.x)
        p, before = self.p, self.x @ self.p["W1"] + self.p["b1"]
        hidden = onp.maximum(before, 0)
        scores = hidden @ p["W2"] + p["b2"]
        e = onp.exp(scores - scores.max(axis=1, keepdims=True))
        dscores = e / e.sum(axis=1, keepdims=True)
        dscores[onp.arange(n), self.y] -= 1
        if mean:
            dscores /= n
        dhidden = dscores @ p["W2"].T
        if mask:
            dhidden = dhidden * (before > 0)
        out = {
            "W2": hidden.T @ dscores,
            "b2": dscores.sum(axis=0),
            "W1": self.x.T @ dhidden,
            "b1": dhidden.sum(axis=0),
            "x": dhidden @ p["W1"].T,
        }
        if regularization:
            out["W1"] = out["W1"] + self.regularization * p["W1"]
            out["W2"] = out["W2"] + self.regularization * p["W2"]
        self.before, self.dhidden, self.dscores = before, dhidden, dscores
        return out

    def context(self, of="W1", **more):
        """All that the author of a check could say, so that every hypothesis is in play."""
        self.backward()
        known = {
            "batch": self.sizes[0],
            "factors": {"the square root of 7": 7**0.5},
            "parameter": of,
            "weights": self.p,
            "regularization": self.regularization if of in ("W1", "W2") else None,
            "inputs": {"x": self.x, **self.p},
            "after": {"x": self.x.copy(), **{k: v.copy() for k, v in self.p.items()}},
            "preactivations": {"what enters the ReLU": self.before},
            "intermediates": {"dscores": self.dscores, "dhidden": self.dhidden},
            "others": {f"d{name}": value for name, value in self.right.items() if name != of},
            "mistakes": {WORDS: self.backward(mask=False)[of]} if of in self.right else {},
        }
        self.backward()
        return CallContext(**known | more)


def gives(change, of="W1"):
    """Plant a change of one right gradient."""

    def plant(net):
        return change(net.right[of].copy()), net.right[of], net.context(of)

    return plant


def with_options(of="W1", **options):
    """Plant a mistake by an option of the backward pass."""
    return lambda net: (net.backward(**options)[of], net.right[of], net.context(of))


def set_at(place, value):
    def change(g):
        g[place] = value
        return g

    return change


def transposed(net):
    return net.right["W2"].T, net.right["W2"], net.context("W2")


def unsummed_bias(net):
    return net.dhidden, net.right["b1"], net.context("b1")


def unsummed_kept(net):
    right = net.dhidden.sum(axis=0, keepdims=True)
    return net.dhidden, right, CallContext()


def per_example_loss(net):
    losses = net.rng.normal(size=net.sizes[0])
    return losses, losses.mean(), net.context("loss")


def bias_over_examples(net):
    net.backward()
    return net.dhidden.sum(axis=1), net.right["b1"], net.context("b1")


def bias_over_features_kept(net):
    net.backward()
    return net.dhidden.sum(axis=1, keepdims=True), net.right["b1"], net.context("b1")


def without_part(part, times=0.0):
    """Plant a term of the gradient of the weights: the part of the data and that of the rest."""

    def plant(net):
        terms = {
            "the part of the data": net.backward(regularization=False)["W1"],
            "the part of smoothing": net.rng.normal(size=net.p["W1"].shape),
        }
        right = sum(terms.values())
        return right + (times - 1) * terms[part], right, CallContext(terms=terms)

    return plant


def other_factor(times):
    def plant(net):
        term = net.regularization * net.p["W1"]
        return net.right["W1"] + (times - 1) * term, net.right["W1"], net.context()

    return plant


def number(value):
    return lambda net: (value, 1.25, CallContext())


def penalized(times):
    """Plant another factor before the squares of the weights in a loss."""

    def plant(net):
        squares = (net.p["W1"] ** 2).sum() + (net.p["W2"] ** 2).sum()
        penalty = net.regularization / 2 * squares
        context = CallContext(weights=net.p, regularization=net.regularization)
        return 1.25 + times * penalty, 1.25 + penalty, context

    return plant


def unknown_regularization(net):
    context = net.context(regularization=None)
    return net.right["W1"] - 0.37 * net.p["W1"], net.right["W1"], context


def weights_of_a_bias(net):
    context = net.context("b1", weights={"b1": net.p["b1"]})
    return net.right["b1"] + 0.2 * net.p["b1"], net.right["b1"], context


def data_times(k):
    def plant(net):
        term = net.regularization * net.p["W1"]
        return k * (net.right["W1"] - term) + term, net.right["W1"], net.context()

    return plant


def unnamed_regularization(change):
    """Plant it where the factor of regularization is known only as an argument of the call."""

    def plant(net):
        inputs = {"reg": net.regularization, "x": net.x, "steps": 7.0}
        context = net.context(regularization=None, inputs=inputs)
        return change(net)["W1"], net.right["W1"], context

    return plant


def twice_the_squares(net):
    """The loss has ``reg * sum(W**2)``, so that the term is twice as large as its argument."""
    term = net.regularization * net.p["W1"]
    context = net.context(regularization=None, inputs={"reg": net.regularization})
    return net.right["W1"] - term, net.right["W1"] + term, context


def first_example(net):
    inputs = {"dout": net.dhidden}
    return net.dhidden[0], net.right["b1"], CallContext(inputs=inputs)


def wrong_axis_of_an_input(net):
    inputs = {"dout": net.dscores}
    return net.dscores.sum(axis=1), net.right["b2"], net.context("b2", inputs=inputs)


def labels_forgotten(net):
    """The gradient of a softmax without ``dscores[n, y[n]] -= 1``."""
    wrong = net.dscores.copy()
    wrong[onp.arange(len(net.y)), net.y] += 1 / len(net.y)
    return wrong, net.dscores, CallContext(batch=len(net.y), inputs={"y": net.y})


def labels_and_more(net):
    wrong, right, context = labels_forgotten(net)
    wrong[0, (net.y[0] + 1) % net.sizes[3]] += 0.1
    return wrong, right, context


def embedding(write):
    """The gradient of a table of which rows are read again and again."""

    def plant(net):
        n, d, h, _ = net.sizes
        rows, upstream = net.rng.integers(3, size=3 * n), net.rng.normal(size=(3 * n, d))
        terms = {}
        for i, (row, g) in enumerate(zip(rows, upstream)):
            terms[f"example {i}"] = onp.zeros((h, d))
            terms[f"example {i}"][row] = g
        out = onp.zeros((h, d))
        write(out, rows, upstream)
        return out, sum(terms.values()), CallContext(terms=terms)

    return plant


def assign(out, rows, upstream):
    out[rows] = upstream


def add_once(out, rows, upstream):
    out[rows] += upstream


def recurrent(net):
    """Back through time, with ``dW =`` for ``dW +=``: what is left is of the first step."""
    steps = 4
    h = net.sizes[2]
    states = net.rng.normal(size=(steps, net.sizes[0], h))
    upstream = net.rng.normal(size=(steps, net.sizes[0], h))
    terms = {f"step {t}": states[t].T @ upstream[t] for t in range(steps)}
    for t in reversed(range(steps)):
        out = states[t].T @ upstream[t]
    return out, sum(terms.values()), CallContext(terms=terms)


def at_kink(net):
    """``>=`` for ``>``: a unit at exactly 0 lets the gradient through."""
    before = net.before.copy()
    before[1, 1] = 0
    upstream = net.rng.normal(size=before.shape)
    context = CallContext(preactivations={"x": before})
    return upstream * (before >= 0), upstream * (before > 0), context


def kink_in_weights(net):
    """The same, seen in the gradient of the weights: a column of it is of the unit."""
    before = net.before.copy()
    before[0, 2] = 1e-7
    upstream = net.rng.normal(size=before.shape)
    flipped = (before > 0) & (before != 1e-7)
    context = CallContext(preactivations={"x": before}, kink=1e-6)
    return net.x.T @ (upstream * flipped), net.x.T @ (upstream * (before > 0)), context


def slopes_of(f, x, step=6e-6):
    """Central differences of a sum, and the slopes to both sides with a smaller step."""
    small = step / 100
    numeric = (f(x + step) - f(x - step)) / (2 * step)
    slopes = onp.stack([(f(x + small) - f(x)) / small, (f(x) - f(x - small)) / small])
    return numeric, CallContext(slopes=slopes, step=step)


def gradient_at_a_kink(net):
    """The gradient of the ReLU's left side, at 0 and elsewhere."""
    x = net.before.copy()
    x[1, 1] = 0
    numeric, context = slopes_of(lambda x: 3 * onp.maximum(x, 0) + x, x)
    return 3.0 * (x > 0) + 1, numeric, context


def gradient_near_a_kink(net):
    """The right gradient, closer to 0 than the step of the check."""
    x = net.before.copy()
    x[1, 1] = 2e-6
    numeric, context = slopes_of(lambda x: 3 * onp.maximum(x, 0) + x, x)
    return 3.0 * (x > 0) + 1, numeric, context


def wrong_beside_a_kink(net):
    """A kink is no excuse for what is wrong elsewhere, or not between the slopes."""
    actual, numeric, context = gradient_at_a_kink(net)
    return actual + 0.5 * (actual < 2), numeric, context


def wrong_at_a_kink(net):
    actual, numeric, context = gradient_at_a_kink(net)
    actual[1, 1] = 7
    return actual, numeric, context


def no_mask(net):
    upstream = net.rng.normal(size=net.before.shape)
    return upstream, upstream * (net.before > 0), CallContext()


def loop_too_short(net):
    right = net.right["x"]
    out = onp.zeros_like(right)
    for i in range(len(right) - 1):
        out[i] = right[i]
    return out, right, net.context("x")


def in_place(net):
    """The ReLU is applied in place, to what the caller still needs."""
    context = net.context()
    context.after["x"][context.after["x"] < 0] = 0
    return net.rng.normal(size=net.p["W1"].shape), net.right["W1"], context


def too_small_a_step(net):
    """Central differences in float32 with a step that is for float64."""
    w, step = net.p["W1"].astype("float32"), onp.float32(1e-5)
    scale = onp.float32(10)

    def loss(w):
        return scale + onp.sum(onp.tanh(w), dtype="float32")

    numeric = onp.empty_like(w)
    for i in onp.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += step
        down[i] -= step
        numeric[i] = (loss(up) - loss(down)) / (2 * step)
    context = CallContext(numeric=(1e-5, float(abs(loss(w))) + 10, "float32"))
    return 1 - onp.tanh(w.astype("float64")) ** 2, numeric, context


def too_small_a_step_and_wrong(net):
    actual, numeric, context = too_small_a_step(net)
    return actual + 5, numeric, context


def double_precision(net):
    """Central differences in float64 are no excuse."""
    right, context = net.right["W1"], net.context(numeric=(1e-6, 1.0, "float64"))
    return right + 1e-5 * net.rng.normal(size=right.shape), right, context


def moved_axes(net):
    n, d, h, c = net.sizes
    right = net.rng.normal(size=(n, d, h, c))
    return right.transpose(0, 2, 3, 1), right, CallContext(batch=n)


def swapped(net):
    first, second = net.rng.normal(size=(2, 4, 5))
    return first, second, CallContext(others={"dgamma": first})


def roll(axis, by):
    return lambda g: onp.roll(g, by, axis)


def drop_first_row(g):
    return onp.concatenate([g[1:], onp.zeros_like(g[:1])])


def shuffled(net):
    order = onp.arange(net.sizes[0])
    while onp.array_equal(order, onp.arange(len(order))) or abs(order[0] - order[1]) == 1:
        order = net.rng.permutation(len(order))
    return net.right["x"][order], net.right["x"], net.context("x")


def big(net, of="x"):
    """A right gradient with entries that survive being cut to integers."""
    return 100 * net.rng.normal(size=net.right[of].shape)


def into_integers(net):
    right = big(net)
    out = onp.zeros(right.shape, int)
    out[:] = right
    return out, right, CallContext()


def all_cut_away(net):
    right = net.right["b1"] * 1e-3
    return right.astype(int), right, CallContext()


def overflow(net):
    with onp.errstate(over="ignore"):
        right = net.rng.normal(size=(3, 4))
        return right + onp.exp(onp.where(right == right.max(), 1000, -1000)), right, CallContext()


def softmax_without_shift(net):
    scores = net.rng.normal(size=(4, 5))
    scores[2] += 1000
    with onp.errstate(over="ignore", invalid="ignore"):
        out = onp.exp(scores) / onp.exp(scores).sum(axis=1, keepdims=True)
    e = onp.exp(scores - scores.max(axis=1, keepdims=True))
    return out, e / e.sum(axis=1, keepdims=True), CallContext()


CASES = {
    "mistake": [with_options(mask=False), with_options("x", mask=False)],
    "nan": [softmax_without_shift, gives(set_at((0, 1), onp.nan))],
    "infinity": [overflow, gives(set_at(1, -onp.inf), "b1")],
    "integers": [into_integers, all_cut_away],
    "precision": [gives(lambda g: g.astype("float32"))],
    "zeros": [gives(onp.zeros_like), gives(onp.zeros_like, "b2")],
    "sign": [gives(onp.negative), gives(onp.negative, "b1"), gives(onp.negative, "x")],
    "missing_mean": [with_options("b1", mean=False), with_options("x", mean=False)],
    "extra_mean": [lambda net: (net.right["W2"] / len(net.x), net.right["W2"], net.context("W2"))],
    "doubled": [gives(lambda g: 2 * g), gives(lambda g: g + g, "b1")],
    "halved": [gives(lambda g: 0.5 * g, "x"), gives(lambda g: g / 2, "W2")],
    "extra_factor": [gives(lambda g: g * 7**0.5)],
    "missing_factor": [gives(lambda g: g / 7**0.5)],
    "ratio": [gives(lambda g: 0.3 * g), gives(lambda g: -3.3 * g, "x"), gives(lambda g: g / 70)],
    "data_missing_mean": [
        with_options(mean=False),
        with_options("W2", mean=False),
        unnamed_regularization(lambda net: net.backward(mean=False)),
    ],
    "mean_and_regularization": [
        with_options(mean=False, regularization=False),
        with_options("W2", mean=False, regularization=False),
    ],
    "data_ratio": [data_times(-1), data_times(2), data_times(0.37)],
    "transpose": [transposed, lambda net: (net.x.T, net.x, CallContext())],
    "axes": [moved_axes],
    "other_output": [swapped],
    "reversed": [gives(lambda g: g[::-1], "x"), gives(lambda g: g[:, ::-1], "W2")],
    "shifted": [gives(roll(0, 1), "x"), gives(drop_first_row, "x")],
    "permuted": [shuffled],
    "unsummed": [unsummed_bias, unsummed_kept],
    "unaveraged": [per_example_loss],
    "wrong_axis": [bias_over_examples, bias_over_features_kept, wrong_axis_of_an_input],
    "one_of_a_sum": [first_example],
    "reshaped": [
        gives(lambda g: g[None], "b1"),
        gives(lambda g: g[:, None], "b2"),
        gives(lambda g: g.reshape(-1), "x"),
    ],
    "overwritten": [embedding(assign), embedding(add_once), recurrent],
    "term_missing": [without_part("the part of smoothing"), without_part("the part of the data")],
    "term_twice": [without_part("the part of smoothing", 2)],
    "term_sign": [without_part("the part of the data", -1)],
    "regularization_missing": [
        with_options(regularization=False),
        with_options("W2", regularization=False),
        unnamed_regularization(lambda net: net.backward(regularization=False)),
        twice_the_squares,
    ],
    "regularization_factor": [other_factor(2), other_factor(0.5), other_factor(-1)],
    "weights": [unknown_regularization, weights_of_a_bias],
    "kink": [at_kink, kink_in_weights],
    "slopes": [gradient_at_a_kink],
    "kink_near": [gradient_near_a_kink],
    "labels": [labels_forgotten],
    "unmasked": [no_mask],
    "partly_zero": [loop_too_short],
    "offset": [gives(lambda g: g + 0.25), gives(lambda g: g - 1e-3, "x")],
    "rounding": [too_small_a_step],
    "mutated": [in_place],
    "nan_number": [number(onp.nan)],
    "infinity_number": [number(onp.inf)],
    "zero_number": [number(0.0)],
    "regularized_bias": [
        lambda net: (
            net.right["b1"] + 0.1 * net.p["b1"],
            net.right["b1"],
            net.context("b1", regularization=0.1),
        )
    ],
    "lost_regularization": [penalized(0)],
    "penalty_factor": [penalized(2), penalized(0.5)],
}

# ------------------------------------------------------------------------------- nothing to say


def noise(size):
    """Plant a random relative error."""

    def plant(net):
        right = net.right["W1"]
        return right * (1 + size * net.rng.normal(size=right.shape)), right, net.context()

    return plant


def nearly(key, case=0, size=1e-2):
    """Plant the mistake of a diagnosis, and a little more: then the diagnosis is not the truth."""

    def plant(net):
        actual, right, context = CASES[key][case](net)
        actual = onp.asarray(actual, dtype=float)
        return actual * (1 + size * net.rng.uniform(1, 2, size=actual.shape)), right, context

    return plant


def one_entry_off(change, of="W1"):
    """Plant a mistake everywhere but in one entry."""

    def plant(net):
        right = net.right[of]
        actual = onp.array(change(right))
        index = onp.unravel_index(onp.abs(right).argmax(), right.shape)
        actual[index] = right[index]
        return actual, right, net.context(of)

    return plant


def random(net):
    return net.rng.normal(size=net.p["W1"].shape), net.right["W1"], net.context()


def random_shape(net):
    right = net.right["b1"]
    return net.rng.normal(size=(net.sizes[0], len(right))), right, net.context("b1")


def random_transposed_shape(net):
    right = net.right["W2"]
    return net.rng.normal(size=right.T.shape), right, net.context("W2")


def two_mistakes(net):
    """A wrong sign of the data's part, and twice the regularization."""
    term = net.regularization * net.p["W1"]
    return -(net.right["W1"] - term) + 2 * term, net.right["W1"], net.context()


def other_labels(net):
    """Everything right, but for other labels."""
    right, context = net.right["W1"], net.context()
    net.y = (net.y + 1) % net.sizes[3]
    wrong = net.backward()["W1"]
    return wrong, right, context


def no_maximum(net):
    """No ReLU forward: another function."""
    return net.x.T @ (net.before * 0.01), net.right["W1"], net.context()


def single_ratio(net):
    """One number is a multiple of any other."""
    return onp.array([0.3]), onp.array([0.17]), net.context("loss")


def two_entries(net):
    """Two entries of a bias for two classes are always (c, -c)."""
    return onp.array([0.3, -0.3]), onp.array([0.17, -0.17]), net.context("b2")


def other_classes(net):
    """Predicted classes, of which the right ones are another permutation: by chance."""
    right = onp.array([0, 1, 2, 1, 0])
    return onp.array([1, 0, 2, 1, 0]), right, CallContext(batch=5)


def first_of_equal_rows(net):
    """Rows that are all alike look shifted by anything."""
    right = onp.tile(net.rng.normal(size=6), (5, 1))
    wrong = right.copy()
    wrong[0] = net.rng.normal(size=6)
    return wrong, right, CallContext()


def nothing_expected(net):
    """All must be 0: then a mask is no better an explanation than any."""
    return net.rng.normal(size=(4, 5)), onp.zeros((4, 5)), CallContext()


def everything_at_the_kink(net):
    """With weights of 0 all is at the kink, which excuses everything, and so nothing."""
    right = net.rng.normal(size=net.before.shape)
    context = CallContext(preactivations={"x": onp.zeros_like(right)})
    return net.rng.normal(size=right.shape), right, context


def other_constant(net):
    """A constant for a constant is a factor and an offset, and so it is neither."""
    return onp.full((4, 5), 0.3), onp.full((4, 5), 0.2), CallContext()


def scalar_loss(net):
    return 1.7, 1.1, net.context("loss")


# a little more changes nothing in what these say
STILL_TRUE = {
    "nan_number",
    "infinity_number",
    "zero_number",
    "nan",
    "infinity",
    "zeros",
    "mutated",
    "rounding",
}

NOTHING = {
    "random": random,
    "random, unsummed shape": random_shape,
    "random, transposed shape": random_transposed_shape,
    "noise 1e-1": noise(1e-1),
    "noise 1e-2": noise(1e-2),
    "noise 1e-4": noise(1e-4),
    "two mistakes": two_mistakes,
    "other labels": other_labels,
    "another function": no_maximum,
    "one number": single_ratio,
    "two numbers": two_entries,
    "a loss": scalar_loss,
    "classes": other_classes,
    "a constant": other_constant,
    "equal rows": first_of_equal_rows,
    "nothing expected": nothing_expected,
    "everything at the kink": everything_at_the_kink,
    "a small step, and wrong": too_small_a_step_and_wrong,
    "a good step": double_precision,
    "labels and more": labels_and_more,
    "beside a kink": wrong_beside_a_kink,
    "at a kink, but neither slope": wrong_at_a_kink,
    "sign, one entry right": one_entry_off(onp.negative),
    "factor 2, one entry right": one_entry_off(lambda g: 2 * g),
    "ratio, one entry right": one_entry_off(lambda g: 0.3 * g, "x"),
    "offset, one entry right": one_entry_off(lambda g: g + 0.1),
    **{f"nearly {key}": nearly(key) for key in CASES if key not in STILL_TRUE},
}
