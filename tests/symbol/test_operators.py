"""Every operator of MXNet that the table has: right, or refused with a reason; never wrong.

``make symbols`` runs all of them.  An operator that refuses one of its gradients says why.
An ordinary run takes a sample.
"""

import warnings

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .operators import ROWS


def named(namespace, name):
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


def operator(mx, kind, name):
    """Return an operator of ``mx.sym`` or ``mx.nd``; those for their own use are in `_internal`."""
    own = getattr(mx, kind)
    return named(own if hasattr(own, name.partition(".")[0]) else own._internal, name)


class Trial:
    """A row of the table: its symbol as a function, and its inputs.

    Attributes
    ----------
    refused : list of str
        What was refused, with the message.
    """

    def __init__(self, mx, row):
        self.mx, self.row = mx, row
        rng = onp.random.default_rng(0)
        self.arrays = [draw(rng) for draw in row.inputs]
        if row.single:
            floating = [x.dtype.kind == "f" for x in self.arrays]
            self.arrays = [x.astype("f4") if f else x for x, f in zip(self.arrays, floating)]
        self.names = [f"input{i}" for i in range(len(self.arrays))]
        variables = map(mx.sym.Variable, self.names)
        self.symbol = operator(mx, "sym", row.name)(*variables, **row.attributes)
        self.refused = []

    def run(self):
        """Compare values and gradients; return what was refused."""
        try:
            self.function = minpy.Function(self.symbol, name=self.row.name)
            results = self.results(self.arrays)
        except (ValueError, TypeError) as error:
            return [f"{self.row.name}: {error}"]
        self.compare_values(results)
        rng = onp.random.default_rng(1)
        self.weights = [rng.normal(size=y.shape).astype(y.dtype) for y in results]
        floating = [i for i, x in enumerate(self.arrays) if x.dtype.kind == "f"]
        together = [floating] if len(floating) > 1 else []
        for chosen in [[i] for i in floating] + together:
            self.compare_gradients(chosen)
        return self.refused

    def call(self, arrays):
        results = self.function(**dict(zip(self.names, arrays)))
        return results if isinstance(results, tuple) else (results,)

    def results(self, arrays):
        return [onp.asarray(y.asnumpy()) for y in self.call(arrays)]

    def compare_values(self, results):
        """Compare with MXNet's function of the same name, which needs no symbol."""
        mx, row = self.mx, self.row
        assert results
        if row.random or self.symbol.list_auxiliary_states():
            return
        if row.designed is not None and len(self.arrays) > 1:  # a loss, whose label is not read
            return
        data = [mx.nd.array(x, dtype=x.dtype) for x in self.arrays]
        expected = operator(mx, "nd", row.name)(*data, **row.attributes)
        expected = expected if isinstance(expected, list | tuple) else [expected]
        for mine, theirs in zip(results, expected, strict=True):
            assert mine.shape == theirs.shape
            tolerance = 1e-4 if row.single else 1e-6
            onp.testing.assert_allclose(mine, theirs.asnumpy(), tolerance, tolerance)

    def compare_gradients(self, chosen):
        """Compare gradients, asked for together, with central differences."""

        def loss(*arrays):
            return sum(np.sum(y * w) for y, w in zip(self.call(arrays), self.weights))

        try:
            found = minpy.grad(loss, argnum=tuple(chosen))(*self.arrays)
        except (minpy.NoGradientError, ValueError) as error:
            self.refused.append(f"{self.row.name}, {chosen}: {error}")
            return
        for i, gradient in zip(chosen, found):
            expected = self.expected_gradient(i)
            if expected is not None:
                self.close(gradient.asnumpy(), expected, f"gradient of input {i} of {chosen}")

    def expected_gradient(self, i):
        row = self.row
        if row.random:
            return None
        if row.designed is not None:
            return row.designed(self.weights[0], *self.arrays) if i == 0 else None
        step = 1e-2 if row.single else 1e-5
        out = onp.zeros(self.arrays[i].shape)
        for place in onp.ndindex(*out.shape):
            losses = []
            for sign in (1, -1):
                arrays = [x.copy() for x in self.arrays]
                arrays[i][place] += sign * step
                pairs = zip(self.results(arrays), self.weights)
                losses.append(sum(float(onp.sum(y.astype("f8") * w)) for y, w in pairs))
            out[place] = (losses[0] - losses[1]) / (2 * step)
        return out

    def close(self, found, expected, what):
        if self.row.symmetric:
            found, expected = found + found.T, expected + expected.T
        tolerance = 0.02 if self.row.single else 1e-4
        onp.testing.assert_allclose(found, expected, tolerance, tolerance, err_msg=what)


def name_of(row):
    return "-".join([row.name, *(f"{key}={value}" for key, value in row.attributes.items())])[:80]


@pytest.mark.family("symbols")
@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_an_operator_is_right_or_refused(mx, row, record_property):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of division by zero, where NumPy computes
        refused = Trial(mx, row).run()
    record_property("symbols", "refused" if refused else "right")
    for reason in refused:
        assert len(reason) > len(row.name) + 20, "no reason is given"
