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
arrays; that is all (`ModelBase.value_and_grad`).  A `Model` is a network of modules with a loss.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from typing import Any

import minpy.numpy as np
from minpy.array import is_recorded
from minpy.autograd import make_vjp, value_and_grad
from minpy.nn import layers, parameters
from minpy.nn.io import DataBatch, left_where_it_was
from minpy.nn.module import Module, Shape, modules_in
from minpy.nn.parameter_store import ParameterStore

__all__ = ["Model", "ModelBase"]

TRAINING = ("train", "training")
INFERENCE = ("test", "inference")
ENDINGS = (".npz", *parameters.HDF5_NAMES)


class ModelBase(ParameterStore):
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

    def loss_and_gradients(self, params: dict[str, Any], batch: Any) -> tuple[Any, dict[str, Any]]:
        """Return the loss for a batch in training, and its gradients by parameter.

        Parameters
        ----------
        params : dict of Array
        batch : DataBatch

        Returns
        -------
        loss : Array, shape ()
        gradients : dict of Array
        """
        return _loss_and_gradients(params, self, batch)

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


def training_loss(params: dict[str, Any], model: ModelBase, batch: Any) -> Any:
    return model.with_params(model.training_loss)(params, batch)


# a function of the model, and not one that a model keeps: a copy of a model trains the copy
_loss_and_gradients = value_and_grad(training_loss)


class Model(ModelBase):
    """A network with a loss, for a `Solver` or for a loop of one's own.

    Parameters
    ----------
    network : Module, optional
        Without it, a subclass writes `forward`.
    loss : str or callable, optional
        ``loss(predict, y)``, or the name of one in `minpy.nn.layers`, such as ``'softmax_loss'``.
        Without it, a subclass writes `loss`.
    input_shape : tuple of int, optional
        The shape of one sample, for parameters before any data was seen.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn.modules import FullyConnected
    >>> model = Model(FullyConnected(3), loss="softmax_loss", input_shape=(2,))
    >>> model.summary()
    parameter                shape   count
    -----------------------  ------  -----
    fully_connected0_weight  (2, 3)      6
    fully_connected0_bias    (3,)        3
    -----------------------  ------  -----
    all                                  9
    >>> gradients, loss = model.grad_and_loss(np.ones((4, 2)), np.array([0, 1, 2, 0]))
    >>> sorted(gradients) == sorted(model.params)
    True
    """

    def __init__(
        self,
        network: Module | None = None,
        loss: str | Callable | None = None,
        input_shape: Shape | None = None,
    ) -> None:
        super().__init__()
        if network is not None and not isinstance(network, Module):
            network, loss = None, network if loss is None else loss
        self._vjp: Callable | None = None
        self._takes_mode = "mode" in inspect.signature(self.forward).parameters
        self.network = network
        if loss is not None:
            self.loss = _loss_called(loss) if isinstance(loss, str) else loss  # type: ignore
        if input_shape is not None:
            self._build_for([np.zeros((1, *input_shape), dtype=np.float32)])

    # -- modules

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        for module in modules_in(value):
            if "_counts" not in self.__dict__:
                raise TypeError(
                    f"call super().__init__() before {type(self).__name__}.{name} is set"
                )
            self.add(module)

    def add(self, module: Module) -> None:
        """Make a module part of the model; setting it as an attribute does so."""
        module.join(self)

    def parts(self) -> list[Module]:
        """Return the modules that the model is made of, without theirs."""
        return modules_in(vars(self))

    def build(self, dataiter: Iterable[Any]) -> None:
        """Find out the shapes of all parameters from a batch, unless they are known."""
        if not self.has_all_shapes:
            with left_where_it_was(dataiter):
                batch = next(iter(dataiter))
            self._build_for(batch.data)

    def _build_for(self, data: list[Any]) -> None:
        if not self.has_all_shapes:
            was_training = self.is_training
            self.forward_batch(DataBatch(data, []), "test")
            self.is_training = was_training
            self.has_all_shapes = True

    def training(self) -> None:
        """Switch to training: dropout drops, and batch normalization looks at the batch."""
        self.is_training = True

    def inference(self) -> None:
        """Switch to using what was learned."""
        self.is_training = False

    # -- computing

    def forward(self, *data: Any, mode: str | None = None) -> Any:
        """Return the output of the network; override it for connections of one's own.

        Parameters
        ----------
        *data : Array, shape (N, ...)
        mode : {'training', 'inference', 'train', 'test'}, optional
            By default what `training` or `inference` said last.
        """
        if data and isinstance(data[-1], str):  # forward(X, mode), as other models have it
            *data, mode = data  # type: ignore[assignment]
        if mode is not None:
            self.is_training = _says_training(mode)
        if self.network is None:
            raise NotImplementedError(
                f"{type(self).__name__} has no network: give Model one, or write a method "
                "forward(self, data)"
            )
        return self.network(*data)

    def forward_batch(self, batch: Any, mode: str) -> Any:
        """Return the output for a batch, all of whose arrays `forward` gets."""
        if self.moved_to is not None:
            raise RuntimeError(
                f"the modules of this {type(self).__name__} became part of another "
                f"{self.moved_to} since, and their parameters are there; build a network for each"
            )
        self.is_training = training = _says_training(mode)
        if self._takes_mode:
            return self.forward(*batch.data, mode="training" if training else "inference")
        return self.forward(*batch.data)

    def loss(self, predict: Any, y: Any) -> Any:
        """Return the loss of an output; what the model was given as `loss` takes its place."""
        raise NotImplementedError(
            f"{type(self).__name__} has no loss: give Model one, such as loss='softmax_loss', or "
            "write a method loss(self, predict, y)"
        )

    def grad_and_loss(self, data: Any, labels: Any) -> tuple[dict[str, Any], Any]:
        """Return the gradients by parameter, and the loss, in training.

        Parameters
        ----------
        data, labels : Array, shape (N, ...), or tuple of these

        Returns
        -------
        gradients : dict of Array
        loss : Array, shape ()
        """
        batch = _batch(data, labels)
        self._build_for(batch.data)
        loss, gradients = self.loss_and_gradients(dict(self.params), batch)
        return gradients, loss

    def __call__(self, data: Any, labels: Any = None) -> Any:
        """Return the loss, or without labels the output, and remember the way for `backward`."""
        batch = _batch(data, labels)
        self._build_for(batch.data)
        f = self.training_loss if labels is not None else self._output_of
        self._vjp, value = make_vjp(self.with_params(f))(dict(self.params), batch)
        self._value_shape = value.shape
        return value

    def backward(self, upstream: Any = None) -> dict[str, Any]:
        """Return the gradients of what the model returned when it was last called.

        Parameters
        ----------
        upstream : Array, of the shape of that result
            Its gradient; ones by default.

        Returns
        -------
        dict of Array
            By parameter.

        Raises
        ------
        RuntimeError
            If the model was not called before.
        """
        if self._vjp is None:
            raise RuntimeError(
                "backward goes back the way of a call; write loss = model(data, labels)"
            )
        return self._vjp(np.ones(self._value_shape) if upstream is None else upstream)

    def _output_of(self, batch: Any) -> Any:
        return self.forward_batch(batch, "train" if self.is_training else "test")

    def __repr__(self) -> str:
        loss = getattr(self.loss, "__name__", repr(self.loss))
        lines = [f"  {line}" for part in self.parts() for line in part._lines()]
        return "\n".join([f"{type(self).__name__}(loss={loss}", *lines, ")"])


def _says_training(mode: str) -> bool:
    if mode in TRAINING:
        return True
    if mode in INFERENCE:
        return False
    raise ValueError(f"mode is one of {', '.join(TRAINING + INFERENCE)}, not {mode!r}")


def _loss_called(name: str) -> Callable:
    for candidate in (name, f"{name}_loss"):
        if candidate in layers.__all__:
            return getattr(layers, candidate)
    known = [each for each in layers.__all__ if "loss" in each or "entropy" in each]
    raise ValueError(f"there is no loss {name!r} in minpy.nn.layers; there are {', '.join(known)}")


def _batch(data: Any, labels: Any) -> DataBatch:
    def arrays(value: Any) -> list[Any]:
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        return [np.asarray(x) for x in values]

    return DataBatch(arrays(data), arrays(labels))
