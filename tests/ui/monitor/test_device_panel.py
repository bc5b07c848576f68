"""The device panel."""

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
