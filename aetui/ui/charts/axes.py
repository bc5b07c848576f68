"""Axes: ranges, ticks and their labels, and numbers and durations as people read them. Pure arithmetic."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count, pairwise

CLIP_RATIO = 3.0
"""A linear axis that cuts outliers off is this many times as long as the body of the values spans."""
EARLY_RATIO = 1.5
"""It is at most this many times as long for the sake of losses at the beginning."""
LOG_DIGITS = (range(1, 10), (1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
"""Which numbers of a decade have ticks: the most that there is room for."""
FEW_EPOCHS = 20
"""Up to so many planned epochs are all shown from the start."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_TIME_STEPS = (1, 2, 5, 10, 15, 30, *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)))
_TIME_STEPS += tuple(_HOUR * n for n in (1, 2, 3, 6, 12))


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values with its ticks; `labels[i]` names `ticks[i]`. A log axis has `low > 0`."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool = False

    def dot(self, value: float, dots: int) -> int:
        """The dot of `dots` that shows `value`, 0 at `low`; below 0 or from `dots` on where out of range."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return math.floor((value - low) / (high - low) * (dots - 1) + 0.5)


def duration(seconds: float) -> str:
    """The two largest units that are not zero: `30 s`, `1 m 12 s`, `2 m`, `1 h 30 m`, `2 d 3 h`."""
    if not 0 <= seconds < math.inf:
        return "–"
    if 0 < seconds < 0.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    sizes = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m"), (1, "s"))
    first = next((i for i, (size, _) in enumerate(sizes) if whole >= size), 3)
    parts = []
    for size, unit in sizes[first : first + 2]:
        parts.append((whole // size, unit))
        whole %= size
    return " ".join(f"{n} {unit}" for n, unit in parts if n or (unit == "s" and len(parts) == 1))


def linear_axis(low: float, high: float, rows: int) -> Axis:
    """An axis of `rows` text rows over `low <= high` with 1-2-5 ticks, at least 2, equally many rows apart.

    It grows outwards to a quarter of a step, or until a step is whole rows: new values seldom move it.
    """
    low, high = _widened(low, high)
    most = min(max(6, rows // 4), max(2, rows))
    fitting = [
        (axis, step)
        for step in _steps_down(high - low)
        if high - low < most * step
        for axis in _unlabelled(low, high, step, rows)
        if 2 <= len(axis.ticks) <= most and _is_even(axis, rows)
    ]
    axis, step = min(fitting, key=lambda each: _cost(each[0], rows))
    return replace(axis, labels=_fixed_labels(axis.ticks, step))


def _unlabelled(low: float, high: float, step: float, rows: int) -> Iterator[Axis]:
    """Axes over `low` to `high` that end at quarters of `step`, or where `step` is whole rows."""
    quarter = step / 4
    top = math.ceil(high / quarter - 1e-9) * quarter
    for fraction in (quarter, step):
        bottom = math.floor(low / fraction + 1e-9) * fraction
        rows_a_step = math.floor(step * (4 * rows - 1) / (4 * (top - bottom)) + 1e-9)
        whole = bottom + step * (4 * rows - 1) / (4 * max(1, rows_a_step))
        for end in (*(top + n * quarter for n in range(4)), whole):
            if end >= top:
                yield Axis(bottom, end, _multiples(bottom, end, step), ())


def _cost(axis: Axis, rows: int) -> float:
    """The axis's length: the shorter, the larger the curves. A tick too few is worth half as much again."""
    missing = max(0, 3 + rows // 20 - len(axis.ticks))
    return (axis.high - axis.low) * (1 + 0.5 * missing)


def _is_even(axis: Axis, rows: int) -> bool:
    """Whether the ticks of a linear axis stand equally many text rows apart."""
    at = [axis.dot(tick, 4 * rows) // 4 for tick in axis.ticks]
    return len({after - before for before, after in pairwise(at)}) == 1


def log_axis(low: float, high: float, rows: int) -> Axis:
    """A logarithmic axis over `0 < low <= high`: ticks at as many of 1 to 9 x 10^n as have two rows each.

    Over many decades they are at 10^n. A range too narrow for three of them has linear ticks on the
    logarithmic scale, never fewer than two.
    """
    bottom = math.floor(math.log10(low) * 20) / 20
    top = math.ceil(math.log10(high) * 20) / 20
    if top - bottom < 0.1:
        bottom, top = bottom - 0.05, top + 0.05
    low, high = 10**bottom, 10**top
    most = max(2, rows // 2)
    exponents = range(math.floor(bottom), math.ceil(top) + 1)
    for digits in LOG_DIGITS:
        ticks = tuple(t for n in exponents for m in digits if low <= (t := m * 10.0**n) <= high)
        closest = min((math.log10(after / before) for before, after in pairwise(ticks)), default=0)
        if len(ticks) >= 3 and closest / (top - bottom) * rows >= 2:
            return Axis(low, high, ticks, tuple(_plain(t) for t in ticks), log=True)
    if len(ticks) >= 2:  # of whole decades
        shown = _thinned(ticks, most)
        return Axis(low, high, shown, tuple(_plain(t) for t in shown), log=True)
    step = next(s for s in _steps_down(high - low) if len(_multiples(low, high, s)) >= 3)
    shown = _thinned(_multiples(low, high, step), most)
    return Axis(low, high, shown, _fixed_labels(shown, step), log=True)


def epoch_axis(end: float, planned: float | None, columns: int) -> Axis:
    """An axis of whole epochs from 0, `columns` wide: all that are planned where they are few.

    Otherwise it ends at a round number, from 5 on at most a third beyond the data, or at the plan's end.
    """
    high = float(next(_from(end, _epoch_ends())))
    if planned is not None and planned >= end:
        high = planned if planned <= FEW_EPOCHS else min(high, planned)
    return _axis_from_zero(max(1.0, high), columns, _whole_steps(), _plain)


def step_axis(end: float, columns: int) -> Axis:
    """An axis of optimizer steps from 0 to `end`, `columns` wide, with whole ticks."""
    return _axis_from_zero(max(1.0, end), columns, _whole_steps(), _plain)


def time_axis(end: float, columns: int) -> Axis:
    """An axis of seconds from 0 to `end`, ticks as people say them: `30 s`, `2 m`, `1 h 30 m`."""
    return _axis_from_zero(max(1.0, end), columns, _time_steps(), duration)


def part_axis(low: float, high: float, columns: int, *, of_time: bool = False, whole: bool = False) -> Axis:
    """An axis over a part of the others, `columns` wide: of seconds, of whole numbers, or of any."""
    steps, name = (_time_steps(), duration) if of_time else (_whole_steps(0 if whole else -6), _plain)
    span = high - low
    for step in _from(span / max(columns, 1), steps):
        ticks = _multiples(low, high, step)
        labels = tuple(map(name, ticks))
        if len(ticks) < 2 or _fits(labels, step / span * columns):
            return Axis(low, high, ticks, labels)
    raise AssertionError(f"no step from {low} to {high}")


def _axis_from_zero(high: float, columns: int, steps: Iterator[float], name: Callable[[float], str]) -> Axis:
    for step in _from(high / max(columns, 1), steps):
        ticks = _multiples(0, high, step)
        labels = ("0", *map(name, ticks[1:]))
        if len(ticks) < 2 or _fits(labels, step / high * columns):
            return Axis(0, high, ticks, labels)
    raise AssertionError(f"no step for {high}")


def top_of_plot(points: list[tuple[float, float]], settled: float) -> float:
    """Where a linear axis over losses (x, loss), evenly spread over x, ends: at the largest from `settled`.

    It holds earlier losses too where they leave two thirds of the height to the others, and the untrained
    model's, at x = 0, where it is not more than twice the others.
    """
    trained = [loss for x, loss in points if x > 0]
    if not trained:
        return max(loss for _, loss in points)
    top = top_of_body([loss for x, loss in points if x >= settled and x > 0] or trained)
    low = min(trained)
    if max(trained) <= low + EARLY_RATIO * (top - low):
        top = max(trained)
    return max([top, *(loss for x, loss in points if x <= 0 and loss <= 2 * top)])


def top_of_body(values: list[float]) -> float:
    """The largest of `values`, unless a tenth of them or less would press the others below a third of it:
    a spike, the last steps of a run that diverges.
    """
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    body = ordered[math.ceil(0.9 * len(ordered)) - 1]
    top = low + CLIP_RATIO * (body - low)
    return top if low < top < low + (high - low) / 1.5 else high


def _scientific(value: float, decimals: int) -> str:
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _thousands(size: float) -> tuple[float, str]:
    scales = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
    return next(((scale, suffix) for scale, suffix in scales if size >= scale), (1.0, ""))


def _plain(value: float) -> str:
    """The shortest label of a round number."""
    if value == 0:
        return "0"
    if not 1e-4 <= value < 1e12:
        return _scientific(value, 0)
    scale, suffix = _thousands(value)
    return f"{value / scale:.10f}".rstrip("0").rstrip(".") + suffix


def _fixed_labels(ticks: tuple[float, ...], step: float) -> tuple[str, ...]:
    """Labels with one number of decimals, enough to tell `step`; thousands as k."""
    size = max(abs(t) for t in ticks)
    if size >= 1e12 or step < 1e-6:
        decimals = max(0, math.floor(math.log10(size)) - math.floor(math.log10(step) + 1e-9)) if size else 0
        return tuple("0" if t == 0 else _scientific(t, decimals) for t in ticks)
    scale, suffix = _thousands(size)
    decimals = max(0, -math.floor(math.log10(step / scale) + 1e-9))
    return tuple("0" if t == 0 and suffix else f"{t / scale:.{decimals}f}{suffix}" for t in ticks)


def _fits(labels: tuple[str, ...], columns_a_step: float) -> bool:
    return max(len(label) for label in labels) + 4 <= columns_a_step


def _widened(low: float, high: float) -> tuple[float, float]:
    """A range that is not empty: a single value is seen against 0."""
    if high - low > max(1e-30, 1e-5 * max(abs(low), abs(high))):
        return low, high
    low, high = min(0.0, low), max(0.0, high)
    return (low, high) if high - low > 1e-30 else (0.0, 1.0)


def _multiples(low: float, high: float, step: float) -> tuple[float, ...]:
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return tuple(i * step for i in range(first, last + 1))


def _thinned(ticks: tuple[float, ...], most: int) -> tuple[float, ...]:
    return ticks[:: math.ceil(len(ticks) / most)]


def _steps_down(span: float) -> Iterator[float]:
    """1-2-5 steps, the first one larger than `span`."""
    top = math.floor(math.log10(span)) + 1
    return (m * 10.0**n for n in range(top, top - 4, -1) for m in (5, 2, 1))


def _from(smallest: float, steps: Iterator[float]) -> Iterator[float]:
    return (step for step in steps if step >= smallest)


def _whole_steps(first: int = 0) -> Iterator[float]:
    """1-2-5 steps from 10^first on: whole ones from 0 on."""
    return (m * 10**n for n in count(first) for m in (1, 2, 5))


def _epoch_ends() -> Iterator[int]:
    yield from (1, 2, 5, 6, 8)
    for n in count():
        yield from (m * 10**n for m in (10, 12, 15, 20, 25, 30, 40, 50, 60, 80))


def _time_steps() -> Iterator[float]:
    yield from _TIME_STEPS
    for step in _whole_steps():
        yield _DAY * step
