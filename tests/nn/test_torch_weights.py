"""State dicts of PyTorch's modules: ours compute the same with them."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers, modules
from minpy.nn.torch_weights import from_torch, load_torch

from .agreement import close, drawn

X = drawn(4, 3)
STEPS = drawn(2, 5, 3)
IMAGES = drawn(2, 4, 6, 6)
WORDS = drawn(2, 5, 8)

# PyTorch's module, ours, the input, and what PyTorch's is called with
MODULES = {
    "linear": (lambda nn: nn.Linear(3, 5), modules.FullyConnected(5), X),
    "linear without bias": (
        lambda nn: nn.Linear(3, 5, bias=False),
        modules.FullyConnected(5, no_bias=True),
        X,
    ),
    "convolution": (
        lambda nn: nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2),
        modules.Convolution(3, 6, (2, 2), (1, 1), num_group=2),
        IMAGES,
    ),
    "batch norm": (lambda nn: nn.BatchNorm2d(4), modules.BatchNorm(ddof=1), IMAGES),
    "batch norm of vectors": (lambda nn: nn.BatchNorm1d(3), modules.BatchNorm(ddof=1), X),
    "layer norm": (lambda nn: nn.LayerNorm(3), modules.LayerNorm(), X),
    "embedding": (lambda nn: nn.Embedding(7, 3), modules.Embedding(7, 3), onp.array([[1, 6]])),
    "rnn": (lambda nn: nn.RNN(3, 5, batch_first=True), modules.RNN(5, return_state=True), STEPS),
    "lstm": (lambda nn: nn.LSTM(3, 5, batch_first=True), modules.LSTM(5, return_state=True), STEPS),
    "gru": (
        lambda nn: nn.GRU(3, 5, batch_first=True),
        modules.GRU(5, reset_after=True, return_state=True),
        STEPS,
    ),
    "attention": (
        lambda nn: nn.MultiheadAttention(8, 2, batch_first=True),
        modules.MultiHeadAttention(2),
        WORDS,
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_compute_what_theirs_do(torch, name):
    make, ours, x = MODULES[name]
    torch.manual_seed(0)
    theirs = make(torch.nn).double()
    for weight in theirs.parameters():  # of which some start as zeros
        weight.data += 0.1 * torch.rand(weight.shape)
    given = torch.from_numpy(x)
    with minpy.use_default_dtype("float64"):
        ours(np.array(x))
        if name.startswith("batch norm"):
            theirs(given)  # so that there are averages
        load_torch(ours, {f"net.0.{k}": v for k, v in theirs.state_dict().items()}, "net.0.")
        for _ in range(2):
            out = ours(np.array(x))
            expected = theirs(given, given, given) if name == "attention" else theirs(given)
            if isinstance(expected, tuple):
                expected, state = expected
                if name != "attention":
                    out, last = out
                    last = last if isinstance(last, tuple) else (last,)
                    state = state if isinstance(state, tuple) else (state,)
                    for h, e in zip(last, state, strict=True):
                        close(h, e[0].detach(), "float64")
            close(out, expected.detach(), "float64")
            ours.inference()  # and as they are used: batch norms by their averages
            theirs.eval()
        ours.training()


def test_functions_take_the_weights(torch):
    lstm = torch.nn.LSTM(3, 5, batch_first=True).double()
    found = layers.lstm_temporal(STEPS, onp.zeros((2, 5)), **from_torch("LSTM", lstm.state_dict()))
    close(found, lstm(torch.from_numpy(STEPS))[0].detach(), "float64")
    gru = torch.nn.GRU(3, 5).double()
    weights = from_torch("GRU", gru.state_dict())
    step = layers.gru_step(X, onp.ones((4, 5)), **weights)
    expected, _ = gru(torch.from_numpy(X)[None], torch.ones(1, 4, 5).double())
    close(step, expected[0].detach(), "float64")
    report = minpy.gradcheck(
        lambda ps: np.sum(layers.gru_temporal(STEPS, onp.ones((2, 5)), **ps) ** 2), weights
    )
    assert report, report


def test_what_does_not_fit_is_explained(torch):
    state = {"fc.weight": onp.ones((5, 3)), "fc.bias": onp.zeros(5)}
    with pytest.raises(ValueError, match=r"converts Linear, Conv2d, .*, but not 'Bilinear'"):
        from_torch("Bilinear", state)
    with pytest.raises(KeyError, match=r"weight: a Linear has it, .*it has fc\.weight, fc\.bias"):
        from_torch("Linear", state)
    layer = modules.FullyConnected(5)
    with pytest.raises(ValueError, match="no parameters yet: call it with an input first"):
        load_torch(layer, state, "fc.")
    layer(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"'weight': \(4, 5\).* the state dict has .*\(3, 5\)"):
        load_torch(layer, state, "fc.")
    gru = modules.GRU(5)
    gru(np.ones((2, 3)))
    with pytest.raises(ValueError, match="make it with reset_after=True"):
        load_torch(gru, torch.nn.GRU(3, 5).state_dict())
    with pytest.raises(TypeError, match=r"takes a layer FullyConnected, .*, got"):
        load_torch(modules.ReLU(), {})
