"""Linear algebra on matrices and stacks of them; Fourier transforms.

A decomposition is not unique: vectors come with any sign, or any phase.  Real rows compare it as it
is, because LAPACK's signs do not jump; complex rows compare what does not depend on the phase.
"""

import numpy as onp

from ..checker import NUMPY_2, Arg, C, Row, X, row

# ---------------------------------------------------------------------------- kinds of matrices


def M(*shape: int) -> Arg:
    """Matrices far from singular."""

    def change(x):
        return x + 3 * onp.eye(*shape[-2:]) * onp.arange(1, shape[-1] + 1)

    return Arg(shape, change=change)


def singular(*shape: int) -> Arg:
    """Matrices with two equal rows, or of one zero."""

    def change(x):
        x = x.copy()
        x[..., -1, :] = x[..., 0, :] if shape[-1] > 1 else 0
        return x

    return Arg(shape, change=change)


def mild(*shape: int) -> Arg:
    """Matrices with distinct real eigenvalues, far from each other."""

    def change(x):
        return 0.2 * x + onp.diag(onp.arange(1, shape[-1] + 1))

    return Arg(shape, change=change)


def adjoint(np, x):
    return np.conjugate(np.swapaxes(x, -1, -2))


def hermitian(np, x):
    return (x + adjoint(np, x)) / 2


def positive(np, x):
    """Return positive definite matrices made of any."""
    return x @ adjoint(np, x) + onp.eye(x.shape[-1], dtype=x.dtype)


STACKS = ((3, 3), (1, 1), (2, 3, 3), (2, 1, 2, 2))
EMPTY = ((0, 3, 3),)


def stacks(name: str, domain=M, shapes=STACKS + EMPTY, **options) -> Row:
    types = options.pop("types", "fc")
    return row(name, *(C(domain(*shape)) for shape in shapes), types=types, **options)


# ---------------------------------------------------------------------------- solving

SOLVING = [
    stacks("linalg.inv"),
    stacks("linalg.det"),
    stacks("linalg.det", singular),
    row(
        "linalg.cofactors",
        C(singular(2, 2)),
        C(singular(2, 3, 3)),
        call=lambda np, x: np.linalg.det(x) * 2,
    ),
    stacks("linalg.slogdet"),
    row(
        "linalg.solve",
        C(M(3, 3), X(3)),
        C(M(3, 3), X(3, 2)),
        C(M(2, 3, 3), X(2, 3, 2)),
        C(M(3, 3), X(2, 3, 1)),
        C(M(1, 3, 3), X(2, 3, 2)),
        C(M(3, 3), onp.ones(3)),
        types="fc",
    ),
    row("linalg.solve", C(M(2, 3, 3), X(3, 2)), C(M(2, 3, 3), X(3)), needs="linalg.matrix_norm"),
    row("linalg.solve", C(M(2, 3, 3), X(2, 3)), types="fc", call=lambda np, a, b: solved(np, a, b)),
    row(
        "linalg.pinv",
        C(X(3, 2)),
        C(X(2, 4)),
        C(M(3, 3)),
        C(X(2, 3, 2)),
        C(X(3, 2), rcond=1e-10),
        types="fc",
        tolerance=1e-5,
    ),
    row(
        "linalg.tensorinv",
        C(M(6, 6)),
        call=lambda np, x: np.linalg.tensorinv(x.reshape(2, 3, 6), ind=2),
        types="fc",
    ),
    row(
        "linalg.tensorinv",
        C(M(6, 6)),
        call=lambda np, x: np.linalg.tensorinv(x.reshape(6, 3, 2), ind=1),
    ),
    row(
        "linalg.tensorsolve",
        C(M(6, 6), X(2, 3)),
        call=lambda np, x, y: np.linalg.tensorsolve(x.reshape(2, 3, 6), y),
        types="fc",
    ),
    row(
        "linalg.tensorsolve",
        C(M(6, 6), X(2, 3)),
        call=lambda np, x, y: np.linalg.tensorsolve(
            x.reshape(2, 3, 6).transpose(2, 0, 1), y, axes=(0,)
        ),
    ),
    row("linalg.matrix_power", C(M(3, 3), -1), C(M(2, 3, 3), -2), types="fc"),
]


def solved(np, a, b):
    """Solve for a stack of vectors; until NumPy 2 that needed no axis more."""
    return np.linalg.solve(a, b[..., None])[..., 0] if NUMPY_2 else np.linalg.solve(a, b)


# ---------------------------------------------------------------------------- decompositions


def eigenspaces(np, w, v):
    """Return eigenvalues and what of their vectors does not depend on the phase."""
    return w, np.absolute(v), v[..., :1] * np.conjugate(v[..., 1:2, :1])


DECOMPOSITIONS = [
    stacks("linalg.cholesky", X, call=lambda np, x: np.linalg.cholesky(positive(np, x))),
    row(
        "linalg.cholesky",
        C(X(3, 3)),
        C(X(2, 3, 3)),
        types="fc",
        needs="linalg.matrix_norm",
        call=lambda np, x: np.linalg.cholesky(positive(np, x), upper=True),
    ),
    stacks("linalg.eigh", mild, types="f", call=lambda np, x: np.linalg.eigh(hermitian(np, x))),
    stacks(
        "linalg.eigh",
        mild,
        STACKS[2:3],
        types="f",
        call=lambda np, x: np.linalg.eigh(hermitian(np, x), "U"),
    ),
    stacks(
        "linalg.eigh",
        mild,
        ((3, 3), (2, 3, 3)),
        types="c",
        call=lambda np, x: eigenspaces(np, *np.linalg.eigh(hermitian(np, x))),
    ),
    stacks("linalg.eigvalsh", mild, call=lambda np, x: np.linalg.eigvalsh(hermitian(np, x))),
    stacks(
        "linalg.eigvalsh",
        mild,
        STACKS[:1],
        call=lambda np, x: np.linalg.eigvalsh(hermitian(np, x), UPLO="U"),
    ),
    stacks("linalg.eig", mild, types="f", tolerance=1e-5),
    stacks(
        "linalg.eig",
        M,
        ((3, 3), (2, 3, 3)),
        types="c",
        tolerance=1e-5,
        call=lambda np, x: eigenspaces(np, *np.linalg.eig(x)),
    ),
    stacks("linalg.eigvals", mild, tolerance=1e-5),
    row(
        "linalg.eigvals",
        C(X(2, 2)),
        call=lambda np, x: np.linalg.eigvals(x + onp.array([[0, 9.0], [-9.0, 0]])),
    ),
    row(
        "linalg.svd",
        C(M(3, 3)),
        C(X(4, 2), False),
        C(X(2, 4), full_matrices=False),
        C(M(2, 3, 3)),
        C(X(2, 3, 2), full_matrices=False),
        C(X(2, 3), compute_uv=False),
        C(M(1, 1)),
        tolerance=1e-5,
    ),
    row(
        "linalg.svd",
        C(M(3, 3)),
        C(X(3, 2)),
        C(X(2, 3)),
        C(X(2, 3, 2)),
        types="c",
        tolerance=1e-5,
        call=lambda np, x: phaseless(np, *np.linalg.svd(x, full_matrices=False)),
    ),
    row(
        "linalg.svd",
        C(X(2, 4)),
        C(X(2, 4, 2)),
        types="fc",
        call=lambda np, x: np.linalg.svd(x)[1],  # its other vectors are not determined
    ),
    row(
        "linalg.lstsq",
        C(X(4, 2), X(4), None),
        C(X(4, 2), X(4, 3), None),
        C(X(2, 3), X(2), rcond=None),
        tolerance=1e-5,
    ),
    row("linalg.svdvals", C(M(3, 3)), C(X(2, 3, 2)), C(X(2, 4)), types="fc"),
    row(
        "linalg.qr",
        C(M(3, 3)),
        C(X(4, 2)),
        C(X(2, 4)),
        C(X(2, 3, 2), mode="reduced"),
        C(M(2, 2), "r"),
        types="fc",
    ),
]


def phaseless(np, u, s, vh):
    """Return singular values, and products in which the phases of the vectors cancel."""
    return s, np.absolute(u), np.absolute(vh), u @ vh


# ---------------------------------------------------------------------------- norms

ORDERS = (None, 1, 2, 3, 2.5, onp.inf, -onp.inf, -1, 0)
NORMS = [
    row(
        "linalg.norm", *(C(X(4), order) for order in ORDERS), C(X(4), 2, keepdims=True), types="fc"
    ),
    row("linalg.norm", *(C(X(3, 4), ord=order, axis=1) for order in ORDERS), types="fc"),
    row(
        "linalg.norm",
        *(C(M(3, 2), o) for o in (None, "fro", "nuc", 1, -1, 2, -2, onp.inf, -onp.inf)),
        types="fc",
        tolerance=1e-5,
    ),
    row(
        "linalg.norm",
        C(X(2, 3, 2), axis=(0, 2)),
        C(X(2, 3, 2), "nuc", axis=(2, 0), keepdims=True),
        C(X(2, 3, 2)),
        types="fc",
    ),
    row(
        "linalg.norm",
        C(X(2, 3, 2), 1, (1, -1)),
        C(X(2, 3), keepdims=True),
        C(X(2, 3), axis=-1, keepdims=True),
        C(X(0)),
    ),
    row(
        "linalg.vector_norm",
        C(X(2, 3)),
        C(X(2, 3), axis=0, ord=3),
        C(X(2, 3), axis=(0, 1), keepdims=True),
        types="fc",
    ),
    row(
        "linalg.matrix_norm",
        C(X(2, 3)),
        C(X(2, 3, 3), ord=1),
        C(X(2, 3), keepdims=True, ord="nuc"),
        types="fc",
    ),
    row(
        "linalg.cond",
        *(C(M(3, 3), p) for p in (None, 2, -2)),
        C(M(2, 3, 3)),
        types="fc",
        tolerance=1e-5,
    ),
    row("linalg.cond", *(C(M(3, 3), p) for p in (1, -1, "fro", "nuc", onp.inf)), tolerance=1e-5),
]

# ---------------------------------------------------------------------------- Fourier transforms


def transform(name: str, types: str = "fc") -> Row:
    cases = [
        C(X(5)),
        C(X(4)),
        C(X(6), 4),
        C(X(3), n=5),
        C(X(3, 4), axis=0),
        C(X(3, 4), 6, 0),
        C(X(4, 2), 3, -2),
    ]
    cases += [C(X(4), norm=norm) for norm in ("ortho", "forward", "backward")] + [
        C(X(5), 5, norm="forward")
    ]
    return row(f"fft.{name}", *cases, types=types)


def transform_of_several(name: str, types: str = "fc", two: bool = False) -> Row:
    cases = [
        C(X(3, 4)),
        C(X(4, 5), axes=(0, 1)),
        C(X(3, 4), norm="ortho"),
        C(X(2, 3, 4), axes=(0, 2)),
    ]
    cases += [
        C(X(3, 4), s=(4, 2), axes=(0, 1)),
        C(X(4, 3), axes=(1, 0)),
        C(X(3, 5), (4, 6), (-2, -1), "forward"),
    ]
    if not two:
        cases += [C(X(4), axes=(0,)), C(X(2, 3, 4)), C(X(3, 2, 4), axes=(2, 0, 1))]
    return row(f"fft.{name}", *cases, types=types)


FOURIER = [
    transform("fft"),
    transform("ifft"),
    transform("rfft", "f"),
    transform("irfft"),
    transform("hfft"),
    transform("ihfft", "f"),
    transform_of_several("fftn"),
    transform_of_several("ifftn"),
    transform_of_several("rfftn", "f"),
    transform_of_several("irfftn"),
    transform_of_several("fft2", two=True),
    transform_of_several("ifft2", two=True),
    transform_of_several("rfft2", "f", two=True),
    transform_of_several("irfft2", two=True),
]

ROWS = SOLVING + DECOMPOSITIONS + NORMS + FOURIER
