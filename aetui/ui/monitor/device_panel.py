"""What the machine that trains is doing."""

from rich.table import Table
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from aetui.devices.machine import MachineSampled
from aetui.text import format_bytes, safe_text

BAR_WIDTH = 12
UNSEEN = "measured every two seconds while a run trains"
UNKNOWN = "the run ended before it was measured"


class DevicePanel(Widget):
    """GPU and processor: use, memory, power, temperature; – where unknown."""

    BORDER_TITLE = "device"

    machine: reactive[MachineSampled | None] = reactive(None)
    """The newest look at the machine."""
    device_name = reactive("")
    """What the run computes on."""
    live = reactive(True)
    """Whether the run is at work, so that a newer look will come."""

    def render(self) -> Table | Text:
        machine = self.machine
        if machine is None:
            return Text(UNSEEN if self.live else UNKNOWN, "dim italic")
        grid = Table.grid(padding=(0, 1))
        for _ in range(3):
            grid.add_column(no_wrap=True)
        if machine.gpu_memory_total_bytes or machine.gpu_name:
            _add_gpu(grid, machine, self.device_name)
        else:
            grid.add_row("runs on", Text(safe_text(self.device_name or "–")), "")
        grid.add_row("CPU", _bar(machine.cpu_percent, 100), _percent(machine.cpu_percent))
        used, total = machine.memory_used_bytes, machine.memory_total_bytes
        grid.add_row("RAM", _bar(used, total), f"{format_bytes(used)} of {format_bytes(total)}")
        grid.add_row("run", "", f"{format_bytes(machine.process_memory_bytes)} of RAM")
        if not self.live:
            grid.add_row("", Text("as it was at the end", "dim italic"), "")
        return grid


def _add_gpu(grid: Table, machine: MachineSampled, device_name: str) -> None:
    watts = "–" if machine.gpu_watts is None else f"{machine.gpu_watts:.0f} W"
    celsius = "–" if machine.gpu_celsius is None else f"{machine.gpu_celsius:.0f} °C"
    used, total = machine.gpu_memory_used_bytes, machine.gpu_memory_total_bytes
    grid.add_row("GPU", Text(safe_text(machine.gpu_name or device_name)), f"{watts:>6}  {celsius}")
    grid.add_row("use", _bar(machine.gpu_percent, 100), _percent(machine.gpu_percent))
    grid.add_row("memory", _bar(used, total), f"{format_bytes(used)} of {format_bytes(total)}")


def _percent(value: float | None) -> str:
    return "   –" if value is None else f"{value:3.0f} %"


def _bar(value: float | None, whole: float | None) -> Text:
    share = 0.0 if value is None or not whole else min(1.0, value / whole)
    full = round(share * BAR_WIDTH)
    return Text.assemble(("■" * full, "cyan"), ("·" * (BAR_WIDTH - full), "bright_black"))
