"""Which part of a chart's x axis is looked at. Pure arithmetic."""

Part = tuple[float, float]
"""From here to there, in the units of the axis."""

LEAST = 1 / 1000
"""Of the whole axis: more curves have no points for."""


def zoomed(part: Part | None, whole: float, factor: float, at: float | None = None) -> Part | None:
    """The part that is `factor` times as long; what is `at` stays in its place, the right end unless told.

    None is all of an axis from 0 to `whole`.
    """
    low, high = part or (0.0, whole)
    span = max((high - low) * factor, whole * LEAST)
    if span >= whole or high <= low:
        return None
    at = high if at is None else min(max(at, low), high)
    found = _moved_inside(at - (at - low) / (high - low) * span, span, whole)
    return found if found[0] < found[1] else None  # of an axis of nearly nothing nothing is left


def moved(part: Part | None, whole: float, by: float) -> Part | None:
    """The part that is so many of its lengths later, or earlier, as far as the axis goes."""
    if part is None:
        return None
    low, high = part
    return _moved_inside(low + by * (high - low), high - low, whole)


def _moved_inside(low: float, span: float, whole: float) -> Part:
    low = max(0.0, min(low, whole - span))
    return low, low + span
