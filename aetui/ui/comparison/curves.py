"""The curves of compared runs: those whose losses are of the same."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter
from statistics import mean
from typing import Literal

from aetui.runs.comparing import SEED
from aetui.runs.events import EpochFinished
from aetui.runs.history import History
from aetui.text import safe_text
from aetui.ui.charts.chart import HUES, OfRun, Role
from aetui.ui.charts.losses import Losses, Sample
from aetui.ui.charts.samples import levels_of, of_epochs, of_steps
from aetui.ui.comparison.lineup import Member

Shown = Literal["test", "train"]
LONGEST_NAME = 12
"""Characters beside a curve's letter."""


def curves_of(groups: Sequence[Sequence[Member]], chosen: Member, shown: Shown) -> Losses:
    """The test or train losses of those runs that measure what the chosen one does.

    A group, whose runs differ in their seeds alone, is one curve: their mean, between lowest and highest.
    """
    drawn = [group for group in groups if group[0].compared.measure == chosen.compared.measure]
    started = chosen.feed.history.started
    begun = [member.feed.history.started for group in drawn for member in group]
    what = chosen.feed.history.tested_on if shown == "test" else "train"
    curves: dict[Role | OfRun, Sequence[Sample]] = {}
    for group in drawn:
        role = _name(group, groups, chosen)
        if len(group) == 1:
            curves[role] = _samples(group[0].feed.history, shown)
        else:
            curves |= _spread(role, [member.feed.history for member in group], shown)
    return Losses(
        curves,
        f"{what} loss, {safe_text(started.loss)}" if started else "",
        max((one.epochs for one in begun if one), default=None),
        levels=tuple(levels_of(chosen.feed.history)),
    )


def comparable(members: Sequence[Member], chosen: Member) -> list[Member]:
    """The runs that measure what the chosen one does."""
    measure = chosen.compared.measure
    return [member for member in members if member.compared.measure == measure]


def _samples(history: History, shown: Shown) -> list[Sample]:
    if shown == "test":
        return of_epochs(history, lambda epoch: epoch.test_loss)
    return of_steps(history, lambda steps: steps.train_loss)


def _spread(role: OfRun, histories: Sequence[History], shown: Shown) -> dict[Role | OfRun, Sequence[Sample]]:
    """Mean, lowest and highest after every epoch that all of them have finished."""
    value: Callable[[EpochFinished], float | None] = attrgetter(f"{shown}_loss")
    by_epoch = [{sample.epoch: sample for sample in of_epochs(one, value)} for one in histories]
    common = sorted(set.intersection(*(set(samples) for samples in by_epoch)))
    bounds: dict[Role | OfRun, Callable[[Sequence[float]], float]] = {
        replace(role, edge="lowest", name="", chosen=False): min,
        replace(role, edge="highest", name="", chosen=False): max,
        role: mean,
    }
    return {
        each: [_folded([samples[epoch] for samples in by_epoch], fold) for epoch in common]
        for each, fold in bounds.items()
    }


def _folded(samples: Sequence[Sample], fold: Callable[[Sequence[float]], float]) -> Sample:
    losses = [sample.loss for sample in samples if sample.loss is not None and math.isfinite(sample.loss)]
    seconds = mean(sample.seconds for sample in samples)
    return samples[0]._replace(seconds=seconds, loss=fold(losses) if len(losses) == len(samples) else None)


def _name(group: Sequence[Member], groups: Sequence[Sequence[Member]], chosen: Member) -> OfRun:
    """What its runs differ in from the others, where that is short."""
    alone = len(group) == 1
    settings = group[0].compared.settings
    words = safe_text(" ".join(value for key, value in settings.items() if alone or key != SEED))
    name = words if len(words) <= LONGEST_NAME else ""
    return OfRun(group[0].letter, hue_of(groups, group), name, chosen in group)


def hue_of(groups: Sequence[Sequence[Member]], group: Sequence[Member]) -> int:
    """Which of the colours its curve has."""
    return groups.index(group) % HUES
