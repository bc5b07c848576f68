"""Learning rates are those of torch's OneCycleLR and of facebookresearch/mae, at every step."""

import math

import pytest
import torch

from aetui.config.schedule import learning_rate_at

torch.set_num_threads(1)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 10, 100, 1001])
def test_one_cycle_is_that_of_torch(steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=steps, cycle_momentum=False)
    for step in range(steps):
        expected = optimizer.param_groups[0]["lr"]
        assert learning_rate_at("one-cycle", step, steps, 0.02) == pytest.approx(
            expected, rel=1e-9, abs=1e-15
        )
        optimizer.step()
        if step + 1 < steps:
            scheduler.step()


@pytest.mark.parametrize(("epochs", "warmup_epochs", "batches"), [(1, 0, 5), (4, 1, 7), (10, 3, 100)])
def test_cosine_is_that_of_mae(epochs, warmup_epochs, batches):
    """Its formula counts in fractions of an epoch: data_iter_step / len(data_loader) + epoch."""
    steps, warmup_steps = epochs * batches, warmup_epochs * batches
    for step in range(steps):
        epoch = step / batches
        if epoch < warmup_epochs:
            expected = 3e-4 * epoch / warmup_epochs
        else:
            angle = math.pi * (epoch - warmup_epochs) / (epochs - warmup_epochs)
            expected = 3e-4 * 0.5 * (1.0 + math.cos(angle))
        rate = learning_rate_at("cosine", step, steps, 3e-4, warmup_steps)
        assert rate == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_constant_is_the_peak():
    assert {learning_rate_at("constant", step, 10, 0.1) for step in (0, 5, 9, 50)} == {0.1}


def test_the_peak_comes_where_it_should():
    assert learning_rate_at("cosine", 5, 20, 1.0, warmup_steps=5) == 1.0
    assert learning_rate_at("one-cycle", 29, 100, 1.0) == pytest.approx(1.0)


def test_steps_beyond_the_end_have_the_rate_at_the_end():
    assert learning_rate_at("cosine", 100, 100, 1.0, 10) == pytest.approx(0)
    assert learning_rate_at("cosine", 1000, 100, 1.0, 10) == learning_rate_at("cosine", 100, 100, 1.0, 10)
    assert learning_rate_at("one-cycle", 1000, 100, 1.0) == learning_rate_at("one-cycle", 99, 100, 1.0)


def test_a_warm_up_as_long_as_the_run_only_rises():
    rates = [learning_rate_at("cosine", step, 10, 1.0, warmup_steps=10) for step in range(12)]
    assert rates == sorted(rates)
    assert rates[-1] == 1.0
