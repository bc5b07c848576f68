"""The log of a long run stays small enough to be kept and sent."""

from aetui.devices.machine import MachineSampled
from aetui.runs.event_lines import to_json
from aetui.runs.events import StepsTrained
from aetui.training.meter import tick_seconds
from aetui.training.supervisor import measure_seconds
from aetui.ui.run_feed import SILENT_SECONDS

WEEK = 7 * 86_400
STEPS = StepsTrained(1234, 1_234_567, 0.0312345678, 0.0312345678, 123_456, 20_123.456789, WEEK, 1e-3)
MACHINE = MachineSampled(
    50.1,
    50.75,
    10**10,
    10**11,
    10**10,
    "NVIDIA H100 80GB HBM3",
    99.0,
    10**10,
    8 * 10**10,
    60.0,
    350.5,
    700.0,
    1980,
    "power",
    10**10,
)


def bytes_of(event, spacing) -> int:
    seconds, lines = 0.0, 0
    while seconds < WEEK:
        seconds += spacing(seconds)
        lines += 1
    return lines * (len(to_json(event, 1.8e9)) + 1)


def test_that_of_a_week_is_below_60_megabytes():
    assert bytes_of(STEPS, tick_seconds) + bytes_of(MACHINE, measure_seconds) < 60e6


def test_the_first_minutes_are_told_twice_a_second():
    assert tick_seconds(0.0) == tick_seconds(1800.0) == 0.5


def test_a_run_at_work_is_never_silent_for_long():
    assert max(tick_seconds(WEEK), measure_seconds(WEEK)) < SILENT_SECONDS
