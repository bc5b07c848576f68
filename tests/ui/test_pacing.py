"""Frames are spaced by what they cost."""

from aetui.ui.pacing import BUDGET, LONGEST_SECONDS, SHORTEST_SECONDS, Pacer


def frames_in(seconds: float, cost: float) -> int:
    """How many are drawn while always wanted, each costing `cost` seconds of processor time."""
    clock, spent, frames = [0.0], [0.0], 0
    pacer = Pacer(lambda: clock[0], lambda: spent[0])
    for _ in range(round(seconds * 10)):
        if pacer.due():
            pacer.drawn()
            spent[0] += cost
            frames += 1
        clock[0] += 0.1
    return frames


def test_cheap_frames_come_at_the_shortest_spacing():
    assert frames_in(100, 0.001) in range(int(80 / SHORTEST_SECONDS), int(100 / SHORTEST_SECONDS) + 2)


def test_dear_frames_keep_to_the_budget():
    for cost in (0.02, 0.05, 0.08):
        assert frames_in(1000, cost) * cost <= 1000 * BUDGET * 1.1


def test_the_first_frames_are_close_together():
    assert frames_in(4, 0.05) >= 7


def test_a_frame_is_never_later_than_the_longest_spacing():
    assert frames_in(100, 10.0) >= 100 / LONGEST_SECONDS - 2
