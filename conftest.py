"""What is not collected: modules that import an optional library which is not installed."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("torch") else ["minpy/backends/torch"]
