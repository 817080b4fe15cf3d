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

import contextlib
import copy
import functools
import inspect
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import minpy.numpy as np
from minpy.array import is_recorded
from minpy.autograd import make_vjp, value_and_grad
from minpy.nn import layers, parameters
from minpy.nn.io import DataBatch, keep_position
from minpy.nn.module import Module, Shape, modules_in
from minpy.nn.parameter_store import ParameterStore
from minpy.symbol import Function
from minpy.tree import leaves, tree_map

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

    @contextlib.contextmanager
    def in_mode(self, mode: str) -> Iterator[None]:
        """Let modules train, or use what was learned, in a ``with`` block, and then as before.

        Parameters
        ----------
        mode : {'training', 'inference', 'train', 'test'}
        """
        before, self.is_training = self.is_training, _is_training_mode(mode)
        try:
            yield
        finally:
            self.is_training = before

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
        with self.in_mode("train"):
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

        Raises
        ------
        ValueError
            When it is called, if the model has no parameters yet, or gets more of them meanwhile:
            of these there would be no gradients.
        """
        both = value_and_grad(self.with_params(f))

        @functools.wraps(f)
        def value_and_gradients(
            params: dict[str, Any], *args: Any, **kwargs: Any
        ) -> tuple[Any, dict[str, Any]]:
            self.check_params()
            before = set(self.params)
            result = both(dict(params), *args, **kwargs)
            added = [name for name in self.params if name not in before]
            if added:
                raise ValueError(
                    f"{', '.join(added)} became parameters of {type(self).__name__} in this call, "
                    f"and have no gradients; {self._how_to_get_params()}"
                )
            return result

        return value_and_gradients

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
        with self.in_mode("train"):  # in the backward pass, too, which may call modules again
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

    # -- symbols of MXNet that it calls

    def _symbols(self) -> dict[str, Function]:
        """Return the `Function` objects among the attributes, alone or in a container, by name."""
        found = {}
        for name, value in vars(self).items():
            if isinstance(value, Function):
                found[name] = value
            elif isinstance(value, dict | list | tuple):
                items = value.items() if isinstance(value, dict) else enumerate(value)
                found.update({f"{name}.{i}": x for i, x in items if isinstance(x, Function)})
        return found

    def all_aux_params(self) -> dict[str, Any]:
        """Return `aux_params`, and the states of MXNet's symbols such as ``conv.bn_moving_mean``.

        Returns
        -------
        dict of Array
            Those of a `Function` that is an attribute of the model, or in a dict, list or tuple
            that is one; a state that has no value yet is left out.
        """
        states = {
            f"{name}.{state}": np.array(value)
            for name, function in self._symbols().items()
            for state, value in function.states.values_now.items()
        }
        return {**self.aux_params, **states}

    def _set_aux_params(self, values: Mapping[str, Any]) -> None:
        own = dict(values)
        for name, function in self._symbols().items():
            for state in function.states:
                if f"{name}.{state}" in own:
                    function.states[state] = own.pop(f"{name}.{state}")
        super()._set_aux_params(own)

    # -- copies

    def __copy__(self) -> Any:
        """Return what `copy.deepcopy` does: modules are part of one model."""
        return copy.deepcopy(self)

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

        Raises
        ------
        ValueError
            If the model has no parameters yet.
        """
        self.check_params()
        path = os.fspath(prefix)
        path = path if path.endswith(ENDINGS) else f"{path}.npz"
        parameters.save(path, {"params": self.params, "aux_params": self.all_aux_params()})
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
        if not tree["params"] and not self.has_all_shapes:
            raise parameters.ParameterFileError(
                f"{path} holds no parameters: the model was saved before it had any"
            )
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
        self._last_call: _Call | None = None
        self._takes_mode = "mode" in inspect.signature(self.forward).parameters
        self.network = network
        if loss is not None:
            self.loss = _loss_named(loss) if isinstance(loss, str) else loss  # type: ignore
        if input_shape is not None:
            self._build_for([np.zeros((1, *input_shape), dtype=np.float32)])

    def _how_to_get_params(self) -> str:
        return f"give {type(self).__name__} an input_shape, or call build with batches, before this"

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
            with keep_position(dataiter):
                batch = next(iter(dataiter))
            self._build_for(batch.data)

    def _build_for(self, data: list[Any]) -> None:
        if not self.has_all_shapes:
            self.forward_batch(DataBatch(data, []), "test")
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
            For this call; by default what `training` or `inference` said last.
        """
        if data and isinstance(data[-1], str):  # forward(X, mode), as other models have it
            *data, mode = data  # type: ignore[assignment]
        if self.network is None:
            raise NotImplementedError(
                f"{type(self).__name__} has no network: give Model one, or write a method "
                "forward(self, data)"
            )
        with contextlib.nullcontext() if mode is None else self.in_mode(mode):
            return self.network(*data)

    def forward_batch(self, batch: Any, mode: str) -> Any:
        """Return the output for a batch, all of whose arrays `forward` gets."""
        if self.moved_to is not None:
            raise RuntimeError(
                f"the modules of this {type(self).__name__} became part of another "
                f"{self.moved_to} since, and their parameters are there; build a network for each"
            )
        with self.in_mode(mode):
            if not self._takes_mode:
                return self.forward(*batch.data)
            return self.forward(*batch.data, mode="training" if self.is_training else "inference")

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
        """Return the loss, or without labels the output, for `backward`.

        What that needs is kept while the result is, and until the next call.
        """
        batch = _batch(data, labels)
        self._build_for(batch.data)
        f = self.training_loss if labels is not None else self._output_of
        vjp, value = make_vjp(self.with_params(f))(dict(self.params), batch)
        self._last_call = _Call(value, vjp)
        return self._last_call.take_result()

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
            If the model was not called before, or what it returned is gone.
        """
        call = self._last_call
        if call is None or not call.vjp:
            gone = "" if call is None else ", and what the last one returned is gone"
            raise RuntimeError(
                f"backward goes back the way of a call{gone}; write loss = model(data, labels)"
            )
        return call.vjp[0](call.ones if upstream is None else upstream)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_last_call": None}  # the way back is the original's

    def _output_of(self, batch: Any) -> Any:
        return self.forward_batch(batch, "train" if self.is_training else "test")

    def __repr__(self) -> str:
        loss = getattr(self.loss, "__name__", repr(self.loss))
        lines = [f"  {line}" for part in self.parts() for line in part._lines()]
        return "\n".join([f"{type(self).__name__}(loss={loss}", *lines, ")"])


class _Call:
    """What `Model.backward` needs of a call; it goes with the result, because it may be large."""

    def __init__(self, value: Any, vjp: Callable) -> None:
        # arrays of its own, because the vjp refers to those that it came with
        self.result = tree_map(lambda x: x.detach() if isinstance(x, np.ndarray) else x, value)
        self.ones = tree_map(lambda x: np.ones(np.shape(x)), self.result)
        self.vjp = [vjp]
        arrays = [x for x in leaves(self.result) if isinstance(x, np.ndarray)]
        forget_at_last = _after(len(arrays), self.vjp.clear)
        self.references = [weakref.ref(x, forget_at_last) for x in arrays]

    def take_result(self) -> Any:
        """Return the result, which is not kept here."""
        result, self.result = self.result, None
        return result


def _after(number: int, f: Callable[[], None]) -> Callable:
    """Return a function that calls `f` when it is called for the last of so many times."""
    calls = iter(range(1, number + 1))

    def counted(*_: Any) -> None:
        if next(calls) == number:
            f()

    return counted


def _is_training_mode(mode: str) -> bool:
    if mode in TRAINING:
        return True
    if mode in INFERENCE:
        return False
    raise ValueError(f"mode is one of {', '.join(TRAINING + INFERENCE)}, not {mode!r}")


def _loss_named(name: str) -> Callable:
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
