"""An operation without a deterministic algorithm on the GPU is told, and trains; the refusal is played."""

import contextlib
from dataclasses import replace

import pytest
import torch

from aetui.config.reading import read_preset
from aetui.training import repeatability
from aetui.training.control import Control
from aetui.training.failures import failure_of
from aetui.training.preparing import prepare
from aetui.training.repeatability import check_repeatable

REFUSAL = (
    "adaptive_avg_pool2d_backward_cuda does not have a deterministic implementation, but you set "
    "'torch.use_deterministic_algorithms(True)'. You can turn off determinism just for this operation."
)


@pytest.fixture
def training(make_run, tmp_path):
    """On a CPU, said to be a GPU where that is asked."""

    def make(*changes):
        folder = make_run("train.batch_size=16", *changes)
        prepared = prepare(folder, read_preset(folder.config), tmp_path, Control(), lambda event: None)
        return replace(prepared, device=torch.device("cuda"))

    torch.use_deterministic_algorithms(True)
    yield make
    torch.use_deterministic_algorithms(False)


def played(monkeypatch, message):
    def take_step(*given):
        raise RuntimeError(message)

    monkeypatch.setattr(repeatability, "trial_of", contextlib.nullcontext)
    monkeypatch.setattr(repeatability, "take_step", take_step)


def test_it_is_named_and_the_rest_goes_on(training, monkeypatch):
    events = []
    played(monkeypatch, REFUSAL)
    check_repeatable(training(), events.append)
    (warning,) = events
    assert warning.message.startswith("adaptive_avg_pool2d_backward_cuda is not repeatable on a GPU")
    assert not torch.are_deterministic_algorithms_enabled()


def test_another_failure_is_not_hidden(training, monkeypatch):
    played(monkeypatch, "CUDA error: out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        check_repeatable(training(), lambda event: None)


def test_a_model_that_is_repeatable_stays_so(training):
    made = training()
    check_repeatable(replace(made, device=torch.device("cpu")), pytest.fail)
    assert torch.are_deterministic_algorithms_enabled()


def test_nothing_is_tried_where_nobody_wants_it(training, monkeypatch):
    played(monkeypatch, REFUSAL)
    check_repeatable(training("train.repeatable=false"), pytest.fail)


def test_a_run_that_fails_by_it_is_told_how_to_go_on(make_run):
    folder = make_run()
    assert failure_of(RuntimeError(REFUSAL), folder)[2] == (
        "adaptive_avg_pool2d_backward_cuda is not repeatable on a GPU; "
        f"`aetui resume {folder.called} --set train.repeatable=false`"
    )
