"""What is not collected: modules that need an optional library which is not installed."""

import importlib.util

NEEDS = {
    "minpy/backends/mxnet": "mxnet",
    "minpy/backends/torch": "torch",
    "minpy/checking/steps.py": "matplotlib",
    "minpy/nn/modules/symbolic.py": "mxnet",
    "minpy/symbol/function.py": "mxnet",
    "tests/old_programs/mlp_with_symbol.py": "mxnet",
    "tests/old_programs/solver_with_symbol.py": "mxnet",
    "minpy/plotting/images.py": "matplotlib",
    "minpy/plotting/predictions.py": "matplotlib",
    "minpy/plotting/training.py": "matplotlib",
}

collect_ignore = [path for path, name in NEEDS.items() if not importlib.util.find_spec(name)]
