"""How large each part is, in lines of code, and how large it was last meant to be.

A part may grow by a twentieth of its figure before the test asks for a decision: make it smaller,
or raise the figure and write the reason beside it.  So nobody has to save single lines, and nothing
grows unseen.  A part that has shrunk below three quarters of its figure gets a lower one.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .layers import Layers
from .reading import lines_of_code, modules_in

FILE = 399  # lines of code of a file at most
GROWTH = 1.05
SHRUNK = 0.75

SIZES = {
    # The aim of the engine is 700.  What is above it: arrays that outlive their recording, the
    # memory order and the aliases of what is written in place, and arrays of other libraries and
    # devices (about 80 lines: how an op runs where its arrays are, how gradients move with them).
    # Short paths for ops on one array and for sums in the backward pass take 70 lines, and half
    # of the time of a step.
    "minpy: the engine": 1099,
    "minpy: arguments": 27,
    "minpy: nested": 29,
    "minpy: escapes": 73,
    # The exact gelu, for which NumPy has no error function; activations with a gate, and norms with
    # scale and shift, are an op each with its derivative, in blocks: a half of the time of a step.
    "minpy: network kernels": 1130,
    # Of the rules, about 130 lines are for singular points: values of equal eigenvalues, cofactors,
    # products of large numbers and zeros, infinite logarithms, norms and angles at zero.
    # Statistics, frames, polynomials and functions with complex results beyond their domain are
    # about 400 lines: what NumPy has of them and other libraries do not differentiate.
    "minpy: gradient rules": 1990,
    # `backend`, `registry` and `placement` instead of one module with late imports: what each of
    # them imports, and what the package hands on.
    # What the engine asks of raw arrays of any library is here, and writes through copies (55).
    "minpy: backends, shared": 683,
    "minpy: backend numpy": 83,
    "minpy: backend torch": 450,
    "minpy: backend torch, kernels": 128,  # gated activations, and norms with scale and shift
    # Operators and gluon's blocks, which meet arrays of ours.
    "minpy: backend mxnet": 446,
    "minpy: backend mxnet, kernels": 101,  # the same
    "minpy: backend mxnet, loading": 134,
    "minpy: errors": 176,  # wrong rules of users, results made constant, recordings not replayed
    "minpy: tracebacks": 37,
    "minpy: tree": 57,
    "minpy: extend": 165,  # a checkpoint draws its random numbers again
    "minpy: trace": 76,  # what a replay refuses
    "minpy: dtypes": 27,
    "minpy: derivatives": 149,  # `grad_and_loss` and `elementwise_grad` moved in
    # The methods of ufuncs and the functions that write have gradients for every ufunc (160 lines).
    # With windows by strides, shapes changed in place, and questions that no backend computes; with
    # NumPy's own values and errors while recorded, and its keywords of memory (130).
    # Floating numbers without axes have the methods of arrays (70 lines).
    # Operators such as `x += y`, and the ways to leave a recording, came from the engine (70).
    # `emath` and `testing` are namespaces of their own, and a ufunc is no method of a class (60).
    "minpy: numpy": 1550,
    "minpy: plotting": 950,  # graphs drawn by Matplotlib took 85
    # Tables of what MXNet's operators do about gradients, and the ways through a symbol.
    "minpy: symbol": 880,
    # Files of a class each; schedules, clipping and decay also for loops of one's own; what copies,
    # modes of one call, results that are dropped and models without parameters take.
    # The modules of U-Nets took 160; masks, last states, decoders and caches of keys took 180;
    # weights and reductions of losses, and five more losses, 150; three optimisers,
    # groups of parameters, accumulated gradients and averages, 130; weights from PyTorch, 120.
    "minpy: nn": 4470,
    "minpy: datasets": 561,
    # What a function returned is told in words, and a diagnosis holds in all cases: `calls`,
    # `draws` and the hypotheses about losses.
    "minpy: checking": 2630,
    # Handing in (150 lines), merging a mended release (150), exercises (50), hints (45).
    "minpy: course": 665,
    # With the names of HIPS autograd in `minpy` itself: a line to import each, a line to export it.
    "minpy: facades": 350,
    # The sandbox is 1,000 lines of it: namespaces, filter, supervisor, server, and their client.
    # Then files under any name, cells in any place, and a ledger with which a run goes on.
    # Its accuracy is measured by `accuracy`, `mutants` and `variants`, its speed by `bench`. Rows
    # of the gradebook are compared with what runs wrote; a full disk or a locked one is told.
    "grading": 4850,
    "benchmarks": 2023,  # rows `outliers` and `springs`, `kernels`
}


def part_of(module: str, layers: Layers) -> str:
    """Name the part that a module's lines count towards.

    >>> layers = Layers.read("backends\\narray, tape\\nops | nn\\n__init__, core")
    >>> part_of("minpy.tape", layers), part_of("minpy.backends.torch.indexing", layers)
    ('minpy: the engine', 'minpy: backend torch')
    >>> part_of("minpy.core", layers), part_of("grading.cli", layers)
    ('minpy: facades', 'grading')
    """
    package, _, rest = module.partition(".")
    if package != "minpy":
        return package
    group = layers.group_of(module)
    if group in ("array", "backward", "autograd"):
        return "minpy: the engine"
    if group == "ops":
        return "minpy: " + ("network kernels" if rest.startswith("ops.nn") else "gradient rules")
    if group == "backends":
        return "minpy: " + _backend(rest)
    return "minpy: " + ("facades" if group == "__init__" else str(group))


def _backend(module: str) -> str:
    _, _, name = module.partition("backends.")
    library = name.split(".")[0]
    if library not in ("numpy", "torch", "mxnet"):
        return "backends, shared"
    if name.endswith("_kernels"):
        return f"backend {library}, kernels"
    return f"backend {library}" + (", loading" if name.endswith(".loading") else "")


def measure(packages: list[Path], layers: Layers) -> tuple[Counter[str], Counter[str]]:
    """Count lines of code: by part, and by file."""
    parts: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for module, path in modules_in(*packages).items():
        lines = lines_of_code(path.read_text(encoding="utf-8"))
        parts[part_of(module, layers)] += lines
        files[module] = lines
    return parts, files


def complaints(parts: Counter[str], files: Counter[str], sizes: dict[str, int]) -> list[str]:
    """Say which parts have left their figures, and which files are too long."""
    found = []
    for part, lines in parts.items():
        figure = sizes.get(part)
        if figure is None:
            found.append(f"{part} has {lines} lines of code and no figure: give it one in SIZES")
        elif lines > figure * GROWTH:
            found.append(
                f"{part} has {lines} lines of code, over {GROWTH:.0%} of its {figure}: make it "
                "smaller, or raise the figure in SIZES and write the reason beside it"
            )
        elif lines < figure * SHRUNK:
            found.append(f"{part} has shrunk to {lines} lines from {figure}: lower its figure")
    found += [f"{part} has a figure and no lines" for part in sizes if part not in parts]
    found += [
        f"{file} has {lines} lines of code; a file has {FILE} at most"
        for file, lines in files.items()
        if lines > FILE
    ]
    return found
