"""Learning rates as a function of the step: nothing to store, so a resumed run goes on exactly.

A step is counted from 0; its rate is the one its update uses.
"""

import math

from aetui.config.train import Schedule, TrainSection

RISING = 0.3
"""The part of a one-cycle run in which the rate rises: `pct_start` of torch's `OneCycleLR`."""
START_DIVISOR = 25.0
"""Peak over first rate: `div_factor`."""
END_DIVISOR = 1e4
"""First rate over last rate: `final_div_factor`."""


def learning_rate(settings: TrainSection, steps_an_epoch: int, step: int) -> float:
    """The rate of a step of a run with these settings."""
    return learning_rate_at(
        settings.schedule,
        step,
        settings.epochs * steps_an_epoch,
        settings.peak_learning_rate,
        round(settings.warmup_epochs * steps_an_epoch),
    )


def learning_rate_at(schedule: Schedule, step: int, steps: int, peak: float, warmup_steps: int = 0) -> float:
    """The rate of a step among `steps`; steps beyond the end have the rate at the end.

    `constant` is the peak throughout. `cosine` rises linearly from 0 over `warmup_steps` and falls to 0
    along half a cosine: `adjust_learning_rate` of facebookresearch/mae (util/lr_sched.py), min_lr 0.
    `one-cycle` is `OneCycleLR` with its defaults: Smith & Topin, "Super-Convergence" (arXiv 1708.07120);
    the momentum stays as it is, unlike there. `warmup_steps` belongs to `cosine` alone.
    """
    if schedule == "constant":
        return peak
    if schedule == "cosine":
        return _cosine(min(step, steps), steps, peak, warmup_steps)
    return _one_cycle(min(step, steps - 1), steps, peak)


def _cosine(step: int, steps: int, peak: float, warmup_steps: int) -> float:
    if step < warmup_steps:
        return peak * step / warmup_steps
    return _anneal(peak, 0.0, (step - warmup_steps) / max(1, steps - warmup_steps))


def _one_cycle(step: int, steps: int, peak: float) -> float:
    """Both bends lie one step early, as in torch: the last step, `steps` - 1, has the last rate."""
    first = peak / START_DIVISOR
    top, end = RISING * steps - 1, steps - 1
    if step <= top:
        return _anneal(first, peak, step / top)
    return _anneal(peak, first / END_DIVISOR, (step - top) / (end - top))


def _anneal(start: float, end: float, part: float) -> float:
    """Half a cosine from `start`, where `part` is 0, to `end`, where it is 1."""
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
