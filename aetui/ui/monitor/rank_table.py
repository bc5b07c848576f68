"""The processes that train a run together, a line each in the device panel."""

import math
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from aetui.runs.ranks import Rank, RanksSampled, slowest
from aetui.text import format_bytes, safe_text

BAR_WIDTH = 4


def rank_table(sampled: RanksSampled, rows: int) -> Table:
    """Use, memory and a step of every rank; where they are more than `rows`, of those that are waited for."""
    grid = Table.grid(padding=(0, 1))
    for justify in ("left", "left", "right", "right", "right", "right", "left"):
        grid.add_column(no_wrap=True, justify=justify)
    several_hosts = len({rank.host for rank in sampled.ranks}) > 1
    grid.add_row("rank", "use", "", "memory", "step", "waits", "host" if several_hosts else "", style="dim")
    last = slowest(sampled.ranks)
    shown = _chosen(sampled.ranks, max(1, rows - 1))
    for rank in shown:
        style = "yellow" if rank is last else ""
        grid.add_row(
            Text(f"{rank.rank} slowest" if rank is last else str(rank.rank), style),
            _bar(rank.percent),
            "–" if rank.percent is None else f"{rank.percent:.0f} %",
            _memory(rank),
            Text(_step(rank.step_seconds), style),
            _step(rank.waiting_seconds),
            Text(safe_text(rank.host) if several_hosts else ""),
        )
    if left := sampled.count - len(shown):
        grid.add_row("…", "", "", Text(f"{left:,} more", "dim"))
    return grid


def _chosen(ranks: Sequence[Rank], rows: int) -> list[Rank]:
    """In their order; where a row is needed to say that there are more, one fewer."""
    if len(ranks) <= rows:
        return list(ranks)
    by_time = sorted(ranks, key=lambda rank: -(rank.step_seconds or 0.0))[: max(1, rows - 1)]
    return sorted(by_time, key=lambda rank: rank.rank)


def _bar(percent: float | None) -> Text:
    share = percent / 100 if percent is not None and math.isfinite(percent) else 0.0
    full = round(BAR_WIDTH * min(1.0, max(0.0, share)))
    return Text.assemble(("■" * full, "cyan"), ("·" * (BAR_WIDTH - full), "bright_black"))


def _memory(rank: Rank) -> str:
    """Of a GPU with what it has; of a process what it takes."""
    used, total = format_bytes(rank.memory_used_bytes), format_bytes(rank.memory_total_bytes)
    return f"{used.removesuffix(f' {total[-2:]}')}/{total}" if rank.on_gpu else used


def _step(seconds: float | None) -> str:
    if seconds is None or not 0 <= seconds < 1e6:
        return "–"
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"
