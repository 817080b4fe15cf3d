"""What a symbol asks for and what it gives: names, shapes, dtypes, and which inputs are labels."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as onp

from minpy.symbol import gradients
from minpy.symbol.gradients import every_node
from minpy.symbol.operators import (
    BROKEN,
    DRAWS,
    DYNAMIC,
    FLOATING,
    IN_USE,
    INDICES,
    INITIAL,
    LOSSES,
    in_numpys_shapes,
)

Shape = tuple[int, ...]

DTYPES = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64")  # by MXNet's numbers

RESERVED = {"self", "partial"}  # what the methods of a symbol call arguments of their own


class Shapes(NamedTuple):
    """The shapes of everything in a symbol, by name."""

    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    states: dict[str, Shape]


class Graph:
    """What is known of a symbol.

    Parameters
    ----------
    symbol : mxnet.symbol.Symbol
    name : str
        What messages call it.

    Attributes
    ----------
    inputs, outputs, states : list of str
        The names, in MXNet's order; the states are what MXNet calls auxiliary.
    labels : set of str
        Inputs that only the backward pass reads.
    without_gradient : dict of str
        The inputs that have no gradient, and what they are.
    integers : set of str
        Inputs that are indices, lengths or conditions, and nothing else: they may be integers.
    initial_zeros : set of str
        The first states of recurrent networks, whose shapes depend on the batch.
    time_major : set of str
        Inputs whose second axis may be that of the batch.
    lost : dict of str
        The inputs part of whose gradient MXNet loses, and where.
    bound_together : set of str
        Inputs whose gradients are computed together, or wrong.
    runnable : mxnet.symbol.Symbol
        The symbol, made such that each of its results has a gradient of its own.
    numpys_shapes : bool
        Whether a shape ``()`` means no axes, and a 0 in one no elements.
    dynamic : dict or None
        A node of the graph, the shape of whose results follows from values.
    dtypes : dict of dtype
        Of the inputs that are declared with one.
    frozen : set of str
        States that training does not change (and other names).
    has_custom : bool
        Whether ops of the program's own are in it, of which nothing is known.
    first_values : dict of float
        What the states are filled with in the beginning.
    random, random_in_training : bool
        Whether it draws random numbers: always, or in training.
    """

    def __init__(self, symbol: Any, name: str) -> None:
        if not hasattr(symbol, "list_arguments"):
            raise TypeError(
                f"{name}: Function takes a symbol of MXNet, such as mx.sym.Variable('x') + 1, but "
                f"was given {symbol!r}"
            )
        self.symbol = symbol
        self.name = name
        self.inputs: list[str] = symbol.list_arguments()
        self.states: list[str] = symbol.list_auxiliary_states()
        self.outputs: list[str] = symbol.list_outputs()
        twice = sorted({name for name in self.inputs if self.inputs.count(name) > 1})
        if twice:
            raise ValueError(
                f"{name} has several inputs called {', '.join(twice)}, and a call could not tell "
                "them apart: make one Variable and use it twice, or give them other names"
            )
        graph = json.loads(symbol.tojson())
        nodes = list(every_node(graph))
        if any(node.get("attrs", {}).get("act_type") == "rrelu" for node in nodes):
            raise ValueError(
                f"{name}: LeakyReLU with act_type='rrelu' makes MXNet 1.9.1 crash; use 'leaky'"
            )
        for node in nodes:
            if node["op"] in BROKEN:
                raise ValueError(
                    f"{name}: in MXNet 1.9.1, {node['op']} {node['name']} {BROKEN[node['op']]}"
                )
        self.random = any(map(_is_random, nodes))
        self.random_in_training = self.random or any(map(_is_random_in_training, nodes))
        self.dynamic = next((node for node in nodes if node["op"] in DYNAMIC), None)
        self.numpys_shapes = any(in_numpys_shapes(node["op"]) for node in nodes)
        read_by = gradients.readers(graph)
        self.labels = set(gradients.only_read_in(LOSSES, read_by))
        integer_places = {op: place for op, place in INDICES.items() if op not in FLOATING}
        self.integers = set(gradients.only_read_in(integer_places, read_by))
        self.time_major = {
            name for name, read in read_by.items() if any(op == "RNN" for op, _, _ in read)
        }
        self.without_gradient = gradients.only_read_in({**LOSSES, **INDICES}, read_by)
        self.initial_zeros = {
            name
            for name, read in read_by.items()
            if read and all(op == "RNN" and place in (2, 3) for op, _, place in read)
        }
        self.lost = gradients.lost(graph)
        self.bound_together = gradients.bound_together(graph)
        self.runnable = _with_each_result_once(symbol, graph["heads"])
        attributes = symbol.attr_dict()
        self.dtypes = {
            name: onp.dtype(DTYPES[int(attributes[name]["__dtype__"])])
            for name in self.inputs
            if "__dtype__" in attributes.get(name, {})
        }
        for name, dtype in self.dtypes.items():
            if dtype.kind != "f":
                self.without_gradient.setdefault(name, f"declared as {dtype}")
        self.frozen = {
            graph["nodes"][source]["name"]
            for node in graph["nodes"]
            if node.get("attrs", {}).get("use_global_stats") in ("True", "1")
            for source, *_ in node["inputs"]
        }
        self.has_custom = any(node["op"] == "Custom" for node in nodes)
        self._json = graph
        self._read_by = read_by
        self._attributes = attributes
        self._in_use: Any = None
        self.first_values = {
            state: 1.0 if "one" in attributes.get(state, {}).get("__init__", "") else 0.0
            for state in self.states
        }

    def initial_values(self, name: str) -> dict[str, Any]:
        """Return the init rule of a parameter, where its variable or its reader says one."""
        declared = self._attributes.get(name, {}).get("__init__", "")
        if declared:
            kind, options = json.loads(declared)
            values = {"zero": 0.0, "zeros": 0.0, "one": 1.0, "ones": 1.0}
            value = options.get("value") if kind == "constant" else values.get(kind)
            if value is not None:
                return {"init_rule": "constant", "init_config": {"value": float(value)}}
        for operator, _, place in self._read_by[name]:
            if (operator, place) in INITIAL:
                return INITIAL[operator, place]
        return {}

    def in_use(self) -> Any:
        """Return the symbol that does in training what this one does in use; itself, if it can.

        MXNet's own way, ``is_train=False``, is not safe in an executor that runs again: its
        convolutions rewrite the filters they were given in another layout, and gradients come out
        wrong.
        """
        if self._in_use is None:
            changed = [node for node in every_node(self._json) if _put_to_use(node)]
            if changed:
                symbol = load().sym.load_json(json.dumps(self._json))
                self._in_use = _with_each_result_once(symbol, self._json["heads"])
            else:
                self._in_use = self.runnable
        return self._in_use

    # ----- names

    def check_names(self, given: Iterable[str], what: str = "input") -> None:
        """Raise TypeError for a name that is none of the inputs', and say which it may mean."""
        wrong = [name for name in given if name not in self.inputs]
        if wrong:
            raise TypeError(f"{self.name} has no {what} {self._unknown(wrong)}. {self._list()}")

    def by_name(
        self, args: tuple, kwargs: dict[str, Any], order: list[str], recorded: bool
    ) -> dict[str, Any]:
        """Return the arguments of a call by name; positional ones fill the places left in `order`.

        Labels may be missing if nothing is `recorded`.

        Raises
        ------
        TypeError
            If one is missing, if there are too many, or if there is no input of that name.
        """
        left = [name for name in order if name not in kwargs]
        needed = [
            name
            for name in left
            if name not in self.initial_zeros and (recorded or name not in self.labels)
        ]
        wrong = [name for name in kwargs if name not in self.inputs]
        kwargs = {name: value for name, value in kwargs.items() if name in self.inputs}
        if wrong and (args or needed or not set(self.states).isdisjoint(wrong)):
            problem = f"has no input {self._unknown(wrong)}"
        elif args and len(args) not in (len(left), len(needed)):
            names = ", ".join(left) or "nothing"
            problem = (
                f"was given {len(args)} positional argument(s) and the keywords "
                f"{', '.join(kwargs) or '(none)'}; by position it takes {names}, all of them"
            )
        elif not args and needed:
            problem = f"was called without {', '.join(needed)}"
        else:
            places = left if len(args) == len(left) else needed
            return {**dict(zip(places, args)), **kwargs}
        raise TypeError(f"{self.name} {problem}. {self._list()}")

    def _unknown(self, names: list[str]) -> str:
        parts = []
        for name in names:
            near = difflib.get_close_matches(name, self.inputs, 1, 0.5)
            if name in self.states:
                parts.append(f"{name!r}: it is a state, which is set with .states[{name!r}] = ...")
            else:
                parts.append(repr(name) + (f" (did you mean {near[0]!r}?)" if near else ""))
        return ", ".join(parts)

    def _list(self) -> str:
        return f"Its inputs are {', '.join(self.inputs)}"

    # ----- shapes

    def shapes(self, given: Mapping[str, Shape]) -> Shapes:
        """Return all shapes that follow from those of some inputs.

        Raises
        ------
        ValueError
            If they contradict each other, or if they do not determine the others; the message
            says which, what was given and what was expected.
        """
        try:
            shapes = self.partly(given)
        except Exception as error:
            raise ValueError(self._contradiction(given, said_by(error))) from None
        everything = [*shapes.inputs.items(), *shapes.outputs.items()]
        unknown = [name for name, shape in everything if not self.is_known(shape)]
        if unknown and self.dynamic:
            operator, name = self.dynamic["op"], self.dynamic["name"]
            raise ValueError(
                f"{self.name}: the shape of the result of {operator} {name} follows from values, "
                f"but MXNet's executors have to know it before they run; {DYNAMIC[operator]}"
            )
        if unknown:
            raise ValueError(
                f"{self.name}: the shapes of {', '.join(unknown)} do not follow from "
                f"{_listed(given) or 'nothing'}; give more of them in input_shapes"
            )
        return shapes

    def partly(self, given: Mapping[str, Shape]) -> Shapes:
        """Return the shapes that follow, some of which may not be known; see `is_known`."""
        with self.shapes_as_meant():
            inputs, outputs, states = self._ask("infer_shape_partial", given)
        return Shapes(
            dict(zip(self.inputs, inputs)),
            dict(zip(self.outputs, outputs)),
            dict(zip(self.states, states)),
        )

    def dtypes_of_states(self, dtypes: Mapping[str, Any]) -> list[Any]:
        """Return the dtypes of the states, given those of the inputs."""
        return self._ask("infer_type", dtypes)[2] if self.states else []

    def _ask(self, method: str, given: Mapping[str, Any]) -> Any:
        """Call a method of the symbol that takes keywords, also for an input called `self`."""
        if not RESERVED.intersection(given):
            return getattr(self.symbol, method)(**given)
        graph = json.loads(self.symbol.tojson())
        for node in graph["nodes"]:
            if node["op"] == "null" and node["name"] in RESERVED:
                node["name"] = f"_{node['name']}"
        renamed = {f"_{name}" if name in RESERVED else name: x for name, x in given.items()}
        return getattr(load().sym.load_json(json.dumps(graph)), method)(**renamed)

    def is_known(self, shape: Shape | None) -> bool:
        """Whether a shape says everything: in MXNet's older operators, a 0 does not."""
        if self.numpys_shapes:
            return shape is not None and -1 not in shape
        return shape is not None and len(shape) > 0 and 0 not in shape

    def shapes_as_meant(self) -> Any:
        """Return a block in which shapes mean what they mean to the symbol's operators."""
        return load().np_shape(self.numpys_shapes)

    def _contradiction(self, given: Mapping[str, Shape], said: str) -> str:
        """Say which of the given shapes is not the one that follows from the others."""
        odd = []
        for name, shape in given.items():
            try:
                others = {key: value for key, value in given.items() if key != name}
                expected = self.partly(others).inputs[name]
            except Exception:
                continue  # the others contradict each other without it
            if self.is_known(expected) and expected != shape:
                odd.append(f"{name} has shape {shape}, but with the others it must be {expected}")
        why = "; or ".join(odd) or f"the shapes {_listed(given)} do not go together"
        return f"{self.name}: {why}. MXNet says: {said}"


def _with_each_result_once(symbol: Any, heads: list) -> Any:
    """Return a symbol that has no result twice: MXNet does not add up the two gradients of it."""
    keys = [(number, index) for number, index, *_ in heads]
    if len(set(keys)) == len(keys):
        return symbol
    identity, group = load().sym.identity, load().sym.Group
    return group(
        [identity(symbol[i]) if key in keys[:i] else symbol[i] for i, key in enumerate(keys)]
    )


def _is_random(node: dict) -> bool:
    always = node["op"] == "Dropout" and node.get("attrs", {}).get("mode") == "always"
    return always or bool(DRAWS.search(node["op"].lower()))


def _is_random_in_training(node: dict) -> bool:
    attributes = node.get("attrs", {})
    return node["op"] == "Dropout" or (node["op"] == "RNN" and float(attributes.get("p", 0)) > 0)


def _put_to_use(node: dict) -> bool:
    """Make a node do in training what it does in use; return whether that changes it."""
    attributes = node.get("attrs", {})
    change = dict(IN_USE.get(node["op"], {}))
    if attributes.get("mode") == "always":  # dropout
        change = {}
    if change.items() <= attributes.items():
        return False
    node["attrs"] = {**attributes, **change}
    return True


def _listed(shapes: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items())


def load() -> Any:
    """Import MXNet, or say why that is not possible."""
    from minpy.backends.mxnet.loading import load as import_mxnet

    return import_mxnet()


def said_by(error: Exception) -> str:
    """Return what MXNet says, in one line and without the places in its sources."""
    said = str(error).rpartition("MXNetError: ")[2].strip()
    return re.sub(r"\[[\d:]+\] \S+: (Check failed: )?", "", said.partition("\n")[0]).strip()
