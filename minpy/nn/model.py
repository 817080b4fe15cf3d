"""What a network is to a `Solver`: parameters by name, a forward pass, and a loss.

A network is a class with two functions::

    class TwoLayerNet(ModelBase):
        def __init__(self):
            super().__init__()
            self.add_param("w1", (784, 100)).add_param("b1", (100,), init_rule="constant")
            self.add_param("w2", (100, 10)).add_param("b2", (10,), init_rule="constant")

        def forward(self, X, mode):
            hidden = layers.relu(layers.affine(X, self.params["w1"], self.params["b1"]))
            return layers.affine(hidden, self.params["w2"], self.params["b2"])

        def loss(self, predict, y):
            return layers.softmax_loss(predict, y)

`forward` says nothing of gradients.  While they are asked for, ``self.params`` holds recorded
arrays; that is all (`ModelBase.value_and_grad`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import minpy.numpy as np
from minpy.array import is_recorded
from minpy.autograd import value_and_grad
from minpy.nn import init, parameters
from minpy.nn.options import refuse_unknown
from minpy.nn.tables import Table

__all__ = ["ModelBase"]

PARAM_OPTIONS = ("shape", "init_rule", "init_config", "update_rule", "optim_config")
ENDINGS = (".npz", *parameters.HDF5_NAMES)


class ModelBase:
    """Base class of networks; a subclass adds parameters and writes `forward` and `loss`.

    Attributes
    ----------
    params : dict of Array
        The parameters, once they are initialised.
    param_configs : dict of dict
        By name: the shape, and how to initialise and to update it if the solver's way is not
        meant.
    aux_params : dict of Array
        What is kept beside the parameters and not trained, such as running means.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> class Line(ModelBase):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.add_param("w", (1, 1)).add_param("b", (1,), init_rule="constant")
    ...
    ...     def forward(self, X, mode):
    ...         return X @ self.params["w"] + self.params["b"]
    ...
    ...     def loss(self, predict, y):
    ...         return np.mean((predict - y) ** 2)
    >>> model = Line()
    >>> model.init_params("constant", {"value": 3.0})
    >>> model.forward(np.array([[2.0]]), "test")
    array([[6.]])
    >>> model.summary()
    parameter  shape   count
    ---------  ------  -----
    w          (1, 1)      1
    b          (1,)        1
    ---------  ------  -----
    all                    2
    """

    is_training = True  # for modules, which have no mode as an argument

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.param_configs: dict[str, dict[str, Any]] = {}
        self.aux_params: dict[str, Any] = {}
        self.aux_param_configs: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name in ("params", "param_configs", "aux_params", "aux_param_configs"):
            raise AttributeError(
                f"{type(self).__name__} has no {name} yet: call super().__init__() first in its "
                "__init__"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- what there is to train

    def add_param(self, name: str, shape: tuple[int, ...], **options: Any) -> Any:
        """Add a parameter, to be initialised by the solver or by `init_params`.

        Parameters
        ----------
        name : str
        shape : tuple of int
        init_rule, update_rule : str or callable, optional
            Of `minpy.nn.init` and `minpy.nn.optim`; without any, the solver's.
        init_config, optim_config : dict, optional
            What the rule takes.

        Returns
        -------
        ModelBase
            The model itself, so that calls can follow each other.

        Raises
        ------
        ValueError
            If there is a parameter of that name.
        TypeError
            For an option that there is not.
        """
        refuse_unknown(f"the parameter {name}", options, PARAM_OPTIONS[1:])
        _refuse_second("a parameter", name, self.param_configs)
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.param_configs[name] = {"shape": shape, **options}
        return self

    def add_params(self, params: Mapping[str, Any]) -> Any:
        """Add parameters: a dict from names to shapes, or to dicts of the options of `add_param`.

        Returns
        -------
        ModelBase
        """
        for name, config in params.items():
            self.add_param(name, **(config if isinstance(config, Mapping) else {"shape": config}))
        return self

    def add_aux_param(self, name: str, value: Any) -> Any:
        """Add an array that is kept with the parameters and not trained; or None, to be set later.

        Returns
        -------
        ModelBase
        """
        _refuse_second("an auxiliary parameter", name, self.aux_param_configs)
        self.aux_param_configs[name] = value
        self.aux_params[name] = _copied(value)
        return self

    def init_params(self, rule: Any = "xavier", config: Mapping[str, Any] | None = None) -> None:
        """Initialise all parameters, by their own rule or else by this one.

        Parameters
        ----------
        rule : str or callable
            Of `minpy.nn.init`: ``rule(shape, config)``.
        config : dict, optional
        """
        for name in self.param_configs:
            self.init_param(name, rule, config)
        for name, value in self.aux_param_configs.items():
            self.aux_params[name] = _copied(value)

    def init_param(
        self, name: str, rule: Any = "xavier", config: Mapping[str, Any] | None = None
    ) -> None:
        """Initialise one parameter, by its own rule or else by this one."""
        own = self.param_configs[name]
        if "init_rule" in own:
            rule, config = own["init_rule"], own.get("init_config")
        self.params[name] = init.rule(rule)(own["shape"], dict(config or {}))

    def build(self, dataiter: Any) -> None:
        """Find out what depends on the shapes of the data; models of modules do."""

    # -- what it computes

    def forward_batch(self, batch: Any, mode: str) -> Any:
        """Return the output for a batch; override it for a network with several inputs.

        Parameters
        ----------
        batch : DataBatch
        mode : {'train', 'test'}

        Returns
        -------
        Array, shape (N, ...)
        """
        return self.forward(batch.data[0], mode)

    def loss_batch(self, batch: Any, predict: Any) -> Any:
        """Return the loss of the output for a batch; override it for several labels.

        Parameters
        ----------
        batch : DataBatch
        predict : Array
            What `forward_batch` returned.

        Returns
        -------
        Array, shape ()
        """
        if not batch.label:
            raise ValueError(
                f"the loss of {type(self).__name__} needs labels, and the batch has none: give the "
                "iterator some, NDArrayIter(data, label, ...), or override loss_batch"
            )
        return self.loss(predict, batch.label[0])

    def forward(self, X: Any, mode: str) -> Any:
        """Return the output for an input; to be written by a subclass.

        Parameters
        ----------
        X : Array, shape (N, ...)
        mode : {'train', 'test'}

        Returns
        -------
        Array, shape (N, ...)
        """
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, X, mode)")

    def loss(self, predict: Any, y: Any) -> Any:
        """Return the loss of an output; to be written by a subclass.

        Parameters
        ----------
        predict : Array, shape (N, ...)
        y : Array, shape (N, ...)

        Returns
        -------
        Array, shape ()
        """
        raise NotImplementedError(f"{type(self).__name__} needs a method loss(self, predict, y)")

    def training_loss(self, batch: Any) -> Any:
        """Return the loss for a batch in training: the function that is differentiated.

        Parameters
        ----------
        batch : DataBatch

        Returns
        -------
        Array, shape ()

        Raises
        ------
        TypeError
            If the forward pass or the loss returned nothing.
        ValueError
            If the loss does not depend on the parameters, so that there is nothing to learn.
        """
        kind = type(self).__name__
        predict = self.forward_batch(batch, "train")
        if predict is None:
            raise TypeError(
                f"the forward pass of {kind} returned nothing: did it forget to return?"
            )
        loss = self.loss_batch(batch, predict)
        if loss is None:
            raise TypeError(f"the loss of {kind} returned nothing: did it forget to return?")
        if not is_recorded(loss) and any(is_recorded(x) for x in self.params.values()):
            raise ValueError(
                f"the loss of {kind} does not depend on its parameters, so there is nothing to "
                "learn. Was the output or the loss made a plain number or array on the way, by "
                ".item(), .asnumpy() or .detach()?"
            )
        return loss

    def value_and_grad(self, f: Callable) -> Callable:
        """Return a function that returns what `f` does, and its gradients by parameter.

        Parameters
        ----------
        f : callable
            Uses ``self.params`` and returns a loss.

        Returns
        -------
        callable
            Takes the parameters, a dict, then the arguments of `f`; returns ``(value, gradients)``.

        Examples
        --------
        >>> import minpy.numpy as np
        >>> model = ModelBase().add_param("w", (2,), init_rule="constant")
        >>> model.init_params()
        >>> both = model.value_and_grad(lambda x: np.sum(x * model.params["w"]))
        >>> both(model.params, np.array([3.0, 4.0]))[1]
        {'w': array([3., 4.], dtype=float32)}
        """
        return value_and_grad(self.with_params(f))

    def with_params(self, f: Callable) -> Callable:
        """Return `f` as a function of the parameters, which come first, and of its arguments."""

        def of_params(params: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            own = dict(self.params)
            self.params.update(params)
            try:
                return f(*args, **kwargs)
            finally:  # before the recording ends, which would look for arrays left behind
                self.params.update(own)

        return of_params

    # -- files

    def save(self, prefix: str | os.PathLike) -> str:
        """Write the parameters into a file; see `minpy.nn.parameters`.

        Parameters
        ----------
        prefix : str or path
            ``.npz`` is added, unless it ends in ``.npz``, ``.h5`` or ``.hdf5``.

        Returns
        -------
        str
            The name of the file.
        """
        path = os.fspath(prefix)
        path = path if path.endswith(ENDINGS) else f"{path}.npz"
        parameters.save(path, {"params": self.params, "aux_params": self.aux_params})
        return path

    def load(self, prefix: str | os.PathLike) -> Any:
        """Read the parameters from a file that `save` wrote, or `save` of the minpy of 2017.

        Returns
        -------
        ModelBase

        Raises
        ------
        FileNotFoundError, ParameterFileError
            If there is no such file, or none of parameters.
        ValueError
            If the file's parameters are not this model's.
        """
        path = os.fspath(prefix)
        if not path.endswith(ENDINGS):
            of_2017 = f"{path}.params"
            path = f"{path}.npz"
            if os.path.exists(of_2017) and not os.path.exists(path):
                path = of_2017
        tree = parameters.load(path)
        if not isinstance(tree, dict) or not isinstance(tree.get("params"), dict):
            raise parameters.ParameterFileError(f"{path} holds no parameters of a model")
        self.set_params(tree["params"], tree.get("aux_params", {}), path)
        return self

    def set_params(
        self, params: Mapping[str, Any], aux_params: Mapping[str, Any], where: str = "these"
    ) -> None:
        """Replace the parameters by copies of others, which must have the same names and shapes."""
        shapes = {name: tuple(value.shape) for name, value in self.params.items()}
        shapes.update({name: config["shape"] for name, config in self.param_configs.items()})
        given = {name: tuple(value.shape) for name, value in params.items()}
        faults = [f"{name} is missing" for name in shapes if name not in given]
        if shapes:  # the shapes of modules may not be known yet
            faults += [f"{name} is not the model's" for name in given if name not in shapes]
        faults += [
            f"{name} has shape {given[name]}, the model's has {shape}"
            for name, shape in shapes.items()
            if given.get(name, shape) != shape
        ]
        if faults:
            raise ValueError(
                f"the parameters of {where} do not fit {type(self).__name__}: {'; '.join(faults)}. "
                "Build the model as it was when they were saved"
            )
        self.params.update({name: np.array(value) for name, value in params.items()})
        self.aux_params.update({name: _copied(value) for name, value in aux_params.items()})

    # -- to look at

    def summary(self) -> Table:
        """Return a table of the parameters, their shapes, and how many numbers they are.

        Returns
        -------
        Table
            To be printed, or shown by Jupyter.
        """
        rows = []
        total = 0
        for name, config in self.param_configs.items():
            count = math.prod(config["shape"])
            total += count
            rows.append([name, str(config["shape"]), f"{count:,}"])
        return Table(["parameter", "shape", "count"], rows, ["all", "", f"{total:,}"])


def _refuse_second(what: str, name: str, taken: Mapping[str, Any]) -> None:
    if name in taken:
        raise ValueError(f"there is {what} {name!r} already; each needs a name of its own")


def _copied(value: Any) -> Any:
    return None if value is None else np.array(value)
