"""The ranks behind the first: they do what it orders, and know neither the run's folder nor its commands."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from aetui.errors import EXIT_FAILURE, AetuiError
from aetui.training.assembling import assembled, image_sums
from aetui.training.control import Control, Stopped
from aetui.training.data import load_data
from aetui.training.evaluation import Share
from aetui.training.meter import LossSums
from aetui.training.probe import FeatureShare
from aetui.training.ranks import environment
from aetui.training.ranks.enlisting import device_of_rank, restore_state, threads_of_rank, train_together
from aetui.training.ranks.orders import (
    Begin,
    Change,
    End,
    FeatureBatches,
    GiveState,
    HandIn,
    Order,
    PutTogether,
    Steps,
    TestBatches,
    TestSet,
)
from aetui.training.ranks.replicated import note_times
from aetui.training.ranks.team import Team
from aetui.training.replica import Replica
from aetui.training.steering import change
from aetui.training.steps import take_step
from aetui.training.torch_settings import (
    compile_parts,
    configure_torch,
    numbers_of_a_pixel_together,
    settle_algorithms,
)


def follow(team: Team, control: Control) -> int:
    """Do what rank 0 orders until there is no more to do; returns the code with which that will exit."""
    begin = team.next_order()
    if not isinstance(begin, Begin):
        return _code_of(begin)
    try:
        follower = Follower(_replica(begin, team, control))
    except (Stopped, AetuiError) as error:
        if isinstance(error, Stopped) and team.roll:
            team.roll.ask_to_stop()
        why = error.sentence if isinstance(error, AetuiError) else "told to stop"
        team.hand_in(f"{environment.name()}: {why}")
        return _code_of(team.next_order())  # the end: who leaves before it counts as lost
    team.hand_in("")
    follower.begin()
    while not isinstance(order := team.next_order(), End):
        control.beats += 1
        follower.obey(order)
    return order.code


def _code_of(end: Order) -> int:
    return end.code if isinstance(end, End) else EXIT_FAILURE


class Follower:
    """One rank, and where it stands in what it was ordered."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._batches: Iterator[tuple[Tensor, Tensor | None]] = iter(())
        self._sums = LossSums(replica.device)
        self._share: Share | FeatureShare | None = None

    def begin(self) -> None:
        """Train together with the others from now on; they all come here at the same time."""
        train_together(self._replica)

    def obey(self, order: object) -> None:
        match order:
            case Steps():
                self._train(order)
            case Change(change=told):
                change(self._replica, told)
            case TestBatches(of=name, first=first):
                self._test(name, first)
            case FeatureBatches():
                self._compute_features(order)
            case PutTogether() | GiveState():
                self._give(order)
            case HandIn():
                assert self._share, "something was tested"
                self._replica.team.hand_in(self._share.found)
                self._share = None

    def _train(self, order: Steps) -> None:
        replica, progress = self._replica, self._replica.progress
        if (progress.epoch, progress.batch) != (order.epoch, order.batch) or not order.batch:
            progress.epoch, progress.batch = order.epoch, order.batch
            self._batches = replica.batches()
        progress.step = order.step
        replica.model.train()
        for _ in range(order.count):
            part = replica.part(progress.batch)
            losses = take_step(replica, *next(self._batches), part)
            progress.step += 1
            progress.batch += 1
            self._sums.add(losses, part.of)
        replica.team.add_up(self._sums.values)
        note_times(replica.team, replica.parallel)
        self._sums.values.zero_()

    def _give(self, order: PutTogether | GiveState) -> None:
        from aetui.training.ranks.sharded import put_together, whole_state

        give = put_together if isinstance(order, PutTogether) else whole_state
        give(self._replica)

    def _test(self, name: TestSet, first: int) -> None:
        replica = self._replica
        images = replica.test if name == "test" else replica.uncropped
        assert images is not None
        if not isinstance(self._share, Share):
            self._share = Share(replica.judged, images, replica.objective)
        self._share.test(first + replica.team.rank)

    def _compute_features(self, order: FeatureBatches) -> None:
        replica = self._replica
        images = replica.train if order.of == "train" else replica.test
        if not isinstance(self._share, FeatureShare):
            model = replica.judged.eval()
            self._share = FeatureShare(model, images, replica.device, order.most)
        self._share.compute(order.first + replica.team.rank)


def _replica(order: Begin, team: Team, control: Control) -> Replica:
    """The same as rank 0 has, on this rank's device. Raises AetuiError."""
    team.device = device_of_rank(order.device, team)
    device = torch.device(team.device.name)
    configure_torch(device, threads_of_rank(order.threads, team))
    data = load_data(order.preset, Path(order.data_dir), control, lambda event: None)
    if image_sums(data) != order.images:
        raise AetuiError(f"the images in {order.data_dir} are others than those of rank 0")
    settle_algorithms(device, lambda event: None, repeatable=order.repeatable)
    replica = Replica(**assembled(order.preset, data, device, team, begun=True, bf16=order.bf16))
    if not order.channels_last:
        for model in filter(None, (replica.model, replica.averaged)):
            numbers_of_a_pixel_together(model, wanted=False)
    restore_state(replica, order.state)
    if order.preset.train.compile:
        compile_parts(replica.model)
    return replica
