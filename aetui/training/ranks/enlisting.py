"""How a run's ranks come together: the same model, at the same step, in all of them."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed import PrefixStore  # type: ignore[attr-defined]

from aetui.config.train import TrainSection
from aetui.devices.available import Device, choose_device
from aetui.errors import EXIT_DONE, AetuiError, UsageError
from aetui.training.control import Control, Stopped
from aetui.training.ranks import environment
from aetui.training.ranks.meeting import met
from aetui.training.ranks.orders import Begin
from aetui.training.ranks.replicated import replicated
from aetui.training.ranks.roll import Failure, RankLost, Roll
from aetui.training.ranks.team import Team, is_shared_out
from aetui.training.replica import Replica
from aetui.training.training import Training

BROKEN_LINE = ("gloo", "NCCL", "Connection", "Broken pipe")
"""In messages of the libraries that connect ranks."""


@contextlib.contextmanager
def led(control: Control) -> Iterator[Team]:
    """The team that this process leads, until it ends; where torchrun started none, this process alone.

    Raises Stopped where that is requested before all are there, RankLost where it may be torchrun that does
    so, as another rank has died.
    """
    try:
        team = joined(control)
    except Stopped:
        if environment.is_by_torchrun():
            raise RankLost(Failure("it was told to stop before all of its processes were there")) from None
        raise
    try:
        with _losses_named(team):
            try:
                yield team
            except (Stopped, AetuiError) as error:
                team.dismiss(error.exit_code if isinstance(error, AetuiError) else EXIT_DONE)
                raise
            team.dismiss()
    finally:
        if team.roll:
            with contextlib.suppress(RuntimeError):
                team.roll.end()


@contextlib.contextmanager
def _losses_named(team: Team) -> Iterator[None]:
    """A line that is broken becomes the rank that is lost, where it can be found."""
    try:
        yield
    except RuntimeError as error:
        if team.roll and is_broken_line(error) and (lost := team.roll.wait_for_lost()):
            raise lost from error
        raise


def is_broken_line(error: BaseException) -> bool:
    """Whether this is what PyTorch raises where another rank cannot be reached."""
    return isinstance(error, dist.DistError) or any(sign in str(error) for sign in BROKEN_LINE)


def joined(control: Control) -> Team:
    """The team that torchrun started, once all are there; where it did not, this process alone.

    Raises Stopped where that is requested of any of them meanwhile.
    """
    if environment.ranks() == 1:
        return Team()
    store, rank, size = met(control), environment.rank(), environment.ranks()
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=size)
    return Team(rank, size, Roll(PrefixStore("aetui", store.clone()), rank, size))


def check_batches(settings: TrainSection, team: Team) -> None:
    """Raises UsageError where a rank would have no image of a batch."""
    if settings.batch_size < team.size:
        raise UsageError(
            f"train.batch_size {settings.batch_size} is less than the {team.size} processes",
            "take larger batches or fewer processes",
        )


def device_of_rank(wanted: str, team: Team) -> Device:
    """The device meant by `wanted`; of several GPUs each rank takes its own. Raises UsageError."""
    chosen = choose_device(wanted)
    kind = chosen.name.partition(":")[0]
    if team.is_alone or kind == "cpu":
        return chosen
    if kind == "mps" or wanted not in ("auto", "cuda"):
        raise UsageError(f"Several processes cannot all train on {chosen.name}", "see `aetui devices`")
    if environment.local_rank() >= torch.cuda.device_count():
        raise UsageError(
            f"{environment.local_ranks()} processes on this machine have {torch.cuda.device_count()} GPUs",
            "take as many processes as GPUs, or --device cpu",
        )
    return choose_device(f"cuda:{environment.local_rank()}")


def threads_of_rank(told: int | None, team: Team) -> int | None:
    """CPU threads: the cores of this machine are shared out among its ranks, unless told otherwise."""
    if told or team.is_alone:
        return told
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // environment.local_ranks())


def enlist(training: Training, images: dict[str, str], data_dir: Path) -> None:
    """Have the other ranks make the same model at the same step. Raises AetuiError with what one lacks.

    Raises Stopped where one of them was told so meanwhile.

    They take the data from where rank 0 has it, and not from where the run's folder may say.
    """
    state = io.BytesIO()
    torch.save(training.state(), state)
    meta = training.folder.read_meta()
    training.team.order(
        Begin(
            preset=training.preset,
            data_dir=str(data_dir.absolute()),
            device=training.device.type,
            threads=meta.threads,
            images=images,
            state=state.getvalue(),
            channels_last="layout" in training.made_on,
            bf16=training.objective.bf16,
            repeatable=torch.are_deterministic_algorithms_enabled(),
        )
    )
    for refusal in filter(None, training.team.hand_in("")):
        if training.team.roll and training.team.roll.is_asked_to_stop:
            raise Stopped
        raise AetuiError(refusal)
    train_together(training)


def train_together(replica: Replica) -> None:
    """Have the model that all ranks train; they all call it at the same time, with the same weights."""
    if is_shared_out(replica.preset.train, replica.team):
        from aetui.training.ranks.sharded import share_out  # it takes a fifth of a second to load

        share_out(replica)
    else:
        replica.parallel = replicated(replica.model, replica.device)


def restore_state(replica: Replica, state: bytes) -> None:
    """Put what rank 0 sent into a replica."""
    read = torch.load(io.BytesIO(state), map_location="cpu", weights_only=True)
    replica.model.load_state_dict(read["model"])
    if replica.averaged:
        replica.averaged.load_state_dict(read["averaged"])
    replica.optimizer.load_state_dict(read["optimizer"])
