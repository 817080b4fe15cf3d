"""The process in which `benchmarks.peak_memory` measures one implementation of one case.

Run as ``python -m benchmarks.probe CASE IMPLEMENTATION``.
"""

from __future__ import annotations

import sys

from benchmarks.workloads import find_case


def main() -> None:
    """Measure the implementation named on the command line."""
    case, name = sys.argv[1:]
    print(find_case(case).builders[name]().measure_here())


if __name__ == "__main__":
    main()
