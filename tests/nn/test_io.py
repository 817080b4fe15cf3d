"""Iterators: every sample once an epoch, an order for each epoch, threads that end."""

import gc
import importlib.util
import itertools
import json
import threading
import time

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import io
from minpy.nn.io import DataIter, NDArrayIter, PrefetchIter
from minpy.nn.model_builder import Model
from minpy.nn.modules import FullyConnected
from minpy.nn.solver import Solver


def numbers(n=10, **options):
    """An iterator over the numbers below n, each its own label."""
    return NDArrayIter(onp.arange(n), onp.arange(n), **{"batch_size": 4, **options})


def given(batches, padding=True):
    """What an epoch gives, as a list of lists."""
    return [
        b.label[0].asnumpy().tolist()[: None if padding else len(b.label[0]) - b.pad]
        for b in batches
    ]


def samples(batches):
    """What an epoch gives, in one list without the padding."""
    return list(itertools.chain.from_iterable(given(batches, padding=False)))


def prefetchers():
    return [thread.name for thread in threading.enumerate() if thread.name == "minpy prefetch"]


@pytest.fixture(params=["plain", "prefetch"])
def made(request):
    """Make an iterator, with a thread of its own or without."""
    if request.param == "plain":
        return numbers
    return lambda *args, **options: PrefetchIter(numbers(*args, **options))


# ----- epochs


def test_the_last_batch_is_filled_left_out_or_comes_next(made):
    assert given(made()) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1]]
    assert [b.pad for b in made()] == [0, 0, 2]
    assert given(made(last_batch_handle="discard")) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    rolling = made(last_batch_handle="roll_over")
    assert given(rolling) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert given(rolling) == [[8, 9, 0, 1], [2, 3, 4, 5], [6, 7, 8, 9]]
    assert given(rolling) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_what_comes_next_is_not_lost_when_the_order_is_shuffled(made):
    rolling = made(last_batch_handle="roll_over", shuffle=True, seed=3)
    seen = onp.concatenate([onp.ravel(given(rolling)) for _ in range(4)])
    assert len(seen) == 40
    assert set(onp.bincount(seen)) == {4}


@pytest.mark.parametrize("size", [1, 3, 5, 10, 17])
def test_every_sample_counts_once_an_epoch(made, size):
    for batches in (made(batch_size=size), made(batch_size=size, shuffle=True)):
        for _ in range(2):
            assert sorted(samples(batches)) == list(range(10))
        assert batches.getnumiterations() == -(-10 // size)


@pytest.mark.parametrize("how", io.LAST_BATCH)
def test_the_number_of_batches_is_told(how):
    batches = numbers(last_batch_handle=how)
    for _ in range(3):
        told = batches.getnumiterations()
        assert told == len(list(batches))
        batches.reset()


def test_each_epoch_has_an_order_of_its_own(made):
    batches = made(50, shuffle=True, seed=1)
    epochs = [given(batches) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert epochs == [given(again) for again in [made(50, shuffle=True, seed=1)] * 3]
    assert given(made(50, shuffle=True, seed=2)) != epochs[0]


def test_the_order_follows_the_global_seed():
    def first():
        np.random.seed(5)
        return given(numbers(50, shuffle=True))

    assert first() == first()
    assert first() != given(numbers(50, shuffle=True))


def test_next_stops_until_reset_and_a_loop_begins_anew(made):
    batches = made()
    assert len(list(batches)) == 3
    for _ in range(2):
        with pytest.raises(StopIteration):
            batches.next()
    batches.reset()
    assert batches.next().index.tolist() == [0, 1, 2, 3]
    batches = made()
    assert len(list(batches)) == len(list(batches)) == 3


def test_a_reset_before_the_first_batch_changes_nothing(made):
    once, thrice = made(shuffle=True, seed=0), made(shuffle=True, seed=0)
    for _ in range(3):
        thrice.reset()
    assert given(once) == given(thrice)


def test_a_reset_in_the_middle_begins_the_next_epoch(made):
    whole, broken = made(shuffle=True, seed=0), made(shuffle=True, seed=0)
    list(whole)
    broken.next()
    broken.reset()
    assert given(broken) == given(whole)


# ----- what is given


def test_batches_are_arrays_of_minpy_and_copies():
    x = onp.arange(12.0).reshape(4, 3)
    (batch,) = NDArrayIter(x, batch_size=4)
    assert isinstance(batch.data[0], np.ndarray)
    assert batch.data[0].dtype == onp.float64 and batch.label == []
    batch.data[0][:] = 0
    assert x.sum() == 66


def test_several_arrays_by_name():
    data = {"image": onp.zeros((4, 2, 2)), "question": onp.ones((4, 5))}
    batches = NDArrayIter(data, onp.arange(4), batch_size=2)
    assert batches.provide_data == [("image", (2, 2, 2)), ("question", (2, 5))]
    assert batches.provide_label == [("softmax_label", (2,))]
    first = next(batches)
    assert [x.shape for x in first.data] == [(2, 2, 2), (2, 5)]
    in_a_list = NDArrayIter([onp.zeros((4, 2)), onp.ones((4, 5))], batch_size=2)
    assert [name for name, _ in in_a_list.provide_data] == ["_0_data", "_1_data"]
    assert "data (2, 2, 2), (2, 5), label (2,), pad 0" in repr(first)


def test_arrays_are_made_where_the_loop_is(made):
    pytest.importorskip("torch", reason="needs PyTorch")
    with minpy.use_policy("prefer_torch"):
        batch = next(made())
    assert "torch" in str(batch.data[0]._backend)


def test_a_part_for_a_quick_look():
    batches = numbers(100, batch_size=8, shuffle=True, seed=0)
    part = batches.getsubiter(20)
    seen = samples(part)
    assert len(set(seen)) == 20 and seen == samples(batches.getsubiter(20))
    list(batches)
    batches.reset()
    assert samples(batches.getsubiter(20)) != seen
    assert samples(batches.getsubiter(1000)) == list(range(100))


# ----- state


@pytest.mark.parametrize("how", io.LAST_BATCH)
@pytest.mark.parametrize("steps", range(9))
def test_it_goes_on_where_its_state_was_asked(made, how, steps):
    def walk(batches, steps):
        out = []
        for _ in range(steps):
            try:
                out.append(batches.next().index.tolist())
            except StopIteration:
                batches.reset()
        return out

    options = {"shuffle": True, "last_batch_handle": how}
    batches = made(seed=4, **options)
    walk(batches, steps)
    state = batches.get_state()
    other = made(seed=9, **options)
    walk(other, 2)
    other.set_state(state)
    assert walk(other, 12) == walk(batches, 12)


def test_a_state_is_made_of_what_json_has(made):
    batches = made(last_batch_handle="roll_over", shuffle=True)
    list(batches)
    next(iter(batches))
    assert json.loads(json.dumps(batches.get_state())) == batches.get_state()


# ----- transforms


def test_a_transform_draws_the_same_whatever_came_before(made):
    def noise(x, rng):
        return x + rng.random(len(x))

    def draws(batches):
        return [batch.data[0].asnumpy().tolist() for batch in batches]

    first = made(transform=noise, seed=0)
    epoch, next_epoch = draws(first), draws(first)
    again = made(transform=noise, seed=0)
    again.next()
    again.reset()
    assert draws(again) == next_epoch != epoch


def test_a_transform_names_its_array():
    data = {"a": onp.zeros(4), "b": onp.zeros(4)}
    batches = NDArrayIter(data, transform={"b": lambda x, rng: x + 1}, batch_size=4)
    assert [x.tolist() for x in next(batches).data] == [[0] * 4, [1] * 4]
    with pytest.raises(ValueError, match="several arrays"):
        NDArrayIter(data, transform=lambda x, rng: x)
    with pytest.raises(ValueError, match="no 'c' to transform"):
        NDArrayIter(data, transform={"c": abs})


# ----- wrong arguments


@pytest.mark.parametrize(
    "arguments, options, message",
    [
        ((onp.zeros(3), onp.zeros(4)), {}, "data has 3, softmax_label has 4"),
        ((onp.zeros(0),), {}, "no samples"),
        (([],), {}, "no samples"),
        (({},), {}, "holds no array"),
        ((onp.float64(3),), {}, "single value"),
        ((onp.zeros(3),), {"batch_size": 0}, "batch_size"),
        ((onp.zeros(3),), {"batch_size": 1.5}, "batch_size"),
        ((onp.zeros(3),), {"last_batch_handle": "keep"}, "'roll_over'"),
        ((onp.zeros(3),), {"last_batch_handle": "discard", "batch_size": 4}, "do not fill"),
    ],
)
def test_what_makes_no_batches_is_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        NDArrayIter(*arguments, **options)


def test_a_prefetcher_prepares_at_least_one_batch():
    with pytest.raises(ValueError, match="number of batches"):
        PrefetchIter(numbers(), depth=0)


# ----- threads


def waits_until(condition):
    for _ in range(100):
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_batches_are_prepared_ahead_but_not_far():
    made = []

    def note(x, rng):
        made.append(len(made))
        return x

    batches = PrefetchIter(numbers(100, transform=note), depth=2)
    batches.next()
    assert waits_until(lambda: len(made) == 4)  # given, two in the queue, one waits for a place
    time.sleep(0.05)
    assert len(made) == 4
    batches.close()


@pytest.mark.parametrize("end", ["exhaust", "close", "reset", "delete"])
def test_the_thread_ends_with_its_iterator(end):
    gc.collect()  # those of solvers that other tests stopped
    assert waits_until(lambda: not prefetchers())
    batches = PrefetchIter(numbers(1000))
    batches.next()
    assert prefetchers()
    if end == "exhaust":
        list(batches)
    elif end == "delete":
        del batches
        gc.collect()
    else:
        getattr(batches, end)()
    assert waits_until(lambda: not prefetchers())


def test_after_close_it_goes_on():
    batches = PrefetchIter(numbers(1000))
    first = [batches.next().index[0] for _ in range(3)]
    batches.close()
    assert [*first, batches.next().index[0]] == [0, 4, 8, 12]
    batches.close()


def test_what_the_thread_raises_is_raised_where_the_batch_is_asked():
    def fail(x, rng):
        if x[0] == 4:
            raise KeyError("the second batch")
        return x

    batches = PrefetchIter(numbers(transform=fail))
    batches.next()
    with pytest.raises(KeyError, match="second batch"):
        batches.next()
    assert not prefetchers()


def test_a_stream_without_a_state_can_be_prefetched():
    class Stream(DataIter):
        count = 0

        def next(self):
            self.count += 1
            if self.count > 3:
                raise StopIteration
            return self.count

        def reset(self):
            super().reset()
            self.count = 0

    batches = PrefetchIter(Stream())
    assert list(batches) == list(batches) == [1, 2, 3]
    with pytest.raises(NotImplementedError, match="Stream cannot say"):
        batches.get_state()


@pytest.mark.parametrize("error", [ValueError, AttributeError])
def test_an_error_in_the_state_of_a_source_is_raised_too(error):
    class Broken(NDArrayIter):
        asked = 0

        def get_state(self):
            self.asked += 1
            if self.asked > 2:
                raise error("no state")
            return super().get_state()

    batches = PrefetchIter(Broken(onp.arange(8), batch_size=2))
    batches.next()
    with pytest.raises(error, match="no state"):
        batches.next()
    assert waits_until(lambda: not prefetchers())


class Plain:
    """An iterable of batches that somebody else wrote: no state, no `__next__`."""

    def __init__(self):
        self.resets = 0

    def __iter__(self):
        for i in range(3):
            yield io.DataBatch([np.full((2, 1), float(i))], [np.array([0, 1])])

    def reset(self):
        self.resets += 1


def test_what_a_solver_takes_can_be_prefetched(tmp_path):
    losses = []
    for data in (Plain(), PrefetchIter(Plain())):
        np.random.seed(0)
        net = Model(FullyConnected(2), loss="softmax_loss")
        solver = Solver(net, data, verbose=False, num_epochs=2)
        solver.train()
        solver.save_checkpoint(tmp_path / "c.npz")
        losses.append(solver.loss_history)
    assert losses[0] == losses[1] and len(losses[0]) == 6


def test_an_iterable_that_ends_wrongly_ends_the_thread():
    class Broken(Plain):
        def __iter__(self):
            raise OSError("no data")

    with pytest.raises(OSError, match="no data"):
        PrefetchIter(Broken()).next()


@pytest.mark.parametrize("source", [[1, 2], None, onp.arange(3)])
def test_what_is_no_iterator_over_batches_cannot_be_prefetched(source):
    with pytest.raises(TypeError, match="source must be an iterator over batches"):
        PrefetchIter(source)


# ----- MXNet's


def test_iterators_of_mxnet_are_here(tmp_path):
    if importlib.util.find_spec("mxnet") is None:
        pytest.skip("needs MXNet")
    (tmp_path / "data.csv").write_text("1,2\n3,4\n5,6\n")
    batches = io.CSVIter(data_csv=str(tmp_path / "data.csv"), data_shape=(2,), batch_size=2)
    for _ in range(3):
        epoch = [(batch.data[0].asnumpy().tolist(), batch.pad) for batch in batches]
        assert [pad for _, pad in epoch] == [0, 1]
        assert epoch[0][0] == [[1, 2], [3, 4]]
        assert epoch[1][0][0] == [5, 6]
    assert batches.provide_data == [("data", (2, 2))]
    with pytest.raises(AttributeError, match="CSVIter"):
        io.NoSuchIter  # noqa: B018


def test_a_name_that_is_no_iterator_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        io.nothing  # noqa: B018


@pytest.mark.parametrize(
    "kind", ["CSVIter", "LibSVMIter", "ImageRecordIter", "ImageRecordUInt8Iter"]
)
def test_no_sample_of_mxnets_iterators_is_lost_doubled_or_made_up(tmp_path, kind):
    pytest.importorskip("mxnet", reason="needs MXNet")
    file = str(tmp_path / "data")
    if kind == "CSVIter":
        onp.savetxt(file, 10 * onp.arange(1, 8))
        options = {"data_csv": file, "data_shape": (1,)}
    elif kind == "LibSVMIter":
        lines = [f"{i} 0:{10 * i}" for i in range(1, 8)]
        (tmp_path / "data").write_text("\n".join([*lines, ""]))
        options = {"data_libsvm": file, "data_shape": (1,)}
    else:
        _write_images(file)
        options = {"path_imgrec": file, "data_shape": (3, 8, 8), "preprocess_threads": 1}
    batches = getattr(io, kind)(batch_size=3, **options)
    for _ in range(3):
        found = []
        for batch in batches:
            values = batch.data[0].asnumpy().reshape(3, -1)[:, 0].tolist()
            found += values[: 3 - batch.pad]
            assert set(values) <= {10, 20, 30, 40, 50, 60, 70}
        assert found == [10, 20, 30, 40, 50, 60, 70]


def _write_images(file):
    """Write a record of 7 images, each of one grey: 10, 20, ..., 70."""
    from io import BytesIO

    import mxnet as mx
    from PIL import Image

    record = mx.recordio.MXRecordIO(file, "w")
    for i in range(1, 8):
        picture = BytesIO()
        Image.fromarray(onp.full((8, 8, 3), 10 * i, "uint8")).save(picture, "PNG")
        header = mx.recordio.IRHeader(0, float(i), i, 0)
        record.write(mx.recordio.pack(header, picture.getvalue()))
    record.close()
