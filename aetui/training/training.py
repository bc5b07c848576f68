"""Everything a run trains with, in memory and on disk."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from aetui.config.fields import value_of
from aetui.config.kept import differences
from aetui.config.notes import STEERABLE
from aetui.config.preset import Steer
from aetui.errors import AetuiError
from aetui.runs.checkpoint_index import Entry
from aetui.runs.events import EpochFinished, TestedOn
from aetui.runs.folder import RunFolder
from aetui.shapes.sizes import quote
from aetui.training.checkpoint_file import Checkpoint, RandomStates
from aetui.training.checkpoints import CheckpointStore
from aetui.training.model_kinds import Model, make_model
from aetui.training.optimizer import checked_state
from aetui.training.ranks.orders import GiveState, PutTogether
from aetui.training.replica import Replica

TOLD = (*STEERABLE, "train.base_learning_rate")
MOST_SAID = 300
"""Characters of what PyTorch says about a checkpoint that does not fit."""


@dataclass(kw_only=True)
class Training(Replica):
    """A run in memory, and its folder: of rank 0, which may be the only one."""

    folder: RunFolder
    checkpoints: CheckpointStore
    gpu_uuid: str | None
    settings: dict[str, str]
    """What the run keeps from its first step to its last."""
    made_on: dict[str, str]
    """What a resumed run must agree on to equal a straight one bit for bit."""
    to_come: list[Steer]
    """Those of the changes that are not made yet, in their order."""
    most_threads: int
    """CPU threads that PyTorch would take by itself."""
    places: torch.Tensor | None = None
    """The rank of every test image by its error at the newest test; a resumed run knows none."""
    places_before: torch.Tensor | None = None
    """The same at the test before."""

    @property
    def spins(self) -> bool:
        """Whether several CPU threads compute, which wait for each other in busy loops."""
        return self.device.type == "cpu" and torch.get_num_threads() > 1

    def use_threads(self, threads: int) -> None:
        """Compute with so many CPU threads from now on, also when the run is taken up again."""
        torch.set_num_threads(threads)
        self.made_on = self.made_on | {"threads": str(threads)}
        self.folder.change_meta(threads=threads)

    @property
    def parameters(self) -> int:
        """Numbers that are learned, and those that a model holds still."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def put_together(self) -> None:
        """Have whole weights for what is judged at this step, where each rank has a share of them."""
        if self.whole and self.whole_at != self.progress.step:
            from aetui.training.ranks.sharded import put_together

            self.team.order(PutTogether())
            put_together(self)

    def save(self, epoch: EpochFinished | None) -> Entry:
        """Write a checkpoint of this moment, which may be the end of an epoch. Raises OSError."""
        state = self._whole_state() if self.whole else self.state()
        checkpoint = Checkpoint(
            model=state["averaged"] or state["model"],
            trained=state["model"] if self.averaged else None,
            optimizer=state["optimizer"],
            random=_random_states(self.device),
            progress=self.progress,
            made_on=self.made_on,
            settings=self.settings,
            told={key: value_of(self.preset, key) for key in TOLD},
            test_loss=epoch.test_loss if epoch else None,
            score=epoch.score if epoch else None,
        )
        return self.checkpoints.save(checkpoint)

    def _whole_state(self) -> dict[str, Any]:
        """The same of weights that the ranks have shares of."""
        from aetui.training.ranks.sharded import whole_state

        self.team.order(GiveState())
        return whole_state(self)

    @property
    def tested_on(self) -> TestedOn:
        return "test" if self.last_test is None else "validation"

    @property
    def is_flat(self) -> bool:
        """Whether the best epoch is longer ago than the preset has patience."""
        patience, best = self.preset.train.patience, self.checkpoints.best
        return bool(patience) and best is not None and self.progress.epoch - best.epoch >= patience

    def best(self) -> tuple[Entry, Model] | None:
        """The best checkpoint and a model of its own with its weights; None where it cannot be read."""
        entry = self.checkpoints.best
        if entry is None:
            return None
        with torch.random.fork_rng(
            [self.device] if self.device.type == "cuda" else []
        ):  # it draws first weights
            model = make_model(self.preset, len(self.classes), begun=True).to(self.device)
        try:
            restore_weights(model, self.checkpoints.load(entry).model, self.folder)
        except (ValueError, AetuiError):
            return None
        return entry, model

    def first(self) -> tuple[Entry, Model] | None:
        """The same of a run that trains no epoch."""
        newest = self.checkpoints.newest
        return (newest, self.judged) if newest else None

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to the moment of a checkpoint; every step takes its learning rate from the preset.

        Raises AetuiError for a checkpoint of another model, or made by other settings.
        """
        if changed := differences(checkpoint.settings, self.settings):
            raise AetuiError(
                f"{self.folder.called} cannot go on with what it was not begun with: {', '.join(changed)}",
                "put that back; another run starts with `aetui train`",
            )
        if checkpoint.progress.batch > self.steps_per_epoch:
            raise AetuiError(f"The checkpoint's epoch has more than {self.steps_per_epoch:,} batches")
        restore_weights(self.model, checkpoint.trained or checkpoint.model, self.folder)
        if self.averaged:
            restore_weights(self.averaged, checkpoint.model, self.folder)
        with _refused_where_it_does_not_fit(self.folder):
            self.optimizer.load_state_dict(checked_state(self.optimizer, checkpoint.optimizer))
        self.progress = checkpoint.progress
        try:
            torch.set_rng_state(checkpoint.random.cpu)
            if checkpoint.random.cuda and self.device.type == "cuda":
                torch.cuda.set_rng_state(checkpoint.random.cuda[0], self.device)
        except (RuntimeError, TypeError) as error:
            raise AetuiError(f"The checkpoint's random state is damaged: {error}") from None


def restore_weights(model: torch.nn.Module, state: dict[str, Any], folder: RunFolder) -> None:
    """Put the state of a checkpoint into a model. Raises AetuiError where it does not fit."""
    with _refused_where_it_does_not_fit(folder):
        for name, own in model.state_dict().items():
            if name in state and state[name].dtype != own.dtype:  # which would be cast without a word
                raise TypeError(f"{quote(name)} is {state[name].dtype}, not {own.dtype}")
        model.load_state_dict({**state})  # without its metadata, which could ask for other than a copy


@contextlib.contextmanager
def _refused_where_it_does_not_fit(folder: RunFolder) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        difference = (str(error).splitlines() or [""])[-1].strip()[:MOST_SAID]
        raise AetuiError(f"The checkpoint is not of the model in {folder.config}: {difference}") from None


def _random_states(device: torch.device) -> RandomStates:
    cuda = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return RandomStates(cpu=torch.get_rng_state(), cuda=cuda)
