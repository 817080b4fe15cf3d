"""Schedules of the learning rate."""

import math

import pytest

from minpy.nn import schedules


def values(schedule, steps):
    return [schedule(step) for step in range(steps)]


def test_constant():
    assert values(schedules.constant(), 3) == [1, 1, 1]


def test_step_decay_as_in_torch(torch):
    check_against_torch(torch, schedules.step_decay(3, 0.5), "StepLR", step_size=3, gamma=0.5)


def test_exponential_as_in_torch(torch):
    check_against_torch(torch, schedules.exponential(1, 0.9), "ExponentialLR", gamma=0.9)


def test_cosine_as_in_torch(torch):
    schedule = schedules.cosine(20, least=0.1)
    check_against_torch(torch, schedule, "CosineAnnealingLR", T_max=20, eta_min=0.1)


def test_warmup_as_in_torch(torch):
    schedule = schedules.warmup(5)
    check_against_torch(torch, schedule, "LinearLR", start_factor=0.2, total_iters=4)


def check_against_torch(torch, schedule, name, **options):
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = getattr(torch.optim.lr_scheduler, name)(optimiser, **options)
    for step in range(20):
        assert schedule(step) == pytest.approx(theirs.get_last_lr()[0]), f"at step {step}"
        optimiser.step()
        theirs.step()


def test_exponential_is_a_smooth_step_decay():
    smooth, steps = schedules.exponential(4, 0.3), schedules.step_decay(4, 0.3)
    assert [smooth(4 * i) for i in range(5)] == pytest.approx([steps(4 * i) for i in range(5)])
    assert smooth(2) == pytest.approx(math.sqrt(0.3))


def test_cosine_stays_at_its_end():
    schedule = schedules.cosine(10, least=0.2)
    assert schedule(0) == 1
    assert schedule(5) == pytest.approx(0.6)
    assert schedule(10) == schedule(11) == schedule(10**6) == pytest.approx(0.2)


def test_warmup_then_another():
    schedule = schedules.warmup(4, schedules.cosine(10))
    assert values(schedule, 4) == [0.25, 0.5, 0.75, 1]
    assert [schedule(4 + i) for i in range(11)] == values(schedules.cosine(10), 11)


def test_product():
    schedule = schedules.product(schedules.warmup(2), schedules.step_decay(3))
    assert values(schedule, 4) == pytest.approx([0.5, 1, 1, 0.1])


@pytest.mark.parametrize("make", ["step_decay", "exponential", "cosine", "warmup"])
@pytest.mark.parametrize("length", [0, -3])
def test_a_wrong_length_is_explained(make, length):
    with pytest.raises(ValueError, match=rf"{make}: \w+ must be positive, but is {length}"):
        getattr(schedules, make)(length)
