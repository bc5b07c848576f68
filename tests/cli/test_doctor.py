"""`aetui doctor`: what it says of the terminal and the machine."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from pseudo_terminal import Terminal as PseudoTerminal

from aetui.cli.doctor_checks import disk_check, terminal_checks, torch_checks
from aetui.cli.doctor_pattern import pattern, picture
from aetui.terminal.choice import Choice, choose
from aetui.terminal.detection import Terminal, detect

PIPED = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


def doctor(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aetui", "doctor", *arguments],
        cwd=cwd, env={**os.environ, **PIPED, **environment}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip


@pytest.fixture
def terminal() -> Terminal:
    return replace(
        detect(unasked="there is no terminal here", path="", environment=PIPED),
        columns=80,
        rows=24,
        answered=True,
    )


def states(checks) -> dict[str, str]:
    return {check.name: check.state for check in checks}


def test_json_for_programs(tmp_path):
    done = doctor("--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    printed = json.loads(done.stdout)
    assert all(check.keys() == {"name", "state", "value", "advice"} for check in printed["checks"])
    checks = {check["name"]: check for check in printed["checks"]}
    assert checks["PyTorch"]["value"] == metadata.version("torch")
    assert "there is no terminal here" in checks["terminal"]["advice"]
    assert {
        "size",
        "colours",
        "Unicode",
        "sixel",
        "kitty graphics",
        "device cpu",
        "data mnist",
    } <= checks.keys()
    assert str(tmp_path) in checks["runs folder"]["value"]
    assert printed["pictures"]["protocol"] == "half"
    assert list(tmp_path.iterdir()) == []


def test_a_broken_pytorch_is_a_failure(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('libcudart.so: \\x1b[31mno such file')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = doctor(cwd=tmp_path, PYTHONPATH=path)
    assert done.returncode == 1
    assert "failure  PyTorch" in done.stdout
    assert "␛[31mno such file" in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout


def test_the_devices_come_from_another_process():
    assert states(torch_checks())["device cpu"] == "ok"


def test_a_good_terminal_has_no_warnings(terminal):
    assert set(states(terminal_checks(terminal, choose(terminal, "auto"))).values()) == {"ok"}


@pytest.mark.parametrize(
    ("differs", "name"),
    [
        ({"answered": False}, "terminal"),
        ({"columns": None, "rows": None}, "size"),
        ({"columns": 79}, "size"),
        ({"colours": 16}, "colours"),
        ({"unicode": False}, "Unicode"),
    ],
)
def test_what_is_missing_is_a_warning_with_advice(terminal, differs, name):
    (warning,) = [
        c for c in terminal_checks(replace(terminal, **differs), choose(terminal, "auto")) if c.advice
    ]
    assert (warning.name, warning.state) == (name, "warning")


def test_the_runs_folder_is_left_as_it_was(tmp_path):
    check = disk_check(tmp_path / "runs")
    assert check.state == "ok" or "faster disk" in check.advice or "room" in check.advice
    assert "MB/s" in check.value or "GB/s" in check.value
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_warning():
    check = disk_check(Path("/proc/self"))
    assert check.state == "warning"
    assert "/proc/self cannot be written: " in check.value


@pytest.mark.parametrize("colours", [8, 16, 256, 1 << 24])
def test_the_pattern_is_two_lines_of_half_blocks(colours):
    lines = pattern(colours, unicode=True)
    assert [line.count("▀") for line in lines] == [64, 64]
    assert len(set(lines[0].split("▀"))) > {8: 1, 16: 1, 256: 5, 1 << 24: 60}[colours]


@pytest.mark.parametrize(("colours", "unicode"), [(2, True), (256, False)])
def test_the_pattern_without_colours_or_unicode_is_plain_text(colours, unicode):
    assert all(line.isascii() and line.isprintable() for line in pattern(colours, unicode))


@pytest.mark.parametrize(("protocol", "begins"), [("sixel", "\x1bP"), ("kitty", "\x1b_G"), ("half", "")])
def test_the_pattern_as_a_picture(protocol, begins):
    drawn = picture(Choice(protocol, "", (7, 13)))
    assert drawn.startswith(begins)
    assert bool(drawn) == bool(begins)


def run_in_terminal(command: str, cwd: Path) -> PseudoTerminal:
    terminal = PseudoTerminal(cwd=cwd, program=["/bin/sh", "-c", command])
    try:
        assert terminal.wait_for_exit() == 0
    finally:
        terminal.kill()
    return terminal


@pytest.mark.parametrize("form", ["", "--json "])
def test_a_report_into_a_file_asks_the_terminal_all_the_same(tmp_path, form):
    run_in_terminal(f"{sys.executable} -m aetui doctor {form}> report < /dev/null", tmp_path)
    report = " ".join((tmp_path / "report").read_text().split())
    assert "the terminal answered no (no 4 among device attributes 6)" in report


def test_a_report_through_a_pipe_leaves_the_terminal_to_its_reader(tmp_path):
    terminal = run_in_terminal(f"{sys.executable} -m aetui doctor | cat > report", tmp_path)
    assert "standard output is a pipe" in " ".join((tmp_path / "report").read_text().split())
    assert b"\x1b[c" not in terminal.received


def test_a_terminal_known_by_its_name_alone_is_named_once(terminal):
    [check] = [c for c in terminal_checks(terminal, choose(terminal, "auto")) if c.name == "terminal"]
    assert check.value == "xterm-256color (TERM)"
