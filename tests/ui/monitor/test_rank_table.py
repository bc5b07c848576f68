"""The device panel of a run that several processes train."""

import math

from rich.console import Console

from aetui.devices.machine import MachineSampled
from aetui.runs.ranks import Rank, RanksSampled
from aetui.ui.monitor.device_panel import DevicePanel
from aetui.ui.monitor.rank_table import rank_table


def drawn(ranks: list[Rank], count: int = 0) -> list[str]:
    panel = DevicePanel()
    panel.device_name = "2 × NVIDIA H200"
    panel.machine = MachineSampled(50.0, 40.0, 10**9, 10**10, 10**8)
    panel.ranks = RanksSampled(count or len(ranks), ranks)
    console = Console(width=52)
    with console.capture() as capture:
        console.print(panel.render())
    return [" ".join(line.split()) for line in capture.get().splitlines()]


def gpu(rank: int, host: str = "one", step: float | None = 0.012) -> Rank:
    return Rank(rank, host, 77, "H200", True, 97.0, 31 * 10**9, 141 * 10**9, step, 0.0081)


def test_every_rank_has_a_line_and_the_slowest_is_marked():
    assert drawn([gpu(0), gpu(1, step=0.0201)]) == [
        "2 × NVIDIA H200",
        "rank use memory step waits",
        "0 ■■■■ 97 % 31.0/141 GB 12 ms 8.1 ms",
        "1 slowest ■■■■ 97 % 31.0/141 GB 20.1 ms 8.1 ms",
    ]


def test_several_machines_are_named():
    lines = drawn([gpu(0), gpu(1, host="[red]two\x1b[31m")])
    assert lines[1].endswith("host")
    assert lines[2].endswith("one")
    assert "\x1b" not in lines[3]
    assert "[red]two" in lines[3]


def test_what_is_not_known_is_a_dash_and_no_number_breaks_it():
    unknown = Rank(0, "one", 77, "CPU")
    odd = Rank(1, "one", 78, "CPU", False, math.inf, 10**15, 0, math.nan, -1.0)
    lines = drawn([unknown, odd])
    assert lines[2] == "0 ···· – – – –"
    assert lines[3].split()[-2:] == ["–", "–"]


def test_of_hundreds_as_many_are_told_of_as_are_known():
    lines = drawn([gpu(number) for number in range(64)], count=1024)
    assert lines[-1] == "… 960 more"


def test_where_there_is_no_room_those_are_shown_that_are_waited_for():
    ranks = [gpu(number, step=0.01 + 0.001 * (number in (3, 6))) for number in range(8)]
    table = rank_table(RanksSampled(8, ranks), rows=4)
    assert [str(cell) for cell in table.columns[0].cells] == ["rank", "3 slowest", "6", "…"]


def test_a_process_on_a_cpu_has_its_own_memory():
    line = drawn([Rank(0, "one", 77, "CPU", False, 22.0, 868 * 10**6, 25 * 10**9, 1.5, 0.25)] * 2)[2]
    assert line == "0 slowest ■··· 22 % 868 MB 1.50 s 250 ms"
