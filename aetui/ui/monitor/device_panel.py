"""What the machine that trains is doing."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from aetui.devices.machine import MachineSampled
from aetui.runs.ranks import RanksSampled
from aetui.text import format_bytes, safe_text
from aetui.ui.monitor.rank_table import rank_table

LABEL_WIDTH, BAR_WIDTH = 6, 12
COLUMN_SECONDS = 10.0
"""Of what is drawn over time: two minutes in all."""
UNSEEN = "measured every two seconds while a run trains"
UNKNOWN = "the run ended before it was measured"
BLOCKS = "▁▂▃▄▅▆▇█"


class DevicePanel(Widget):
    """GPU and processor: use, memory, power, temperature, each over the last two minutes; – where unknown."""

    BORDER_TITLE = "device"

    machine: reactive[MachineSampled | None] = reactive(None)
    """The newest look at the machine."""
    ranks: reactive[RanksSampled | None] = reactive(None)
    """The newest look at the processes that train together, where there are several."""
    device_name = reactive("")
    """What the run computes on."""
    live = reactive(True)
    """Whether the run is at work, so that a newer look will come."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._clock, self._column_began = clock, float("-inf")
        self._columns: deque[MachineSampled] = deque(maxlen=BAR_WIDTH)

    def watch_machine(self, machine: MachineSampled | None) -> None:
        """A column over time is the newest look of its seconds."""
        if machine is None:
            return
        now = self._clock()
        if now - self._column_began >= COLUMN_SECONDS:
            self._column_began = now
        elif self._columns:
            self._columns.pop()
        self._columns.append(machine)

    def render(self) -> Table | Text | Group:
        machine = self.machine
        if machine is None:
            return Text(UNSEEN if self.live else UNKNOWN, "dim italic")
        if self.ranks and self.ranks.count > 1:
            return self._team(self.ranks)
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True, min_width=LABEL_WIDTH)
        grid.add_column(no_wrap=True, min_width=BAR_WIDTH)
        grid.add_column(no_wrap=True)
        if has_gpu(machine):
            _add_gpu(grid, machine, self._columns, self.device_name)
        else:
            grid.add_row("device", "", Text(safe_text(self.device_name or "–")))
        grid.add_row("CPU", _bar(machine.cpu_percent, 100), _percent(machine.cpu_percent))
        used, total = machine.memory_used_bytes, machine.memory_total_bytes
        run = f"run {format_bytes(machine.process_memory_bytes)}"
        grid.add_row("RAM", _bar(used, total), f"{format_bytes(used)} of {format_bytes(total)}, {run}")
        if not self.live:
            grid.add_row("", Text("as it was at the end", "dim italic"), "")
        return grid

    def _team(self, ranks: RanksSampled) -> Group:
        """Where several processes train, a line each."""
        name = Text(safe_text(self.device_name or "–"), no_wrap=True)
        end = [] if self.live else [Text("as it was at the end", "dim italic")]
        rows = self.size.height - 1 - len(end) if self.size.height else ranks.count + 1
        return Group(name, rank_table(ranks, rows), *end)


def has_gpu(machine: MachineSampled) -> bool:
    """Whether a GPU was measured."""
    return bool(machine.gpu_memory_total_bytes or machine.gpu_name)


def _add_gpu(
    grid: Table, machine: MachineSampled, columns: Sequence[MachineSampled], device_name: str
) -> None:
    def over_time(value: Callable[[MachineSampled], float | None], whole: float | None) -> Text:
        return Text("".join(_block(value(look), whole) for look in columns).rjust(BAR_WIDTH), "cyan")

    total, limit = machine.gpu_memory_total_bytes, machine.gpu_watts_limit
    grid.add_row("GPU", _all_gpus(machine), Text(_name(machine, device_name)))
    grid.add_row("use", over_time(lambda look: look.gpu_percent, 100), _use(machine))
    grid.add_row("memory", over_time(lambda look: look.gpu_memory_used_bytes, total), _memory(machine))
    watts = f"{_rounded(machine.gpu_watts, 'W')}{'' if limit is None else f' of {limit:.0f} W'}"
    grid.add_row("power", over_time(lambda look: look.gpu_watts, limit), watts)
    grid.add_row("heat", over_time(lambda look: look.gpu_celsius, 100), _rounded(machine.gpu_celsius, "°C"))


def _use(machine: MachineSampled) -> Text:
    clock = "" if machine.gpu_megahertz is None else f"  {machine.gpu_megahertz:,.0f} MHz"
    slowed = f", held by {safe_text(machine.gpu_slowed_by)}" if machine.gpu_slowed_by else ""
    return Text.assemble(f"{_percent(machine.gpu_percent)}{clock}", (slowed, "yellow"))


def _memory(machine: MachineSampled) -> str:
    used, total = format_bytes(machine.gpu_memory_used_bytes), format_bytes(machine.gpu_memory_total_bytes)
    others = f", others {format_bytes(machine.gpu_others_bytes)}" if machine.gpu_others_bytes else ""
    return f"{used.removesuffix(f' {total[-2:]}')} of {total}{others}"


def _name(machine: MachineSampled, device_name: str) -> str:
    name, count = safe_text(machine.gpu_name or device_name), len(machine.gpus_percent)
    return name if machine.gpu_index is None or not count else f"{name}, {machine.gpu_index + 1} of {count}"


def _all_gpus(machine: MachineSampled) -> Text:
    """Use of each GPU of the machine as one block, the run's own marked; nothing where there is one."""
    drawn = Text()
    for index, percent in enumerate(machine.gpus_percent[:BAR_WIDTH]):
        drawn.append(_block(percent, 100), "bold green" if index == machine.gpu_index else "cyan")
    return drawn


def _block(value: float | None, whole: float | None) -> str:
    if value is None or not whole or not math.isfinite(value / whole):
        return " "
    return BLOCKS[min(len(BLOCKS) - 1, max(0, int(len(BLOCKS) * value / whole)))]


def _rounded(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.0f} {unit}"


def _percent(value: float | None) -> str:
    return "   –" if value is None else f"{value:3.0f} %"


def _bar(value: float | None, whole: float | None) -> Text:
    share = 0.0 if value is None or not whole else min(1.0, value / whole)
    full = round(share * BAR_WIDTH)
    return Text.assemble(("■" * full, "cyan"), ("·" * (BAR_WIDTH - full), "bright_black"))
