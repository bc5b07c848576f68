"""The device panel."""

import math

from rich.console import Console

from aetui.devices.machine import MachineSampled
from aetui.ui.monitor.device_panel import DevicePanel


def drawn(panel: DevicePanel) -> str:
    console = Console(width=60)
    with console.capture() as capture:
        console.print(panel.render())
    return capture.get()


def test_what_is_no_longer_measured_is_said_to_be_of_the_end():
    panel = DevicePanel()
    assert "measured every two seconds" in drawn(panel)
    panel.machine = MachineSampled(50.0, 40.0, 10**9, 10**10, 10**8, gpu_name="H100", gpu_percent=99.0)
    assert "99 %" in drawn(panel)
    assert "at the end" not in drawn(panel)
    panel.live = False
    assert "as it was at the end" in drawn(panel)
    panel.machine = None
    assert "ended before" in drawn(panel)


def test_a_gpu_is_drawn_over_two_minutes_with_its_limits_and_its_neighbours():
    seconds = iter(range(0, 10_000, 5))
    panel = DevicePanel(clock=lambda: float(next(seconds)))
    for use in range(0, 105, 5):
        panel.machine = MachineSampled(
            50.0, 40.0, 10**9, 10**10, 10**8, gpu_name="H100", gpu_percent=float(use), gpu_celsius=61.0,
            gpu_memory_used_bytes=31 * 10**9, gpu_memory_total_bytes=80 * 10**9, gpu_watts=350.0,
            gpu_watts_limit=700.0, gpu_megahertz=1980.0, gpu_slowed_by="power", gpu_others_bytes=2 * 10**9,
            gpu_index=1, gpus_percent=(0.0, 100.0, None), gpus_memory_percent=(1.0, 40.0, 60.0),
        )  # fmt: skip
    lines = [" ".join(line.split()) for line in drawn(panel).splitlines()]
    assert lines[:7] == [
        "GPU ▁█ H100, 2 of 3",
        "use ▁▂▃▃▄▅▆▇▇██ 100 % 1,980 MHz, held by power",
        "memory ▄▄▄▄▄▄▄▄▄▄▄ 31.0 of 80.0 GB, others 2.00 GB",
        "power ▅▅▅▅▅▅▅▅▅▅▅ 350 W of 700 W",
        "heat ▅▅▅▅▅▅▅▅▅▅▅ 61 °C",
        "CPU ■■■■■■······ 50 %",
        "RAM ■··········· 1.00 GB of 10.0 GB, run 100 MB",
    ]


def test_what_a_gpu_does_not_tell_is_a_dash_and_no_number_breaks_it():
    panel = DevicePanel()
    panel.machine = MachineSampled(
        None, None, None, None, None, gpu_name="?", gpu_percent=math.inf, gpu_watts=1.0, gpu_watts_limit=0.0
    )
    assert drawn(panel).splitlines()[4].split() == ["heat", "–"]
