"""A symbol of MXNet as a module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minpy.nn.layer import Layer
from minpy.nn.modules.dense import ZEROS
from minpy.symbol import Function


class Symbolic(Layer):
    """A symbol of MXNet; what is not data is a parameter.

    Parameters
    ----------
    symbol : mxnet.symbol.Symbol
    variables : sequence of str
        The names of its data, in the order in which they are given.

    Examples
    --------
    >>> from minpy.backends.mxnet.loading import load
    >>> mx = load()
    >>> import minpy.numpy as np
    >>> net = Symbolic(mx.sym.FullyConnected(mx.sym.Variable("data"), name="fc", num_hidden=4))
    >>> net(np.ones((2, 3), dtype="float32")).shape
    (2, 4)
    >>> net.param("fc_weight").shape
    (4, 3)
    """

    def __init__(self, symbol: Any, variables: Sequence[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.variables = ("data",) if variables is None else tuple(variables)
        self.symbol = symbol
        self.function: Function | None = None  # once the shapes are known
        self._said: dict[str, dict] = {}  # the init rules that the symbol says
        self._shared: dict[str, Any] = {}  # the states as the model and MXNet last both had them

    def _found(self, inputs: tuple, named: dict[str, Any]) -> tuple[dict, dict]:
        given = self._by_name(inputs, named)
        shapes = {name: tuple(x.shape) for name, x in given.items()}
        self.function = Function(self.symbol, shapes)
        configs = self.function.get_params()
        params = {name: config["shape"] for name, config in configs.items()}
        self._said = {name: config for name, config in configs.items() if "init_rule" in config}
        self._shared = dict(self.function.states)
        return params, self._shared

    def _by_name(self, inputs: tuple, named: dict[str, Any]) -> dict[str, Any]:
        return {**dict(zip(self.variables, inputs)), **named}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return what the symbol says, and zeros for biases and shifts by MXNet's names."""
        said = self._said.get(name)
        if said:
            return {"init_rule": said["init_rule"], **said["init_config"]}
        return ZEROS if name.endswith(("bias", "beta")) else {}

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Return what the symbol does: an array, or a tuple of them."""
        function = self.function
        assert function is not None, "forward without a first call"
        self._share_states(function)
        function.is_train = self.is_training
        return function(**self._by_name(inputs, named), **self.all_params())

    def _share_states(self, function: Function) -> None:
        """Let the model have what the last backward pass made of the states, or the other way.

        MXNet changes them in the backward pass; a file that is loaded changes the model's.
        """
        for name in function.states:
            if self.aux(name) is self._shared.get(name):
                self.set_aux(name, function.states[name])
            else:
                function.states[name] = self.aux(name)
            self._shared[name] = self.aux(name)
