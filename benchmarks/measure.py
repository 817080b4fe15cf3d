"""Measuring: interleaved rounds and paired ratios.

The machine drifts (other users, clock rates), so the implementations of a case are sampled in
turn, A B C A B C ..., and a ratio is the median of the rounds' own ratios: A and B of one round
ran within a moment of each other, whatever the machine did before.

Before each sample there is a short pause, in which the worker threads of the library before
(OpenBLAS's and OpenMP's spin while they wait for work) go to sleep, and, unless it is slow, one
call that is not timed. Garbage collection stays on, as it is for users; but what imports and data
have made is frozen first, so that the size of one library is not charged to another.
"""

from __future__ import annotations

import gc
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np

from benchmarks.agreement import assert_agree
from benchmarks.benchmark import Benchmark, Sampler
from benchmarks.peers import Unavailable

#: Seconds between two implementations: OpenBLAS's threads spin for about 30 ms.
PAUSE = 0.03

#: A call that takes longer than this, in seconds, needs no call before it to warm up.
LONG = 0.1


class Timer:
    """A sampler of seconds per op.

    Parameters
    ----------
    seconds : callable
        Makes the given number of calls and returns how long they took.
    result : callable
        Returns what one call computes.
    ops : int
        Ops in a call.
    """

    def __init__(
        self, seconds: Callable[[int], float], result: Callable[[], Any], ops: int = 1
    ) -> None:
        self.seconds = seconds
        self.result = result
        self.ops = ops
        self.number = 1
        self.warms_up = True

    @classmethod
    def of(
        cls, step: Callable[[], Any], ops: int = 1, wait: Callable[[], Any] | None = None
    ) -> Timer:
        """Time a function of no arguments; what it returns is what is compared.

        `wait` waits for a device, before each reading of the clock.
        """
        wait = wait or (lambda: None)

        def seconds(number: int) -> float:
            wait()
            start = time.perf_counter()
            for _ in repeat(None, number):
                step()
            wait()
            return time.perf_counter() - start

        return cls(seconds, step, ops)

    def prepare(self, shortest: float) -> None:
        """Double the number of calls until they take `shortest` seconds."""
        elapsed = self.seconds(self.number)
        self.warms_up = elapsed < LONG
        while elapsed < shortest:
            self.number *= 2
            elapsed = self.seconds(self.number)

    def sample(self) -> float:
        """Return the seconds per op of one loop."""
        if self.warms_up:
            self.seconds(1)
        return self.seconds(self.number) / (self.number * self.ops)


@dataclass
class Measured:
    """A case's samples, one list per implementation, and why others have none."""

    case: Benchmark
    samples: dict[str, list[float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def ratios(self, subject: str, peer: str) -> list[float]:
        """Return `subject` divided by `peer`, round by round; empty if one was not measured."""
        pairs = zip(self.samples.get(subject, []), self.samples.get(peer, []))
        return [over / under for over, under in pairs]

    @contextmanager
    def noting(self, name: str) -> Iterator[None]:
        """Note an error in one implementation, so that the others are measured all the same."""
        try:
            yield
        except Unavailable as error:
            self.skipped[name] = str(error)
        except Exception as error:
            self.samples.pop(name, None)
            self.failed[name] = "".join(traceback.format_exception(error, limit=-8))


def measure(case: Benchmark, repeat: int, shortest: float) -> Measured:
    """Build, compare and sample the implementations of a case.

    Parameters
    ----------
    case : Benchmark
    repeat : int
        Rounds asked for; the case may take fewer or more.
    shortest : float
        Seconds that a timed loop fills at least.
    """
    measured = Measured(case)
    samplers: dict[str, Sampler] = {}
    results: dict[str, Any] = {}
    for name, build in case.builders.items():
        with measured.noting(name):
            samplers[name] = build()
            results[name] = samplers[name].result()
    _compare(results, measured)
    gc.collect()
    gc.freeze()
    measured.samples = {name: [] for name in results if name not in measured.failed}
    for name in list(measured.samples):
        with measured.noting(name):
            samplers[name].prepare(shortest)
    for _ in range(max(1, round(repeat * case.rounds))):
        for name in list(measured.samples):
            time.sleep(PAUSE)
            with measured.noting(name):
                measured.samples[name].append(samplers[name].sample())
    gc.unfreeze()
    return measured


def _compare(results: Mapping[str, Any], measured: Measured) -> None:
    """Fail every implementation that does not agree with the hand-written one."""
    for name, result in results.items():
        other = measured.case.must_agree_with(name)
        if other in results and result is not None:
            with measured.noting(name):
                assert_agree(result, results[other])


def spread(values: list[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile.

    Examples
    --------
    >>> spread([1.0, 2.0, 3.0])
    (1.5, 2.0, 2.5)
    """
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(low), float(middle), float(high)
