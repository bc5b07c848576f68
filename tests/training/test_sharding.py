"""A rank's share of a model; `test_ranks.py` has several ranks."""

import pytest
import torch
from one_rank import line_to_itself, replica, train
from small_vit import SMALL_VIT
from torch.distributed.tensor import DTensor

from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.training.ranks.sharded import put_together, share_out, whole_state


@pytest.fixture
def line():
    with line_to_itself("gloo"):
        yield


def equal(one: object, other: object) -> None:
    """Two states, of the same tensors and plain numbers."""
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_a_share_learns_what_the_whole_does(line):
    """Taken out in the middle, with its moments and its running mean."""
    plain, shared = replica("cpu", *SMALL_VIT), replica("cpu", *SMALL_VIT)
    train(plain, 2)
    train(shared, 2)
    share_out(shared)
    assert train(shared, 3) == pytest.approx(train(plain, 3), rel=1e-6)
    weights = [*shared.model.parameters(), *shared.averaged.parameters()]
    moments = [state["exp_avg"] for state in shared.optimizer.state.values()]
    assert all(isinstance(tensor, DTensor) for tensor in [*weights, *moments])
    put_together(shared)
    equal(shared.judged.state_dict(), plain.judged.state_dict())
    state = whole_state(shared)
    equal(state["model"], plain.model.state_dict())
    equal(state["averaged"], plain.averaged.state_dict())
    equal(state["optimizer"]["state"], plain.optimizer.state_dict()["state"])


def test_weights_of_another_step_are_not_judged(line):
    shared = replica("cpu", *SMALL_VIT)
    share_out(shared)
    assert shared.judged is shared.whole
    train(shared, 1)
    with pytest.raises(AssertionError, match="not put together"):
        assert shared.judged


def test_blocks_computed_twice_keep_less_and_give_the_same_gradients():
    def trained(*changes: str) -> tuple[int, list[float]]:
        made, kept = replica("cpu", *SMALL_VIT, "model.vit.depth=4", *changes), []

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            kept.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            losses = train(made, 1)
        return sum(kept), [*losses, *train(made, 3)]

    kept, losses = trained()
    kept_again, losses_again = trained("train.activation_checkpointing=true")
    assert losses_again == losses
    assert kept_again < kept / 2


@pytest.mark.parametrize(
    ("preset", "changes", "reason"),
    [
        ("digits-mlp", ["train.shard=true"], "train.shard: only a vision transformer"),
        ("shapes-conv-mae", ["train.activation_checkpointing=true"], "only a vision transformer"),
        (
            "shapes-vit-mae",
            ["train.activation_checkpointing=true", "train.capture=true"],
            "train.capture: activation_checkpointing cannot be captured",
        ),
    ],
)
def test_what_cannot_be_is_said(preset, changes, reason):
    with pytest.raises(PresetError, match=reason):
        read_preset(find_preset(preset), changes)
