"""Side-by-side timings of minpy and its peers; run with ``python -m benchmarks --help``.

`workloads` says what is computed, a file each, once for every library; `functional` has the
functions of networks that they share; `steps` turns a workload into a training step of a library;
`measure` (seconds) and `peak_memory` (bytes) sample it; `targets` is the table of what is to be
reached; `report` prints it.
"""
