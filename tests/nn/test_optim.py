"""Optimisers: against formulas written out, against PyTorch, and for what they allocate."""

import math
import tracemalloc

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import optim

from .agreement import drawn

STEPS = 25
NAMES = sorted(optim.RULES)


def gradient(w):
    """The gradient of a bumpy function: what is compared must not depend on `w` by chance."""
    return onp.sin(3 * w) + w


def after_steps(rule, w, config, steps=STEPS):
    for _ in range(steps):
        dw = gradient(w.asnumpy() if type(w) is np.ndarray else w)
        w, config = rule(w, np.array(dw) if type(w) is np.ndarray else dw, config)
    return w, config


# ---------------------------------------------------------------------------- formulas

# As CS231n and the papers write them, out of place.


def sgd(w, g, s, lr=0.1):
    return w - lr * g


def sgd_momentum(w, g, s, lr=0.1, momentum=0.8):
    s["v"] = momentum * s.get("v", 0) - lr * g
    return w + s["v"]


def nesterov(w, g, s, lr=0.1, momentum=0.8):
    before = s.get("v", 0)
    s["v"] = momentum * before - lr * g
    return w - momentum * before + (1 + momentum) * s["v"]


def rmsprop(w, g, s, lr=0.1, decay=0.9, epsilon=1e-3):
    s["cache"] = decay * s.get("cache", 0) + (1 - decay) * g**2
    return w - lr * g / (onp.sqrt(s["cache"]) + epsilon)


def adam(w, g, s, lr=0.1, beta1=0.8, beta2=0.9, epsilon=1e-3):
    s["t"] = s.get("t", 0) + 1
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    m = s["m"] / (1 - beta1 ** s["t"])
    v = s["v"] / (1 - beta2 ** s["t"])
    return w - lr * m / (onp.sqrt(v) + epsilon)


def adagrad(w, g, s, lr=0.1, epsilon=1e-3):
    s["cache"] = s.get("cache", 0) + g**2
    return w - lr * g / (onp.sqrt(s["cache"]) + epsilon)


def lion(w, g, s, lr=0.1, beta1=0.8, beta2=0.9, decay=0.05):
    m = s.get("m", 0)
    s["m"] = beta2 * m + (1 - beta2) * g
    return w - lr * (onp.sign(beta1 * m + (1 - beta1) * g) + decay * w)


def lamb(w, g, s, lr=0.1, decay=0.05):
    """By Adam's step from zero with the learning rate -1."""
    step = adam(0 * w, g, s, lr=-1) + decay * w
    return w - lr * onp.sqrt((w**2).sum() / (step**2).sum()) * step


MOMENTUM = {"learning_rate": 0.1, "momentum": 0.8}
ADAM = {"learning_rate": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3}
FORMULAS = {
    "sgd": (sgd, {"learning_rate": 0.1}),
    "sgd_momentum": (sgd_momentum, MOMENTUM),
    "nesterov": (nesterov, MOMENTUM),
    "rmsprop": (rmsprop, {"learning_rate": 0.1, "decay_rate": 0.9, "epsilon": 1e-3}),
    "adam": (adam, ADAM),
    "adamw": (adam, {**ADAM, "weight_decay": 0.0}),
    "adagrad": (adagrad, {"learning_rate": 0.1, "epsilon": 1e-3}),
    "lion": (lion, {"learning_rate": 0.1, "beta1": 0.8, "beta2": 0.9, "weight_decay": 0.05}),
    "lamb": (lamb, {**ADAM, "weight_decay": 0.05}),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("block", [4, 1 << 15], ids=["in blocks", "whole"])
def test_formulas(name, block, monkeypatch):
    monkeypatch.setattr(optim, "BLOCK", block)
    formula, config = FORMULAS[name]
    expected, state = drawn(2, 3, 5), {}
    for _ in range(STEPS):
        expected = formula(expected, gradient(expected), state)
    found, _ = after_steps(optim.RULES[name], np.array(drawn(2, 3, 5)), dict(config))
    onp.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-12)


def test_every_rule_is_compared():
    assert set(FORMULAS) == set(optim.RULES)
    assert set(FORMULAS) - set(OF_TORCH) == {"lion", "lamb"}  # which PyTorch lacks


def test_a_step_of_lamb_is_a_share_of_the_parameters():
    w = drawn(3, 4)
    found, _ = optim.lamb(w.copy(), drawn(3, 4, seed=1), {"learning_rate": 0.1})
    assert onp.linalg.norm(found - w) == pytest.approx(0.1 * onp.linalg.norm(w))
    zeros, _ = optim.lamb(onp.zeros(2), onp.ones(2), {"learning_rate": 0.1})
    onp.testing.assert_allclose(zeros, -0.1, rtol=1e-5)


# CS231n's notebooks print these: ``w`` from -0.4 to 0.6, ``dw`` from -0.6 to 0.4, one step.


def test_momentum_as_in_the_course():
    w = np.linspace(-0.4, 0.6, num=20).reshape(4, 5)
    dw = np.linspace(-0.6, 0.4, num=20).reshape(4, 5)
    v = np.linspace(0.6, 0.9, num=20).reshape(4, 5)
    next_w, config = optim.sgd_momentum(w, dw, {"learning_rate": 1e-3, "velocity": v})
    i = onp.arange(20)
    velocity = 0.9 * (0.6 + 0.3 * i / 19) - 1e-3 * (-0.6 + i / 19)
    onp.testing.assert_allclose(config["velocity"].asnumpy().ravel(), velocity, rtol=1e-12)
    onp.testing.assert_allclose(next_w.asnumpy().ravel(), -0.4 + i / 19 + velocity, rtol=1e-12)


# ---------------------------------------------------------------------------- PyTorch

DECAY = {"weight_decay": 0.05}
OF_TORCH = {
    "sgd": lambda torch, w: torch.optim.SGD([w], 0.1, weight_decay=0.05),
    "sgd_momentum": lambda torch, w: torch.optim.SGD([w], 0.1, momentum=0.8, weight_decay=0.05),
    "nesterov": lambda torch, w: torch.optim.SGD(
        [w], 0.1, momentum=0.8, weight_decay=0.05, nesterov=True
    ),
    "rmsprop": lambda torch, w: torch.optim.RMSprop([w], 0.1, 0.9, 1e-3, weight_decay=0.05),
    "adam": lambda torch, w: torch.optim.Adam([w], 0.1, (0.8, 0.9), 1e-3, weight_decay=0.05),
    "adagrad": lambda torch, w: torch.optim.Adagrad([w], 0.1, weight_decay=0.05, eps=1e-3),
    "adamw": lambda torch, w: torch.optim.AdamW([w], 0.1, (0.8, 0.9), 1e-3, weight_decay=0.05),
}


@pytest.mark.parametrize("name", OF_TORCH)
def test_torch(torch, name):
    tensor = torch.tensor(drawn(3, 4), requires_grad=True)
    theirs = OF_TORCH[name](torch, tensor)
    for _ in range(STEPS):
        tensor.grad = torch.sin(3 * tensor.detach()) + tensor.detach()
        theirs.step()
    found, _ = after_steps(optim.RULES[name], np.array(drawn(3, 4)), FORMULAS[name][1] | DECAY)
    onp.testing.assert_allclose(found.asnumpy(), tensor.detach().numpy(), rtol=1e-11)


def test_the_defaults_are_torchs(torch):
    ours = {name: rule(onp.zeros(1), onp.zeros(1))[1] for name, rule in optim.RULES.items()}
    tensor = torch.zeros(1, requires_grad=True)
    for name, theirs in (("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)):
        (group,) = theirs([tensor]).param_groups
        config = ours[name]
        assert config["learning_rate"] == group["lr"]
        assert (config["beta1"], config["beta2"]) == group["betas"]
        assert config["epsilon"] == group["eps"]
        assert config["weight_decay"] == group["weight_decay"]


# ---------------------------------------------------------------------------- where arrays are


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_plain_arrays_of_numpy_are_updated_in_place(name, dtype):
    w = drawn(3, 4, dtype=dtype)
    expected, _ = after_steps(optim.RULES[name], np.array(w), {})
    out, config = after_steps(optim.RULES[name], w, {})
    assert out is w and w.dtype == dtype
    assert all(type(x) is onp.ndarray for x in config.values() if hasattr(x, "shape"))
    onp.testing.assert_array_equal(w, expected.asnumpy())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_are_updated_in_place(name, dtype):
    w = np.array(drawn(3, 4, dtype=dtype))
    view = w[1:]
    out, config = after_steps(optim.RULES[name], w, {})
    assert out is w and w.dtype == dtype
    onp.testing.assert_array_equal(view.asnumpy(), w.asnumpy()[1:])
    assert all(x.dtype == dtype for x in config.values() if hasattr(x, "dtype"))


@pytest.mark.parametrize("name", NAMES)
def test_arrays_on_torch(torch, on_torch, name, monkeypatch):
    monkeypatch.setattr(optim, "BLOCK", 4)
    expected, _ = after_steps(optim.RULES[name], drawn(3, 4), {})
    with on_torch:
        w = np.array(drawn(3, 4))
        out, config = after_steps(optim.RULES[name], w, {})
        kept = [x for x in config.values() if hasattr(x, "context")]
        assert out is w
        assert type(w._data) is torch.Tensor and all(type(x._data) is torch.Tensor for x in kept)
    onp.testing.assert_allclose(w.asnumpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("policy", ["only_numpy", "prefer_torch"])
def test_numbers_are_updated(request, name, policy):
    if policy == "prefer_torch":
        request.getfixturevalue("torch")
    expected, _ = after_steps(optim.RULES[name], onp.array([2.0]), {})
    with minpy.use_policy(policy):
        found, config = after_steps(optim.RULES[name], np.array(2.0), {})
    assert found.shape == () and all(onp.shape(x) == () for x in config.values())
    onp.testing.assert_allclose(found.asnumpy(), expected[0], rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_of_the_parameters_stays(name):
    w = np.array(drawn(3, 4))
    best, before = w.detach(), w.asnumpy().copy()
    after_steps(optim.RULES[name], w, {}, steps=2)
    onp.testing.assert_array_equal(best.asnumpy(), before)
    assert (w.asnumpy() != before).all()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_recorded_after_a_step(name):
    """Also if the step is taken inside of what is being differentiated."""
    seen = []

    def outer(w):
        inner = minpy.grad(lambda w: np.sum(w**3))(w)
        stepped, config = optim.RULES[name](w, inner)
        arrays = [x for x in (stepped, *config.values()) if hasattr(x, "shape")]
        seen.extend(minpy.is_recorded(x) for x in arrays)
        return np.sum(w * stepped)

    w = np.array(drawn(3))
    before = w.asnumpy().copy()
    minpy.grad(outer)(w)
    assert seen and not any(seen)
    onp.testing.assert_array_equal(w.asnumpy(), before)


def test_training_with_gradients_of_minpy():
    target = drawn(4, 3)
    w, config = np.zeros((4, 3)), {"learning_rate": 0.3}
    for _ in range(40):
        w, config = optim.sgd(w, minpy.grad(lambda w: np.sum((w - target) ** 2))(w), config)
        assert not minpy.is_recorded(w)
    onp.testing.assert_allclose(w.asnumpy(), target, atol=1e-12)


# ---------------------------------------------------------------------------- memory


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(4_000_000,), (2000, 2000), (4, 5, 200_000)], ids=str)
@pytest.mark.parametrize("kind", [np.array, onp.array], ids=["minpy", "numpy"])
def test_a_step_allocates_a_few_blocks_whatever_the_size_of_the_parameters(name, shape, kind):
    w, dw = kind(onp.ones(shape, "float32")), kind(onp.ones(shape, "float32"))
    rule, config = optim.RULES[name], {"weight_decay": 0.1}
    w, config = rule(w, dw, config)
    tracemalloc.start()
    try:
        w, config = rule(w, dw, config)
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    block = optim.BLOCK * 4
    assert peak < 4.1 * block < 0.14 * w.size * 4
    assert left < 50_000


# ---------------------------------------------------------------------------- errors


@pytest.mark.parametrize("name", NAMES)
def test_wrong_arguments_are_explained(name):
    rule = optim.RULES[name]
    with pytest.raises(ValueError, match=rf"{name}: w has shape \(3, 1\), but dw has shape \(3,\)"):
        rule(np.ones((3, 1)), np.ones(3))
    with pytest.raises(TypeError, match=rf"{name}: w has dtype int64, but parameters are floating"):
        rule(np.ones(3, dtype="int64"), np.ones(3))
    with pytest.raises(TypeError, match=rf"{name}: w is an array, but was given list"):
        rule([1.0], np.ones(1))
    with pytest.raises(ValueError, match=rf"{name} has no option 'lr'; it has .*learning_rate"):
        rule(np.ones(3), np.ones(3), {"lr": 0.1})


def test_a_memory_of_another_shape_is_explained():
    with pytest.raises(
        ValueError, match=r"config\['velocity'\] has shape \(2,\), but w has \(3,\)"
    ):
        optim.sgd_momentum(np.ones(3), np.ones(3), {"velocity": np.ones(2)})


def test_rules_by_name():
    assert optim.rule("adamw") is optim.adamw
    assert optim.rule(gradient) is gradient
    with pytest.raises(
        ValueError, match=r"called 'sdg'; did you mean sgd\? There are adagrad, .*, sgd_mom"
    ):
        optim.rule("sdg")


def test_a_configuration_goes_on_from_a_file():
    """Memory may come back as NumPy's arrays: the steps go on as if nothing had been."""
    rule = optim.adam
    w, config = after_steps(rule, np.array(drawn(3)), {}, steps=10)
    stored = {k: x.asnumpy().copy() if hasattr(x, "shape") else x for k, x in config.items()}
    again = np.array(w.asnumpy())
    expected, _ = after_steps(rule, w, config, steps=10)
    found, _ = after_steps(rule, again, stored, steps=10)
    onp.testing.assert_array_equal(found.asnumpy(), expected.asnumpy())


# ---------------------------------------------------------------------------- clipping


def test_clipping_by_value():
    g = {"w": np.array([-3.0, 0.5, onp.inf, onp.nan]), "b": [np.array(2.0), None]}
    clipped = optim.clip_by_value(g, 1.0)
    onp.testing.assert_array_equal(clipped["w"].asnumpy(), [-1.0, 0.5, 1.0, onp.nan])
    assert clipped["b"][0] == 1.0 and clipped["b"][1] is None
    assert clipped["w"] is g["w"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_clipping_by_global_norm(dtype):
    parts = [drawn(3, 4, dtype=dtype), drawn(5, dtype=dtype)]
    g = {"w": np.array(parts[0]), "b": (np.array(parts[1]), None)}
    norm = math.sqrt(sum((p.astype(float) ** 2).sum() for p in parts))
    clipped, found = optim.clip_by_global_norm(g, 0.5)
    assert found == pytest.approx(norm, rel=1e-12)
    assert optim.global_norm(clipped) == pytest.approx(0.5, rel=1e-6)
    assert clipped["w"].dtype == dtype and clipped["b"][1] is None
    onp.testing.assert_allclose(clipped["w"].asnumpy(), parts[0] * (0.5 / norm), rtol=1e-6)
    assert clipped["w"] is g["w"]
    again, small = optim.clip_by_global_norm(clipped, 2 * norm)
    assert again is clipped and small == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("kind", [np.array, onp.array], ids=["minpy", "numpy"])
def test_clipping_is_in_place_and_in_blocks(kind):
    g = kind(onp.full((4, 1_000_000), 3.0, "float32"))
    for clip, expected in ((optim.clip_by_value, 1.0), (optim.clip_by_global_norm, 1.0 / 2000)):
        tracemalloc.start()
        try:
            clip([g, g], 1.0 if expected == 1.0 else 2**0.5)  # it is there twice, and changed once
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 6.1 * optim.BLOCK * 4
        onp.testing.assert_allclose(g[0, 0], expected, rtol=1e-6)


def test_numbers_are_clipped_too():
    clipped, norm = optim.clip_by_global_norm([np.array(3.0), 4.0], 1.0)
    assert norm == 5 and [float(g) for g in clipped] == pytest.approx([0.6, 0.8])


def test_clipping_as_in_torch(torch):
    parts = [drawn(3, 4), drawn(5)]
    tensors = [torch.zeros(p.shape, dtype=torch.float64, requires_grad=True) for p in parts]
    for tensor, p in zip(tensors, parts, strict=True):
        tensor.grad = torch.from_numpy(p.copy())
    norm = torch.nn.utils.clip_grad_norm_(tensors, 0.5)
    clipped, found = optim.clip_by_global_norm([np.array(p) for p in parts], 0.5)
    assert found == pytest.approx(norm.item())
    for tensor, g in zip(tensors, clipped, strict=True):
        onp.testing.assert_allclose(g.asnumpy(), tensor.grad.numpy(), rtol=1e-5)  # it adds 1e-6


@pytest.mark.parametrize("bad", [onp.nan, onp.inf, -onp.inf])
def test_what_is_not_finite_is_left_to_be_seen(bad):
    g = [np.array([1.0, bad]), np.array([2.0])]
    clipped, norm = optim.clip_by_global_norm(g, 0.5)
    assert not math.isfinite(norm)
    assert clipped is g


def test_norms_of_large_float32():
    assert optim.global_norm([np.full(4, 1e30, dtype="float32")]) == pytest.approx(2e30)


@pytest.mark.parametrize("clip", [optim.clip_by_value, optim.clip_by_global_norm])
@pytest.mark.parametrize("limit", [0, -1.0, onp.nan])
def test_a_wrong_limit_is_explained(clip, limit):
    with pytest.raises(ValueError, match="limit must be positive, but is"):
        clip([np.ones(2)], limit)
