"""Zooming and panning stay on the axis."""

from hypothesis import given
from hypothesis import strategies as st

from aetui.ui.charts.part import LEAST, moved, zoomed

WHOLE = 10.0


def test_what_is_pointed_at_stays_where_it_is() -> None:
    assert zoomed(None, WHOLE, 0.5) == (5.0, 10.0)
    assert zoomed(None, WHOLE, 0.5, 2.0) == (1.0, 6.0)
    assert zoomed((1.0, 6.0), WHOLE, 0.5, 2.0) == (1.5, 4.0)
    assert zoomed((1.5, 4.0), WHOLE, 2.0, 2.0) == (1.0, 6.0)
    assert zoomed((1.0, 6.0), WHOLE, 2.0, 2.0) is None
    assert zoomed(None, WHOLE, 0.5, -3.0) == (0.0, 5.0)


def test_a_part_goes_as_far_as_the_axis() -> None:
    assert moved((4.0, 6.0), WHOLE, 0.5) == (5.0, 7.0)
    assert moved((4.0, 6.0), WHOLE, 9.0) == (8.0, 10.0)
    assert moved((4.0, 6.0), WHOLE, -9.0) == (0.0, 2.0)
    assert moved(None, WHOLE, 1.0) is None


@given(
    st.floats(0, 1e12),
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.5, 2.0, -0.25, 0.25]), st.none() | st.floats(-1, 1e12))
    ),
)
def test_any_keys_show_some_of_it(whole, deeds) -> None:
    part = None
    for zooms, number, at in deeds:
        part = zoomed(part, whole, abs(number), at) if zooms else moved(part, whole, number)
        if part is not None:
            low, high = part
            assert 0 <= low < high <= whole * (1 + 1e-9)
            assert high - low >= whole * LEAST * 0.999


def test_an_axis_of_nothing_has_no_parts() -> None:
    assert zoomed(None, 0.0, 0.5) is None
