"""The hidden part of a check: a reference, and what else is tried.

It stands beside the assignment's solutions, in ``hidden/two_layer.py``, and never leaves. For the
example in `minpy.checking.spec` it is a forward function::

    import minpy.numpy as np
    from grading.spec import HiddenCheck, checks_beside

    checks = checks_beside(__file__)  # checks/two_layer.py, the public part


    def affine(x, w, b):
        return x @ w + b


    hidden = [HiddenCheck(checks.affine_backward, affine, large={"N": 1, "D": 500, "M": 500})]

The gradients that a student's are compared with are those of `affine` under `minpy.grad`, in
float64; `HiddenCheck.sound` compares these with finite differences once. The cases follow from
the sizes in the public part: other numbers, one example, other sizes, float32. `extreme` and
`large` add two more: inputs times a factor, and a size at which finite differences take minutes.

Inputs are drawn from the seed of a student's question, so no two students meet the same.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as onp

import minpy
import minpy.numpy as np
from grading.handed_in import UnfitError, arrays
from minpy.checking.spec import Check, Draw, drawn
from minpy.course import TrainedCheck, best_data, chosen_size

REVEALS = ("nothing", "category", "diagnosis", "inputs")

# Relative to the largest entry: sums in another order leave 1e-15 and finite differences 1e-11.
TIGHT = 1e-12


@dataclass(frozen=True)
class Trial:
    """One call of a student's function.

    Attributes
    ----------
    title : str
        What is special about it; students may read it.
    sizes : mapping of str to int
    dtype : str
    factors : mapping of str to float
        What some inputs are multiplied by.
    inputs : mapping
        Inputs that take the place of drawn ones.
    seconds : float, optional
        How long it may take; else what the grader allows for any call.
    times : float
        How many times as long as the reference it may take, where that is more than `seconds`.
        About 20, at a size where loops over all examples take longer, asks for array operations.
    smaller : sequence of mapping
        Sizes to take instead, one after the other, where the forward pass alone takes too long.
    forward : str
        The call, where it is not the one of the check: without an argument that has a default.
    """

    title: str
    sizes: Mapping[str, int]
    dtype: str = "float64"
    factors: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    times: float = 200.0
    smaller: Sequence[Mapping[str, int]] = ()
    forward: str = ""


@dataclass(frozen=True)
class HiddenCheck:
    """What the grader adds to a `minpy.checking.spec.Check`.

    Attributes
    ----------
    check : Check
        The public part.
    reference : callable
        Takes inputs by their names, and as many of them as it names. Returns
        `check.differentiates`, or the only one of `check.outputs`, or a dict of all outputs by
        their expressions. Written with minpy.numpy where gradients are asked for.
    batch : str
        The size that is the number of examples; "" where there is none.
    other : mapping of str to int, optional
        Other sizes; drawn at random where it is not given, and all different. Numbers among the
        inputs, such as a learning rate, are then other ones too.
    extreme : mapping of str to float
        Factors of inputs for which the results are still finite.
    large : mapping of str to int, or sequence of these
        Sizes at which finite differences take minutes: one example, and many weights. A right
        answer that makes a matrix of a size squared must fit into memory (4 GB). Of several, the
        first is taken at which the student's forward pass is not too slow.
    seconds : float
        How long that may take. Loops over every element should pass.
    cases : sequence of Trial
        More of them.
    axes : mapping of str to sequence of Draw
        Other ways to draw an input, with another number of axes: each is a case.
    regularization : str
        As of the check, where that names none.
    tolerance : mapping of str to float, optional
        By dtype, where it is not that of the check.
    defaults : mapping of str to tuple of (str, value)
        Inputs with a default: the forward call without them, and the value of the default.
    reveal : {'nothing', 'category', 'diagnosis', 'inputs'}
        What a student reads of a comparison that failed.
    """

    check: Check
    reference: Callable
    batch: str = "N"
    other: Mapping[str, int] | None = None
    extreme: Mapping[str, float] = field(default_factory=dict)
    large: Mapping[str, int] | Sequence[Mapping[str, int]] = field(default_factory=dict)
    seconds: float = 5.0
    cases: Sequence[Trial] = ()
    regularization: str = ""
    tolerance: Mapping[str, float] | None = None
    axes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    defaults: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    reveal: str = "diagnosis"

    def __post_init__(self) -> None:
        """Say what an author mixed up, when the file is loaded."""
        if self.reveal not in REVEALS:
            raise ValueError(f"reveal is {self.reveal!r}, not one of {REVEALS}")

    def all_cases(self, rng: onp.random.Generator) -> Iterator[Trial]:
        """Give the cases in order; those of random sizes are drawn from `rng`."""
        sizes = self.check.sizes
        yield Trial("other numbers", sizes)
        if self.batch in sizes:
            yield Trial("one example", {**sizes, self.batch: 1})
        if sizes:
            other = _others(sizes, rng) if self.other is None else {**sizes, **self.other}
            yield Trial("other sizes and rates", other, factors=self._rates(rng))
        yield Trial("float32", sizes, dtype="float32")
        if self.extreme:
            yield Trial("large values", sizes, factors=self.extreme)
        for name, ways in self.axes.items():
            for way in ways:
                axes = len(way.shape.split())
                yield Trial(f"{name} with {axes} axes", sizes, inputs={name: way})
        for name, (call, value) in self.defaults.items():
            yield Trial(f"the default of {name}", sizes, inputs={name: value}, forward=call)
        for number, example in enumerate(self.check.known, 1):
            given = {name: x for name, x in example.items() if name in self.check.inputs}
            drawn_inputs = {n for n, how in self.check.inputs.items() if isinstance(how, Draw)}
            if drawn_inputs - set(given):
                continue  # drawn ones would not fit
            yield Trial(f"known values {number} of the notebook", sizes, inputs=given)
        yield from self.cases
        if self.large:
            ways = [self.large] if isinstance(self.large, Mapping) else self.large
            first, *smaller = ({**sizes, **way} for way in ways)
            title = "a larger size, in limited time"
            yield Trial(title, first, seconds=self.seconds, smaller=smaller)

    def _rates(self, rng: onp.random.Generator) -> dict[str, float]:
        """Return factors for those inputs that are fractions, such as rates: they may be others."""
        numbers = [name for name, value in self.check.inputs.items() if type(value) is float]
        return {name: float(rng.uniform(0.3, 0.9)) for name in numbers}

    @property
    def comparisons(self) -> int:
        """How many comparisons the grader makes: what `check.hidden_comparisons` promises."""
        wanted = len(self.check.wanted) + len(self.check.properties)
        return wanted * len(list(self.all_cases(onp.random.default_rng(0))))

    def inputs(self, case: Trial, rng: onp.random.Generator) -> dict[str, Any]:
        """Draw the inputs of a case."""
        made = drawn({**self.check.inputs, **case.inputs}, case.sizes, rng, case.dtype)
        for name, factor in case.factors.items():
            made[name] = made[name] * onp.asarray(factor, onp.asarray(made[name]).dtype)
        return made

    def expected(self, inputs: Mapping[str, Any]) -> dict[str, onp.ndarray]:
        """Return the right results, in float64, by their expressions."""
        differentiated = set(self.check.gradients.values())
        exact = {
            name: _in_float64(value, always=name in differentiated)
            for name, value in inputs.items()
        }
        found = {}
        if self.check.outputs:
            made = self._referred(exact)
            outputs = made if isinstance(made, dict) else dict.fromkeys(self.check.outputs, made)
            found = {text: _plain(outputs[text]) for text in self.check.outputs}
        for text, of in self.check.gradients.items():
            found[text] = _plain(minpy.grad(self._pulled(exact, of))(np.array(exact[of])))
        return found

    def sound(self, seed: int = 0) -> list[Any]:
        """Compare the gradients of the reference with finite differences: `minpy.gradcheck`."""
        rng = onp.random.default_rng(seed)
        case = next(self.all_cases(rng))
        exact = {name: _in_float64(x) for name, x in self.inputs(case, rng).items()}
        return [
            minpy.gradcheck(self._pulled(exact, of), np.array(exact[of]))
            for of in self.check.gradients.values()
        ]

    def measured(
        self, files: Mapping[str, bytes], inputs: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return results that follow from the files handed in, without any of the student's code.

        By default None: the results are what the student's functions return. A subclass, for a
        network that was trained, computes them from its parameters. It is the only way to be sure:
        a function that is sent test images of a public data set may look up what they show.

        Parameters
        ----------
        files : mapping of str to bytes
            What was handed in beside the notebook.
        inputs : mapping

        Raises
        ------
        grading.handed_in.UnfitError
            If the files are missing or cannot be used.
        """
        return None

    def _pulled(self, inputs: Mapping[str, Any], of: str) -> Callable:
        """Return the function of one input whose gradient is asked for."""

        def pulled(x: Any) -> Any:
            made = self._referred({**inputs, of: x})
            made = made[self.check.differentiates] if isinstance(made, dict) else made
            return np.sum(made * inputs[self.check.upstream]) if self.check.upstream else made

        return pulled

    def _referred(self, inputs: Mapping[str, Any]) -> Any:
        asked = inspect.signature(self.reference).parameters
        return self.reference(**{name: inputs[name] for name in asked})


class HiddenTrained(HiddenCheck):
    """The grader's part of a `minpy.course.trained`: accuracy on images that nobody has decided by.

    The reference takes the parameters of the file by their names, and ``x``; it returns scores of
    shape (N, C). None of the student's code runs. The data set is the one that the course uses.
    """

    check: TrainedCheck

    def measured(
        self, files: Mapping[str, bytes], inputs: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return the scores of the network that was handed in."""
        file = self.check.file
        name = file.path.name
        saved = arrays(files.get(name), name)
        missing = {*file.names, "data"} - set(saved)
        if missing:
            raise UnfitError(
                f"{name} has no {', '.join(sorted(missing))}: write it with the notebook's cell "
                "that saves it"
            )
        if str(saved["data"]) != inputs["data"]:
            raise UnfitError(file.wrong_data(str(saved["data"]), inputs["data"]))
        params = {of: saved[of] for of in file.names}
        try:
            return {"scores": self.reference(**params, x=inputs["x"])}
        except (ValueError, TypeError, IndexError) as error:
            raise UnfitError(f"{name} does not fit the images: {error}") from None

    def all_cases(self, rng: onp.random.Generator) -> Iterator[Trial]:
        """Give one case: all test images."""
        size = chosen_size()
        name = best_data(size, quiet=True)
        data = self.check.load(name, size)
        inputs = {"data": name, "size": size, "params": {}, "x": data.x_test, "y": data.y_test}
        yield Trial("the test images", {}, dtype="float32", inputs=inputs, seconds=30.0)


def checks_beside(hidden: str | Path) -> ModuleType:
    """Return the module of public checks of a file of hidden ones.

    Parameters
    ----------
    hidden : path
        ``solutions/a1-linear/hidden/two_layer.py``, and ``checks/two_layer.py`` is loaded.
    """
    hidden = Path(hidden)
    return load(hidden.parent.parent / "checks" / hidden.name)


def load(path: Path) -> ModuleType:
    """Run a file of checks under a name of its own, so that two notebooks do not meet.

    Parameters
    ----------
    path : Path
    """
    name = f"_loaded_{path.parent.parent.name}_{path.parent.name}_{path.stem}".replace("-", "_")
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ImportError(f"{path} is no file of Python")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses look their module up
    found.loader.exec_module(module)
    return module


def _others(sizes: Mapping[str, int], rng: onp.random.Generator) -> dict[str, int]:
    """Draw other sizes, no two of them equal: a mixed-up axis must not fit by chance."""
    largest = max(2 * max(sizes.values()) + 2, len(sizes) + 2)
    drawn = rng.choice(onp.arange(2, largest + 1), len(sizes), replace=False)
    return dict(zip(sizes, map(int, drawn)))


def _in_float64(value: Any, always: bool = False) -> Any:
    kinds = "fiu" if always else "f"
    floating = isinstance(value, onp.ndarray) and value.dtype.kind in kinds
    return value.astype(onp.float64) if floating else value


def _plain(value: Any) -> onp.ndarray:
    return value.asnumpy() if hasattr(value, "asnumpy") else onp.asarray(value)
