"""What a symbol asks for and what it gives: names, shapes, dtypes, and which inputs are labels."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as onp

Shape = tuple[int, ...]

# Inputs for which MXNet has no gradient and returns zeros: op -> the number of the input.
LOSSES = {
    "SoftmaxOutput": 1,
    "Softmax": 1,
    "LinearRegressionOutput": 1,
    "LogisticRegressionOutput": 1,
    "MAERegressionOutput": 1,
    "SVMOutput": 1,
}
INDICES = {
    "Embedding": 0,
    "take": 1,
    "batch_take": 1,
    "pick": 1,
    "one_hot": 0,
    "gather_nd": 1,
    "softmax_cross_entropy": 1,
    "CTCLoss": 1,
    "ctc_loss": 1,
    "SequenceLast": 1,
    "SequenceMask": 1,
    "SequenceReverse": 1,
}

DTYPES = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64")  # by MXNet's numbers

RANDOM = re.compile("random|sample_|shuffle|bernoulli")


# The ops that do one thing in training and another in use, and what makes them do the latter.
IN_USE = {
    "Dropout": {"p": "0"},
    "RNN": {"p": "0"},
    "BatchNorm": {"use_global_stats": "True"},
    "BatchNorm_v1": {"use_global_stats": "True"},
    "_contrib_SyncBatchNorm": {"use_global_stats": "True"},
    "_contrib_BatchNormWithReLU": {"use_global_stats": "True"},
}


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
        nodes = list(_nodes(graph))
        if any(node.get("attrs", {}).get("act_type") == "rrelu" for node in nodes):
            raise ValueError(
                f"{name}: LeakyReLU with act_type='rrelu' makes MXNet 1.9.1 crash; use 'leaky'"
            )
        self.random = any(map(_is_random, nodes))
        self.random_in_training = self.random or any(map(_is_random_in_training, nodes))
        readers = _readers(graph["nodes"])
        self.labels = set(_only_read_by(readers, LOSSES))
        self.without_gradient = _only_read_by(readers, {**LOSSES, **INDICES})
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
        self._in_use: Any = None
        self.first_values = {
            state: 1.0 if "one" in attributes.get(state, {}).get("__init__", "") else 0.0
            for state in self.states
        }

    def in_use(self) -> Any:
        """Return the symbol that does in training what this one does in use; itself, if it can.

        MXNet's own way, ``is_train=False``, is not safe in an executor that runs again: its
        convolutions rewrite the filters they were given in another layout, and gradients come out
        wrong.
        """
        if self._in_use is None:
            changed = [node for node in _nodes(self._json) if _put_to_use(node)]
            self._in_use = load().sym.load_json(json.dumps(self._json)) if changed else self.symbol
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
        needed = [name for name in left if recorded or name not in self.labels]
        wrong = [name for name in kwargs if name not in self.inputs]
        if wrong:
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
        unknown = [name for name, shape in shapes.inputs.items() if not _is_known(shape)]
        unknown += [name for name, shape in shapes.outputs.items() if not _is_known(shape)]
        if unknown:
            raise ValueError(
                f"{self.name}: the shapes of {', '.join(unknown)} do not follow from "
                f"{_listed(given) or 'nothing'}; give more of them in input_shapes"
            )
        return shapes

    def partly(self, given: Mapping[str, Shape]) -> Shapes:
        """Return the shapes that follow; ``()``, or one with a 0, is not known."""
        inputs, outputs, states = self.symbol.infer_shape_partial(**given)
        return Shapes(
            dict(zip(self.inputs, inputs)),
            dict(zip(self.outputs, outputs)),
            dict(zip(self.states, states)),
        )

    def _contradiction(self, given: Mapping[str, Shape], said: str) -> str:
        """Say which of the given shapes is not the one that follows from the others."""
        odd = []
        for name, shape in given.items():
            try:
                others = {key: value for key, value in given.items() if key != name}
                expected = self.partly(others).inputs[name]
            except Exception:
                continue  # the others contradict each other without it
            if _is_known(expected) and expected != shape:
                odd.append(f"{name} has shape {shape}, but with the others it must be {expected}")
        why = "; or ".join(odd) or f"the shapes {_listed(given)} do not go together"
        return f"{self.name}: {why}. MXNet says: {said}"


def _nodes(graph: dict) -> Iterator[dict]:
    """Yield the nodes of a graph, and of the graphs in its control flow."""
    for node in graph["nodes"]:
        yield node
        for inner in node.get("subgraphs", ()):
            yield from _nodes(inner)


def _readers(nodes: list[dict]) -> dict[str, list[tuple[str, str, int]]]:
    """Return for each input who reads it: the op, the name it was given, and in which place."""
    readers: dict[str, list] = {node["name"]: [] for node in nodes if node["op"] == "null"}
    for node in nodes:
        for place, (source, *_) in enumerate(node["inputs"]):
            if nodes[source]["op"] == "null":
                readers[nodes[source]["name"]].append((node["op"], node["name"], place))
    return readers


def _only_read_by(readers: dict[str, list], places: dict[str, int]) -> dict[str, str]:
    """Return the inputs that nobody reads but some ops in some places; with what they are."""
    return {
        name: f"the {'labels' if read[0][0] in LOSSES else 'indices'} of {read[0][0]} {read[0][1]}"
        for name, read in readers.items()
        if read and all(places.get(op) == place for op, _, place in read)
    }


def _is_random(node: dict) -> bool:
    always = node["op"] == "Dropout" and node.get("attrs", {}).get("mode") == "always"
    return always or bool(RANDOM.search(node["op"].lower()))


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


def _is_known(shape: Shape) -> bool:
    return len(shape) > 0 and 0 not in shape


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
