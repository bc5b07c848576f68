"""The curves of compared runs: those whose losses are of the same."""

from collections.abc import Sequence
from typing import Literal

from aetui.runs.history import History
from aetui.text import safe_text
from aetui.ui.charts.chart import HUES, OfRun
from aetui.ui.charts.losses import Losses, Sample
from aetui.ui.charts.samples import levels_of, of_epochs, of_steps
from aetui.ui.comparison.lineup import Member

Shown = Literal["test", "train"]
LONGEST_NAME = 12
"""Characters beside a curve's letter."""


def curves_of(members: Sequence[Member], chosen: Member, shown: Shown) -> Losses:
    """The test or train losses of those runs that measure what the chosen one does."""
    drawn = comparable(members, chosen)
    started = chosen.feed.history.started
    planned = [member.feed.history.started.epochs for member in drawn if member.feed.history.started]
    what = chosen.feed.history.tested_on if shown == "test" else "train"
    return Losses(
        {_name(member, members, chosen): _samples(member.feed.history, shown) for member in drawn},
        f"{what} loss, {safe_text(started.loss)}" if started else "",
        max(planned, default=None),
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


def _name(member: Member, members: Sequence[Member], chosen: Member) -> OfRun:
    """What the run differs in, where that is short."""
    words = safe_text(" ".join(member.compared.settings.values()))
    name = words if len(words) <= LONGEST_NAME else ""
    return OfRun(member.letter, members.index(member) % HUES, name, member is chosen)
