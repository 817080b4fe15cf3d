"""Networks from modules: `Sequential` and its relatives put them together, `Model` trains them.

A module is called with arrays and returns arrays.  A `Layer` is one with parameters, whose shapes
it finds out when it is first called::

    net = Sequential(Convolution((3, 3), 32), ReLU(), BatchFlatten(), FullyConnected(10))
    model = Model(net, loss="softmax_loss")

or with connections of one's own, in a subclass::

    class TwoPaths(Model):
        def __init__(self):
            super().__init__(loss="softmax_loss")
            self.left, self.right = FullyConnected(100), FullyConnected(100)
            self.out = FullyConnected(10)

        def forward(self, data):
            return self.out(self.left(data) * self.right(data))

The parameters are in the model, by name: ``fully_connected0_weight`` is the weight of the first
`FullyConnected` that became part of it.  A model is a `ModelBase`, for a `Solver`, or for a loop of
one's own::

    updater = Updater(model, update_rule="sgd_momentum", learning_rate=0.1)
    for batch in train:
        gradients, loss = model.grad_and_loss(batch.data[0], batch.label[0])
        updater(gradients)
"""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import minpy.numpy as np
from minpy.autograd import make_vjp
from minpy.nn import layers
from minpy.nn.checkpoints import left_where_it_was
from minpy.nn.io import DataBatch
from minpy.nn.model import ModelBase
from minpy.nn.updater import Updater

__all__ = [
    "Add",
    "Container",
    "Layer",
    "Model",
    "Module",
    "Mul",
    "Sequential",
    "Sub",
    "Updater",
]

Shape = tuple[int, ...]
TRAINING = ("train", "training")
INFERENCE = ("test", "inference")


# ----- modules


class Module:
    """A part of a network: called with arrays, it returns arrays.

    The modules among its attributes, also in lists, tuples and dicts, are parts of it.

    Parameters
    ----------
    name : str, optional
        What its parameters are called by; by default its class and a number.
    """

    shown: tuple[str, ...] = ()  # attributes in its repr

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self._own_name = name
        self._owner: ModelBase = ModelBase()  # has the parameters; a Model, once it is part of one
        self._shapes: tuple | None = None  # of the arguments and the result of the first call

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Return what `forward` does; the first call finds out the shapes."""
        if self._shapes is None:
            return self._first_call(inputs, named)
        return self.forward(*inputs, **named)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Return what the module computes; to be written by a subclass."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, ...)")

    def _first_call(self, inputs: tuple, named: dict[str, Any]) -> Any:
        out = self.forward(*inputs, **named)
        self._shapes = _shapes_of((*inputs, *named.values())), _shapes_of(out)
        return out

    # -- parts

    def parts(self) -> list[Module]:
        """Return the modules that this one is made of, without theirs."""
        return [part for key, value in vars(self).items() if key != "_owner" for part in _in(value)]

    def walk(self) -> Iterator[Module]:
        """Yield this module, its parts, theirs, and so on."""
        yield self
        for part in self.parts():
            yield from part.walk()

    def join(self, model: Model) -> None:
        """Become part of a model, with all parts."""
        for module in self.walk():
            module._join(model)

    def _join(self, model: Model) -> None:
        self._owner = model

    @property
    def is_training(self) -> bool:
        """Whether this is training: dropout drops, and batch normalization looks at the batch."""
        return self._owner.is_training

    def training(self) -> None:
        """Switch to training."""
        for module in self.walk():
            module._owner.is_training = True

    def inference(self) -> None:
        """Switch to using what was learned."""
        for module in self.walk():
            module._owner.is_training = False

    # -- arithmetic

    def __add__(self, other: Module) -> Add:
        return Add(self, other)

    def __sub__(self, other: Module) -> Sub:
        return Sub(self, other)

    def __mul__(self, other: Module) -> Mul:
        return Mul(self, other)

    # -- to look at

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        """Return the lines of the repr, with those of the parts indented."""
        options = ", ".join(f"{key}={getattr(self, key)!r}" for key in self.shown)
        head = f"{type(self).__name__}({options}"
        parts = self.parts()
        if not parts:
            return [f"{head}){self._shapes_text()}"]
        inner = [f"  {line}" for part in parts for line in part._lines()]
        return [head, *inner, f"){self._shapes_text()}"]

    def _shapes_text(self) -> str:
        if self._shapes is None:
            return ""
        before, after = (", ".join(map(_batch_shape, shapes)) for shapes in self._shapes)
        return f": {before} -> {after}"


class Layer(Module):
    """A module with parameters; a subclass says which, and what it computes.

    Parameters
    ----------
    name : str, optional
    init_configs : dict, optional
        How to initialise: ``{"init_rule": "gaussian", "stdvar": 0.1}`` for all parameters, or by
        parameter, ``{"weight": {...}}``.
    update_configs : dict, optional
        How to update, in the same way: ``{"update_rule": "sgd", "learning_rate": 0.1}``.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> class Scale(Layer):
    ...     def param_shapes(self, input_shape):
    ...         return {"factor": input_shape[1:]}
    ...
    ...     def init_config(self, name):
    ...         return {"init_rule": "constant", "value": 2.0}
    ...
    ...     def forward(self, X):
    ...         return X * self.param("factor")
    >>> scale = Scale()
    >>> scale(np.ones((1, 3)))
    array([[2., 2., 2.]])
    >>> scale
    Scale(): (N, 3) -> (N, 3), factor (3,)
    """

    def __init__(
        self,
        name: str | None = None,
        init_configs: Mapping[str, Any] | None = None,
        update_configs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name)
        self._init_configs = dict(init_configs or {})
        self._update_configs = dict(update_configs or {})
        self._params: dict[str, str] = {}  # own name of a parameter -> its name in the model
        self._aux_params: dict[str, str] = {}

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of the parameters by name, for a first input of some shape."""
        return {}

    def aux_values(self, input_shape: Shape) -> dict[str, Any]:
        """Return the first values of what is kept beside the parameters, by name."""
        return {}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return how a parameter is initialised if nobody says: empty for the solver's way."""
        return {}

    def param(self, name: str) -> Any:
        """Return a parameter, recorded while gradients are asked for."""
        return self._owner.params[self._params[name]]

    def aux(self, name: str) -> Any:
        """Return what is kept beside the parameters."""
        return self._owner.aux_params[self._aux_params[name]]

    def all_params(self) -> dict[str, Any]:
        """Return all parameters of this layer, by the names that they have here."""
        params = self._owner.params
        return {name: params[full] for name, full in self._params.items()}

    def all_aux(self) -> dict[str, Any]:
        """Return all that is kept beside the parameters, by the names that they have here."""
        aux_params = self._owner.aux_params
        return {name: aux_params[full] for name, full in self._aux_params.items()}

    def set_aux(self, name: str, value: Any) -> None:
        """Keep something beside the parameters."""
        self._owner.aux_params[self._aux_params[name]] = value

    # -- parameters, when the shapes are known

    def _first_call(self, inputs: tuple, named: dict[str, Any]) -> Any:
        try:
            self._add_params(*self._found(inputs, named))
            return super()._first_call(inputs, named)
        except BaseException:  # with other inputs they may have other shapes
            self._drop_params()
            raise

    def _found(self, inputs: tuple, named: dict[str, Any]) -> tuple[dict, dict]:
        """Return the shapes of parameters, and auxiliary values, for the arguments of a call."""
        shape = tuple(inputs[0].shape)
        return self.param_shapes(shape), self.aux_values(shape)

    def _add_params(self, shapes: dict[str, Shape], aux_values: dict[str, Any]) -> None:
        owner = self._owner
        for name, shape in shapes.items():
            full = self._params[name] = self._full(name)
            owner.add_param(full, shape, **self._options(name))
            if full not in owner.params:
                owner.init_param(full)
            elif tuple(owner.params[full].shape) != tuple(shape):
                raise ValueError(
                    f"the parameter {full} that was loaded has shape {owner.params[full].shape}, "
                    f"but for these inputs it must have {shape}"
                )
        for name, value in aux_values.items():
            full = self._aux_params[name] = self._full(name)
            loaded = owner.aux_params.get(full)
            owner.add_aux_param(full, value)
            if loaded is not None:
                owner.aux_params[full] = loaded

    def _drop_params(self) -> None:
        for name in self._params.values():
            self._owner.param_configs.pop(name, None)
            self._owner.params.pop(name, None)
        for name in self._aux_params.values():
            self._owner.aux_param_configs.pop(name, None)
            self._owner.aux_params.pop(name, None)
        self._params, self._aux_params = {}, {}

    def _full(self, name: str) -> str:
        return f"{self.name}_{name}" if self.name else name

    def _options(self, name: str) -> dict[str, Any]:
        """Return the options of `ModelBase.add_param`."""
        options = {}
        init = {**self.init_config(name), **_for(name, self._init_configs)}
        if init:
            options["init_rule"] = init.pop(
                "init_rule", "constant" if "value" in init else "xavier"
            )
            options["init_config"] = init
        update = dict(_for(name, self._update_configs))
        if "update_rule" in update:
            options["update_rule"] = update.pop("update_rule")
        if update:
            options["optim_config"] = update
        return options

    def _join(self, model: Model) -> None:
        before = self._owner
        if before is model:
            return
        if isinstance(before, Model):
            before.taken_over = type(model).__name__
        self.name = self._own_name or model.name_for(self)
        self._owner = model
        for own, full in self._params.items():
            self._params[own] = new = self._full(own)
            model.add_param(new, **before.param_configs[full])
            model.params[new] = before.params[full]
        for own, full in self._aux_params.items():
            self._aux_params[own] = new = self._full(own)
            model.add_aux_param(new, before.aux_param_configs[full])
            model.aux_params[new] = before.aux_params[full]

    def _shapes_text(self) -> str:
        configs = self._owner.param_configs
        params = [f"{name} {configs[full]['shape']}" for name, full in self._params.items()]
        return ", ".join([super()._shapes_text(), *params])


def _for(name: str, configs: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of one parameter: what is for all, and what is for it."""
    for_all = {key: value for key, value in configs.items() if not isinstance(value, Mapping)}
    return {**for_all, **configs.get(name, {})}


def _in(value: Any) -> list[Module]:
    """Return the modules that an attribute holds."""
    if isinstance(value, Module):
        return [value]
    if isinstance(value, Model):
        return value.parts()
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [module for item in value for module in _in(item)]
    return []


def _shapes_of(arrays: Any) -> list[Shape]:
    arrays = arrays if isinstance(arrays, tuple) else (arrays,)
    return [tuple(x.shape) for x in arrays if hasattr(x, "shape")]


def _batch_shape(shape: Shape) -> str:
    if not shape:
        return "()"
    return f"({', '.join(['N', *map(str, shape[1:])])}{',' if len(shape) == 1 else ''})"


# ----- containers


class Container(Module):
    """A module made of others."""


class Sequential(Container):
    """Modules one after another; what one returns, the next one gets.

    Parameters
    ----------
    *modules : Module

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn.modules import FullyConnected, ReLU
    >>> net = Sequential(FullyConnected(4), ReLU())
    >>> net.append(FullyConnected(2))
    >>> net(np.ones((5, 3))).shape
    (5, 2)
    >>> net
    Sequential(
      FullyConnected(num_hidden=4): (N, 3) -> (N, 4), weight (3, 4), bias (4,)
      ReLU(): (N, 4) -> (N, 4)
      FullyConnected(num_hidden=2): (N, 4) -> (N, 2), weight (4, 2), bias (2,)
    ): (N, 3) -> (N, 2)
    """

    def __init__(self, *modules: Module, name: str | None = None) -> None:
        super().__init__(name)
        self.modules: list[Module] = []
        for module in modules:
            self.append(module)

    def forward(self, *inputs: Any) -> Any:
        """Return what the last module returns."""
        for module in self.modules:
            out = module(*inputs)
            inputs = out if isinstance(out, tuple) else (out,)
        return inputs if len(inputs) != 1 else inputs[0]

    def append(self, module: Module) -> None:
        """Add a module at the end."""
        self.insert(len(self.modules), module)

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at `index`."""
        if not isinstance(module, Module):
            hint = f"; write {module.__name__}(...)" if inspect.isclass(module) else ""
            hint = "; write Sequential(*modules)" if isinstance(module, list | tuple) else hint
            raise TypeError(f"Sequential is made of modules, but was given {module!r}{hint}")
        self.modules.insert(index, module)
        if isinstance(self._owner, Model):
            self._owner.add(module)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)

    def __getitem__(self, index: int) -> Module:
        return self.modules[index]


class _Binary(Container):
    """Two modules with the same input, whose results are combined."""

    combine: Callable[[Any, Any], Any]

    def __init__(self, left: Module, right: Module, name: str | None = None) -> None:
        super().__init__(name)
        self.left = left
        self.right = right

    def forward(self, *inputs: Any) -> Any:
        """Return the two results, combined."""
        return self.combine(self.left(*inputs), self.right(*inputs))


class Add(_Binary):
    """The sum of what two modules return; ``left + right`` makes one.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> from minpy.nn.modules import Identity, ReLU
    >>> (Identity() + ReLU())(np.array([[-1.0, 2.0]]))
    array([[-1.,  4.]])
    """

    combine = staticmethod(operator.add)


class Sub(_Binary):
    """The difference of what two modules return; ``left - right`` makes one."""

    combine = staticmethod(operator.sub)


class Mul(_Binary):
    """The product of what two modules return; ``left * right`` makes one."""

    combine = staticmethod(operator.mul)


# ----- models


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
    >>> Updater(model, update_rule="sgd", learning_rate=0.1)(gradients)
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
        self.taken_over: str | None = None  # by which other model
        self._complete = False  # whether all shapes are known
        self._counts: dict[str, int] = {}
        self._vjp: Callable | None = None
        self._takes_mode = "mode" in inspect.signature(self.forward).parameters
        self._loss_and_gradients = self.value_and_grad(self.training_loss)
        self.network = network
        if loss is not None:
            self.loss = _loss_called(loss) if isinstance(loss, str) else loss  # type: ignore
        if input_shape is not None:
            self._build_for([np.zeros((1, *input_shape), dtype=np.float32)])

    # -- modules

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        for module in _in(value):
            if "_counts" not in self.__dict__:
                raise TypeError(
                    f"call super().__init__() before {type(self).__name__}.{name} is set"
                )
            self.add(module)

    def add(self, module: Module) -> None:
        """Make a module part of the model; setting it as an attribute does so."""
        module.join(self)
        self._complete = False

    def parts(self) -> list[Module]:
        """Return the modules that the model is made of, without theirs."""
        return [module for value in vars(self).values() for module in _in(value)]

    def name_for(self, module: Module) -> str:
        """Return the name of a new part: that of its class, in small letters, and a number."""
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(module).__name__).lower()
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        return f"{kind}{number}"

    def build(self, dataiter: Iterable[Any]) -> None:
        """Find out the shapes of all parameters from a batch, unless they are known."""
        if not self._complete:
            with left_where_it_was(dataiter):
                batch = next(iter(dataiter))
            self._build_for(batch.data)

    def _build_for(self, data: list[Any]) -> None:
        if not self._complete:
            was_training = self.is_training
            self.forward_batch(DataBatch(data, []), "test")
            self.is_training = was_training
            self._complete = True

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
        if self.taken_over is not None:
            raise RuntimeError(
                f"the modules of this {type(self).__name__} became part of another "
                f"{self.taken_over} since, and their parameters are there; build a network for each"
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
        loss, gradients = self._loss_and_gradients(dict(self.params), batch)
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
