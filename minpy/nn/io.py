"""Iterators over data, in batches: what a `Solver` trains and tests on.

An iterator gives one *epoch* of batches, then stops; another loop over it begins the next one::

    train = NDArrayIter(x_train, y_train, batch_size=64, shuffle=True)
    for epoch in range(10):
        for batch in train:
            step(batch.data[0], batch.label[0])

The order of epoch 7 depends on the seed and on the number 7 alone, and so does what `transform`
draws.  That makes it the same with `PrefetchIter`, which prepares batches in a thread, and after
`set_state`, which goes on where `get_state` was asked.
"""

from __future__ import annotations

import contextlib
import contextvars
import copy
import functools
import importlib
import queue
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.errors import kind_of

__all__ = ["DataBatch", "DataIter", "NDArrayIter", "PrefetchIter"]

LAST_BATCH = ("pad", "discard", "roll_over")
Transform = Callable[[onp.ndarray, onp.random.Generator], onp.ndarray]


class DataBatch:
    """Some samples.

    Attributes
    ----------
    data, label : list of ndarray, shapes (N, ...)
        One array for each name in the iterator's `provide_data` and `provide_label`.
    pad : int
        How many samples at the end are there only to fill the batch, and do not count.
    index : ndarray of int, shape (N,)
        Which samples they are.
    """

    def __init__(
        self, data: list[Any], label: list[Any], pad: int = 0, index: onp.ndarray | None = None
    ) -> None:
        self.data = data
        self.label = label
        self.pad = pad
        self.index = index

    def __repr__(self) -> str:
        def shapes(arrays: list[Any]) -> str:
            return ", ".join(str(tuple(x.shape)) for x in arrays)

        return f"DataBatch(data {shapes(self.data)}, label {shapes(self.label)}, pad {self.pad})"


class DataIter:
    """What iterators have in common; a subclass says how to make the `next` batch.

    Attributes
    ----------
    batch_size : int
    provide_data, provide_label : list of (str, tuple of int)
        Names and shapes of the arrays in a batch.
    """

    batch_size: int
    provide_data: list[tuple[str, tuple[int, ...]]]
    provide_label: list[tuple[str, tuple[int, ...]]]
    _ended = False

    def __iter__(self) -> Iterator[DataBatch]:
        if self._ended:
            self.reset()
        return self

    def __next__(self) -> DataBatch:
        try:
            return self.next()
        except StopIteration:
            self._ended = True
            raise

    def next(self) -> DataBatch:
        """Return the next batch; raise StopIteration at the end of the epoch."""
        raise NotImplementedError(f"{type(self).__name__} has to say how its next batch is made")

    def reset(self) -> None:
        """Begin the next epoch."""
        self._ended = False

    def getnumiterations(self) -> int:
        """Return how many batches an epoch has."""
        raise NotImplementedError(f"{type(self).__name__} does not know how long an epoch is")

    def get_state(self) -> dict[str, Any]:
        """Return where the iterator is, in numbers, lists and strings: for a checkpoint."""
        raise NotImplementedError(f"{type(self).__name__} cannot say where it is")

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on where `get_state` was asked."""
        raise NotImplementedError(f"{type(self).__name__} cannot be put somewhere")


def check_dataiter(name: str, dataiter: Any) -> None:
    """Raise TypeError for an argument that is no iterator over batches."""
    if not hasattr(dataiter, "reset") or not hasattr(dataiter, "__iter__"):
        raise TypeError(
            f"{name} must be an iterator over batches, such as "
            f"minpy.nn.io.NDArrayIter(x, y, batch_size=64), but is {kind_of(dataiter)}"
        )


def state_of(dataiter: Any) -> dict[str, Any] | None:
    """Return where an iterator is; None for one that cannot say, such as a stream."""
    if not hasattr(dataiter, "get_state"):  # it is somebody else's
        return None
    try:
        return dataiter.get_state()
    except NotImplementedError:
        return None


@contextlib.contextmanager
def keep_position(dataiter: Any) -> Iterator[None]:
    """Begin an epoch for a ``with`` block; afterwards the iterator is where it was.

    One that cannot say where that is begins another epoch.
    """
    state = state_of(dataiter)
    dataiter.reset()
    try:
        yield
    finally:
        if state is None:
            dataiter.reset()
        else:
            dataiter.set_state(state)


class NDArrayIter(DataIter):
    """Batches of arrays in memory.

    Parameters
    ----------
    data : ndarray, list of ndarray, or dict of ndarray, shapes (N, ...)
        What a network gets.
    label : the same, optional
        What it should say.
    batch_size : int
    shuffle : bool
        Whether each epoch has an order of its own.
    last_batch_handle : {'pad', 'discard', 'roll_over'}
        What becomes of the samples that do not fill a batch: it is filled with samples from the
        beginning of the epoch (`DataBatch.pad` says how many), they are left out, or they come
        first in the next epoch.
    seed : int, optional
        Of the order and of `transform`; drawn from `minpy.numpy.random` by default.
    transform : callable, or dict of callable, optional
        ``transform(images, rng)`` returns what is given in their place, such as
        `minpy.nn.augment.flip` does; for several arrays, a dict from names to functions.

    Raises
    ------
    ValueError
        If the arrays do not have the same number of samples, or make no batch.

    Examples
    --------
    >>> import numpy
    >>> batches = NDArrayIter(numpy.zeros((5, 3)), numpy.arange(5), batch_size=2)
    >>> [(batch.label[0].tolist(), batch.pad) for batch in batches]
    [([0, 1], 0), ([2, 3], 0), ([4, 0], 1)]
    """

    def __init__(
        self,
        data: Any,
        label: Any = None,
        batch_size: int = 1,
        shuffle: bool = False,
        last_batch_handle: str = "pad",
        *,
        seed: int | None = None,
        transform: Transform | Mapping[str, Transform] | None = None,
    ) -> None:
        self._data = _named(data, "data")
        self._label = {} if label is None else _named(label, "softmax_label", "label")
        self.num_data = _samples({**self._data, **self._label})
        if last_batch_handle not in LAST_BATCH:
            raise ValueError(
                f"last_batch_handle is one of {', '.join(map(repr, LAST_BATCH))}, "
                f"but was given {last_batch_handle!r}"
            )
        if type(batch_size) is str or batch_size < 1 or batch_size != int(batch_size):
            raise ValueError(f"batch_size is a whole number from 1, but was given {batch_size!r}")
        if last_batch_handle == "discard" and batch_size > self.num_data:
            raise ValueError(
                f"{self.num_data} samples do not fill one batch of {batch_size}, and with "
                "last_batch_handle='discard' none would be given; use smaller batches or 'pad'"
            )
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.last_batch_handle = last_batch_handle
        self.seed = int(np.random.randint(2**31 - 1)) if seed is None else seed
        self._transforms = _transforms(transform, self._data)
        self.provide_data = [(k, (self.batch_size, *x.shape[1:])) for k, x in self._data.items()]
        self.provide_label = [(k, (self.batch_size, *x.shape[1:])) for k, x in self._label.items()]
        self._carried = onp.empty(0, onp.intp)
        self._begin(0, self._carried)

    def _begin(self, epoch: int, carried: onp.ndarray) -> None:
        self._epoch = epoch
        self._came_first = carried
        order = onp.arange(self.num_data)
        if self.shuffle:
            onp.random.default_rng([self.seed, epoch]).shuffle(order)
        self._order = onp.concatenate([carried, order])
        self._batch = 0
        self._carried = onp.empty(0, onp.intp)
        self._ended = False

    def __deepcopy__(self, memo: dict[int, Any]) -> NDArrayIter:
        """Return an iterator that begins where this one is, over the same arrays."""
        for x in (*self._data.values(), *self._label.values()):
            memo[id(x)] = x  # nobody writes to them
        other = object.__new__(type(self))
        other.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return other

    def reset(self) -> None:
        """Begin the next epoch; one that has given no batch yet stays as it is."""
        if self._batch > 0 or self._ended:
            self._begin(self._epoch + 1, self._carried)

    def next(self) -> DataBatch:
        """Return the next batch; raise StopIteration at the end of the epoch."""
        start = self._batch * self.batch_size
        index = self._order[start : start + self.batch_size]
        pad = self.batch_size - len(index)
        if len(index) == 0 or (pad and self.last_batch_handle != "pad"):
            if self.last_batch_handle == "roll_over":
                self._carried = index
            self._ended = True
            raise StopIteration
        if pad:
            index = onp.concatenate([index, onp.resize(self._order, pad)])
        rng = onp.random.default_rng([self.seed, self._epoch, self._batch + 1])
        self._batch += 1
        data = []
        for name, x in self._data.items():
            chosen = x[index]
            if name in self._transforms:
                chosen = self._transforms[name](chosen, rng)
            data.append(np.asarray(chosen))
        label = [np.asarray(x[index]) for x in self._label.values()]
        return DataBatch(data, label, pad, index)

    def getnumiterations(self) -> int:
        """Return how many batches this epoch has."""
        full, left = divmod(len(self._order), self.batch_size)
        return full + (left > 0 and self.last_batch_handle == "pad")

    def getsubiter(self, num_samples: int) -> NDArrayIter:
        """Return an iterator over some of the samples, for a quick look at the accuracy.

        Parameters
        ----------
        num_samples : int
            How many; they are drawn without replacement, anew in each epoch.
        """
        if num_samples >= self.num_data:
            chosen = onp.arange(self.num_data)
        else:
            rng = onp.random.default_rng([self.seed, self._epoch, 0])
            chosen = onp.sort(rng.choice(self.num_data, num_samples, replace=False))
        return NDArrayIter(
            {name: x[chosen] for name, x in self._data.items()},
            {name: x[chosen] for name, x in self._label.items()} or None,
            batch_size=min(self.batch_size, len(chosen)),
            seed=self.seed,
        )

    def get_state(self) -> dict[str, Any]:
        """Return where the iterator is, in numbers, lists and strings: for a checkpoint."""
        return {
            "seed": self.seed,
            "epoch": self._epoch,
            "batch": self._batch,
            "ended": self._ended,
            "came_first": self._came_first.tolist(),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on where `get_state` was asked, on the same data."""
        self.seed = state["seed"]
        self._begin(state["epoch"], onp.asarray(state["came_first"], onp.intp))
        self._batch = state["batch"]
        self._ended = state["ended"]
        if self._ended and self.last_batch_handle == "roll_over":
            self._carried = self._order[self._batch * self.batch_size :]


def _named(arrays: Any, *names: str) -> dict[str, onp.ndarray]:
    """Return arrays by name: as given in a dict, or called `names[0]`, with numbers if several."""
    if isinstance(arrays, Mapping):
        found = dict(arrays)
    elif isinstance(arrays, list | tuple) and any(hasattr(x, "shape") for x in arrays):
        found = {f"_{i}_{names[0]}": x for i, x in enumerate(arrays)}
        if len(arrays) == 1:
            found = {names[0]: arrays[0]}
    else:
        found = {names[0]: arrays}
    if not found:
        raise ValueError(f"{names[-1]} holds no array; give one, a list of some, or a dict of some")
    # an iterator gives batches to any device: it keeps its arrays as NumPy's
    return {
        name: x.asnumpy() if hasattr(x, "asnumpy") else onp.asarray(x) for name, x in found.items()
    }


def _samples(arrays: dict[str, onp.ndarray]) -> int:
    """Return the number of samples that all arrays have."""
    for name, x in arrays.items():
        if x.ndim == 0:
            raise ValueError(f"{name} is a single value, not an array with a sample in each row")
    lengths = {name: len(x) for name, x in arrays.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"all arrays must have the same number of samples, but {listed}")
    (length,) = set(lengths.values())
    if length == 0:
        raise ValueError(f"there are no samples in {', '.join(arrays)}")
    return length


def _transforms(transform: Any, data: dict[str, onp.ndarray]) -> dict[str, Transform]:
    """Return the transforms by the name of the array that each is for."""
    if transform is None:
        return {}
    if not isinstance(transform, Mapping):
        if len(data) > 1:
            raise ValueError(
                f"data has several arrays ({', '.join(data)}): say which one to transform, with a "
                "dict from its name to the function"
            )
        return {name: transform for name in data}
    for name in transform:
        if name not in data:
            raise ValueError(f"there is no {name!r} to transform; data has {', '.join(data)}")
    return dict(transform)


# ----- in a thread


class PrefetchIter(DataIter):
    """Prepare the batches of another iterator in a thread, while the network computes.

    What it gives is the same as without it.  The thread ends with the epoch, with `reset`, with
    `close`, and when nobody holds the iterator any more; what it raises is raised by `next`.

    Parameters
    ----------
    source : DataIter, or another iterable of batches that has `reset`
        Not to be used by others meanwhile.
    depth : int
        How many batches to prepare ahead.

    Examples
    --------
    >>> import numpy
    >>> batches = PrefetchIter(NDArrayIter(numpy.arange(6), batch_size=4))
    >>> [batch.data[0].tolist() for batch in batches]
    [[0, 1, 2, 3], [4, 5, 0, 1]]
    """

    def __init__(self, source: Any, depth: int = 2) -> None:
        check_dataiter("source", source)
        if depth < 1:
            raise ValueError(f"depth is the number of batches to prepare, from 1, but is {depth}")
        self.source = source
        self.depth = depth
        self._worker: _Worker | None = None
        self._state = state_of(source)

    num_data = property(lambda self: self.source.num_data)
    batch_size = property(lambda self: self.source.batch_size)  # type: ignore[assignment]
    provide_data = property(lambda self: self.source.provide_data)  # type: ignore[assignment]
    provide_label = property(lambda self: self.source.provide_label)  # type: ignore[assignment]

    def next(self) -> DataBatch:
        """Return the next batch; raise StopIteration at the end of the epoch."""
        if self._ended:
            raise StopIteration
        if self._worker is None:
            self._worker = _Worker(self.source, self.depth)
            self._stop = weakref.finalize(self, self._worker.stop)
        batch, error, self._state = self._worker.get()
        if error is None:
            return batch
        self.close()
        self._ended = True
        raise error

    def reset(self) -> None:
        """Begin the next epoch."""
        before = self._state
        self.close()
        if before is not None:  # the source is ahead of what was given
            self.source.set_state(before)
        self.source.reset()
        self._state = state_of(self.source)
        self._ended = False

    def close(self) -> None:
        """End the thread; the next batch starts one anew."""
        if self._worker is not None:
            self._stop()
            self._worker = None
            if self._state is not None:
                self.source.set_state(self._state)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy is made of: not the thread, which ends."""
        self.close()
        return {name: value for name, value in vars(self).items() if name != "_stop"}

    def getnumiterations(self) -> int:
        """Return how many batches this epoch has."""
        return self.source.getnumiterations()

    def getsubiter(self, num_samples: int) -> DataIter:
        """Return an iterator over some of the samples, without a thread; itself if none can be."""
        if not hasattr(self.source, "getsubiter"):
            return self
        self.close()
        return self.source.getsubiter(num_samples)

    def get_state(self) -> dict[str, Any]:
        """Return the state of the source after the last batch that was given."""
        if self._state is None:
            raise NotImplementedError(f"{type(self.source).__name__} cannot say where it is")
        return self._state

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on where `get_state` was asked."""
        self.close()
        self.source.set_state(state)
        self._state = dict(state)
        self._ended = bool(state.get("ended", False))


class _Worker:
    """A thread that puts the batches of one epoch into a queue; it knows no `PrefetchIter`."""

    def __init__(self, source: Any, depth: int) -> None:
        self.source = source
        self.queue: queue.Queue[tuple] = queue.Queue(depth)
        self.stopped = threading.Event()
        # the thread makes arrays under the policy and on the device of who asks for them
        context = contextvars.copy_context()
        self.thread = threading.Thread(
            target=context.run, args=(self.run,), name="minpy prefetch", daemon=True
        )
        self.thread.start()

    def run(self) -> None:
        batches: Iterator[DataBatch] | None = None
        error: BaseException | None = None
        while error is None and not self.stopped.is_set():
            batch, state = None, None
            try:
                batches = iter(self.source) if batches is None else batches
                batch = next(batches)
            except BaseException as raised:  # handed to who asks for the batch
                error = raised
            try:
                state = state_of(self.source)
            except BaseException as raised:  # so is this: without an answer, that waits forever
                error = error or raised
            self._put((batch, error, state))

    def _put(self, item: tuple) -> None:
        while not self.stopped.is_set():
            try:
                return self.queue.put(item, timeout=0.1)
            except queue.Full:
                continue

    def get(self) -> tuple:
        return self.queue.get()

    def stop(self) -> None:
        """End the thread, and wait until it has."""
        self.stopped.set()
        if self.thread is not threading.current_thread():
            self.thread.join()


# ----- MXNet's


class _MXNetIter(DataIter):
    """An iterator of MXNet, whose batches are made of minpy's arrays."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make  # is told the number of the epoch
        self._epoch = 0
        self._filled = False  # whether the last batch was, with samples of the next epoch
        self.theirs = theirs = make(0)
        self.batch_size = theirs.batch_size
        self.provide_data = [(d.name, tuple(d.shape)) for d in theirs.provide_data]
        self.provide_label = [(d.name, tuple(d.shape)) for d in theirs.provide_label]

    def next(self) -> DataBatch:
        """Return the next batch; raise StopIteration at the end of the epoch."""
        batch = self.theirs.next()
        self._filled = bool(batch.pad)
        data, label = (
            [np.array(x.asnumpy()) for x in part or []] for part in (batch.data, batch.label)
        )
        return DataBatch(data, label, batch.pad or 0, batch.index)

    def reset(self) -> None:
        """Begin the next epoch."""
        super().reset()
        self._epoch += 1
        if self._filled:  # MXNet would go on behind the samples that filled the last batch
            self.theirs = self._make(self._epoch)
        else:
            self.theirs.reset()
        self._filled = False


def _of_mxnet(make: Callable, *args: Any, **kwargs: Any) -> _MXNetIter:
    """Return an iterator of MXNet each of whose epochs begins at the first sample."""
    options = make.__doc__ or ""
    # otherwise some of MXNet's iterators fill the last batch with memory that nobody has set, and
    # do not say how much of it
    if "round_batch" in options:
        kwargs.setdefault("round_batch", True)
    seed = kwargs.get("seed", 0)

    def make_for(epoch: int) -> Any:
        if epoch and kwargs.get("shuffle") and "seed :" in options:  # another order
            return make(*args, **{**kwargs, "seed": seed + epoch})
        return make(*args, **kwargs)

    return _MXNetIter(make_for)


def __getattr__(name: str) -> Any:
    """Return one of MXNet's iterators, such as ``CSVIter``; this imports MXNet."""
    if name.endswith("Iter"):
        try:
            mxnet = importlib.import_module("minpy.backends.mxnet.loading").load()
        except ImportError as error:
            raise AttributeError(
                f"module 'minpy.nn.io' has no {name}: it would be MXNet's, and {error}"
            ) from error
        theirs: Sequence[str] = [n for n in dir(mxnet.io) if n.endswith("Iter")]
        if name in theirs:
            make = getattr(mxnet.io, name)
            return functools.partial(_of_mxnet, make)
        raise AttributeError(
            f"module 'minpy.nn.io' has no {name}; of MXNet's there are {', '.join(theirs)}"
        )
    raise AttributeError(f"module 'minpy.nn.io' has no attribute {name!r}")
