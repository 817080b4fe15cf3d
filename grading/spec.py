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
from minpy.checking.spec import Check, drawn
from minpy.course import TrainedCheck, best_data, chosen_size

REVEALS = ("nothing", "category", "diagnosis", "inputs")

# Relative to the largest entry: differences leave 1e-11 and more, sums in another order 1e-15.
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
TIGHT = {"float64": 1e-12, "float32": 1e-4}


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
    """

    title: str
    sizes: Mapping[str, int]
    dtype: str = "float64"
    factors: Mapping[str, float] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    times: float = 200.0


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
        Other sizes; drawn at random where it is not given.
    extreme : mapping of str to float
        Factors of inputs for which the results are still finite.
    large : mapping of str to int
        Sizes at which finite differences take minutes: one example, and many weights.
    seconds : float
        How long that may take. Loops over every element should pass.
    cases : sequence of Trial
        More of them.
    regularization : str
        The input that is λ where the loss has λ/2 ΣW²; helps to say what is wrong.
    tolerance : mapping of str to float, optional
        By dtype; 1e-9 and 1e-4 by default, and 1e-12 in float64 where differences are forbidden.
    reveal : {'nothing', 'category', 'diagnosis', 'inputs'}
        What a student reads of a comparison that failed.
    """

    check: Check
    reference: Callable
    batch: str = "N"
    other: Mapping[str, int] | None = None
    extreme: Mapping[str, float] = field(default_factory=dict)
    large: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 5.0
    cases: Sequence[Trial] = ()
    regularization: str = ""
    tolerance: Mapping[str, float] | None = None
    reveal: str = "diagnosis"

    def __post_init__(self) -> None:
        """Say what an author mixed up, when the file is loaded."""
        if self.reveal not in REVEALS:
            raise ValueError(f"reveal is {self.reveal!r}, not one of {REVEALS}")

    @property
    def tolerances(self) -> Mapping[str, float]:
        """What `tolerance` says, or what follows from what is forbidden."""
        if self.tolerance is not None:
            return self.tolerance
        return TIGHT if "differences" in self.check.forbids else TOLERANCE

    def all_cases(self, rng: onp.random.Generator) -> Iterator[Trial]:
        """Give the cases in order; those of random sizes are drawn from `rng`."""
        sizes = self.check.sizes
        yield Trial("other numbers", sizes)
        if self.batch in sizes:
            yield Trial("one example", {**sizes, self.batch: 1})
        if sizes:
            other = {name: int(rng.integers(2, 2 * size + 3)) for name, size in sizes.items()}
            yield Trial("other sizes", other if self.other is None else {**sizes, **self.other})
        yield Trial("float32", sizes, dtype="float32")
        if self.extreme:
            yield Trial("large values", sizes, factors=self.extreme)
        yield from self.cases
        if self.large:
            large = {**sizes, **self.large}
            yield Trial("a larger size, in limited time", large, seconds=self.seconds)

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
        exact = {name: _in_float64(value) for name, value in inputs.items()}
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
        name = best_data(size)
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


def _in_float64(value: Any) -> Any:
    floating = isinstance(value, onp.ndarray) and value.dtype.kind == "f"
    return value.astype(onp.float64) if floating else value


def _plain(value: Any) -> onp.ndarray:
    return value.asnumpy() if hasattr(value, "asnumpy") else onp.asarray(value)
