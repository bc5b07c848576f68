"""What is done with points before they are drawn."""

import pytest

from aetui.ui.charts.chart import smooth, thinned


def test_smoothing_is_debiased_and_skips_gaps() -> None:
    smoothed = smooth([(0, 1.0), (1, None), (2, 3.0)], 0.5)
    assert smoothed == [(0, 1.0), (1, None), (2, pytest.approx((0.5 * 0.5 + 0.5 * 3.0) / 0.75))]
    assert [y for _, y in smooth([(x, 0.3) for x in range(9)], 0.9)] == pytest.approx([0.3] * 9)


def test_thinning_keeps_spikes_gaps_and_the_order() -> None:
    points: list[tuple[float, float | None]] = [(float(x), 1.0 + x / 1e4) for x in range(1000)]
    points[503] = (503.0, 9.0)
    points[998] = (998.0, 5.0)
    points[700:800] = [(float(x), None) for x in range(700, 800)]
    kept = thinned(points, 60 / 1000, log_scale=False)
    assert len(kept) <= 121
    assert kept[-1] == points[-1]
    assert (503.0, 9.0) in kept
    assert None in [y for _, y in kept]
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)
