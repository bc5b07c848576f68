"""The line to the machine is lost, in every way in which people reach one: training goes on."""

import getpass
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from live_runs import free_port, newest, state, steps, tool, wait_for_step, wait_until
from pseudo_terminal import AETUI, Terminal

from aetui.runs.checkpoint_index import read_index

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
LONG = ("--preset", "digits-mlp", "--set", "train.epochs=4000", "--threads", "1")


def command_line(*arguments: str) -> str:
    """The program as a shell on the other side of a line is told it."""
    path = os.pathsep.join(word for word in sys.path if word)
    environment = f"env PYTHONPATH={shlex.quote(path)} TERM=xterm-256color"
    return f"{environment} {shlex.join([*AETUI, *arguments])}"


def goes_on(runs: Path) -> None:
    """The run trains without a screen."""
    folder = newest(runs)
    wait_until(lambda: state(folder) == "detached")
    before = steps(folder)
    wait_until(lambda: steps(folder) > before)


@pytest.fixture
def ssh(tmp_path):
    """The words that open a line to an sshd of our own on loopback."""
    server, port = tool("sshd"), free_port()
    tool("ssh")
    for key in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / key], check=True)
    (tmp_path / "authorized").write_bytes((tmp_path / "user_key.pub").read_bytes())
    settings = {
        "Port": port, "ListenAddress": "127.0.0.1", "HostKey": tmp_path / "host_key", "UsePAM": "no",
        "AuthorizedKeysFile": tmp_path / "authorized", "StrictModes": "no", "PermitRootLogin": "yes",
        "PidFile": tmp_path / "sshd.pid",
    }  # fmt: skip
    config = tmp_path / "sshd_config"
    config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([server, "-D", "-e", "-f", config], stderr=subprocess.DEVNULL)
    wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
    known = ("-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR")
    where = f"{getpass.getuser()}@127.0.0.1"
    yield ("ssh", "-tt", "-i", str(tmp_path / "user_key"), "-p", str(port), *known, where)
    process.kill()
    process.wait()


def test_an_ssh_client_that_is_killed(ssh, open_terminal, runs, tmp_path):
    there = f"cd {shlex.quote(str(tmp_path))} && exec "
    line = open_terminal(there + command_line(*LONG), program=ssh, seconds=90)
    line.wait_for("epoch")
    wait_for_step(runs, 500)
    apps = [
        p for p in psutil.process_iter(["cmdline"]) if (p.info["cmdline"] or [])[-len(LONG) :] == list(LONG)
    ]
    line.process.send_signal(signal.SIGKILL)
    goes_on(runs)
    wait_until(lambda: not any(app.is_running() for app in apps))

    again = open_terminal(there + command_line("watch"), program=ssh, seconds=90)
    again.wait_for("training without a screen")
    again.press("s")
    again.wait_for("Stop this run?")
    again.press("\r")
    again.wait_for("stopped")
    again.press("q")
    assert again.wait_for_exit() == 0
    assert read_index(newest(runs).checkpoints)


def test_a_tmux_server_that_is_killed(runs, tmp_path):
    name = f"aetui{os.getpid()}"

    def tmux(*words: str) -> str:
        done = subprocess.run([tool("tmux"), "-L", name, *words], capture_output=True, text=True, check=False)
        return done.stdout

    tmux(
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        "140",
        "-y",
        "40",
        "-c",
        str(tmp_path),
        command_line(*LONG),
    )
    try:
        wait_for_step(runs, 500)
        wait_until(lambda: "images/s" in tmux("capture-pane", "-p"))
        tmux("resize-window", "-x", "80", "-y", "24")
        wait_until(lambda: len(tmux("capture-pane", "-p").splitlines()[0].rstrip()) <= 80)
        assert "Traceback" not in tmux("capture-pane", "-p", "-S", "-100")
    finally:
        tmux("kill-server")
    goes_on(runs)


def test_a_screen_session_that_is_quit(runs, tmp_path):
    program, name, copy = tool("screen"), f"aetui{os.getpid()}", tmp_path / "copy"
    subprocess.run([program, "-dmS", name, "sh", "-c", command_line(*LONG)], cwd=tmp_path, check=True)

    def shown() -> str:
        subprocess.run([program, "-S", name, "-X", "hardcopy", copy], check=False)
        return copy.read_text(errors="replace") if copy.exists() else ""

    try:
        wait_for_step(runs, 500)
        wait_until(lambda: "images/s" in shown())
        subprocess.run([program, "-S", name, "-X", "stuff", " "], check=True)
        wait_until(lambda: "paused" in shown())
        subprocess.run([program, "-S", name, "-X", "stuff", " "], check=True)
        wait_until(lambda: "running" in shown())
    finally:
        subprocess.run([program, "-S", name, "-X", "quit"], check=False)
    goes_on(runs)


def test_a_mosh_line_that_is_lost(open_terminal, runs, tmp_path):
    server, client, port = tool("mosh-server"), tool("mosh-client"), free_port()
    utf8 = {"LC_ALL": "C.UTF-8"}
    there = f"cd {shlex.quote(str(tmp_path))} && {command_line(*LONG)}"
    words = [server, "new", "-i", "127.0.0.1", "-p", str(port), "--", "sh", "-c", there]
    begun = subprocess.run(
        words, cwd=tmp_path, env=os.environ | utf8, capture_output=True, text=True, check=True
    )
    (found,) = [line.split() for line in begun.stdout.splitlines() if line.startswith("MOSH CONNECT")]
    line = open_terminal(
        "127.0.0.1", found[2], program=(client,), more={"MOSH_KEY": found[3], **utf8}, seconds=90
    )
    line.wait_for("epoch")
    wait_for_step(runs, 500)
    line.process.send_signal(signal.SIGKILL)
    (answering,) = [p for p in psutil.process_iter(["cmdline"]) if (p.info["cmdline"] or [])[:6] == words[:6]]
    answering.kill()
    goes_on(runs)


SILENT_SECONDS = 60.0


def test_a_terminal_that_stops_reading(open_terminal, runs):
    terminal: Terminal = open_terminal(*LONG, seconds=200)
    terminal.wait_for("images/s")
    folder = newest(runs)
    speed = _steps_in(folder, 10.0, terminal)
    app, before = psutil.Process(terminal.process.pid), psutil.Process(terminal.process.pid).memory_info().rss
    silent = _steps_in(folder, SILENT_SECONDS, None)
    assert app.memory_info().rss - before < 50e6
    assert silent / SILENT_SECONDS > 0.5 * speed / 10
    shown = terminal.text
    terminal.wait_for(lambda text: text != shown and "images/s" in text)
    terminal.press(" ")
    terminal.wait_for("paused")


def _steps_in(folder, seconds: float, terminal: Terminal | None) -> int:
    before, end = steps(folder), time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.follow(0.5) if terminal else time.sleep(0.5)
    return steps(folder) - before


def test_nohup(tmp_path, runs, open_terminal):
    tool("nohup")
    words = ("train", "digits-mlp", "--set", "train.epochs=4000", "--threads", "1")
    terminal = open_terminal(*words, program=("nohup", *AETUI))
    wait_for_step(runs, 500)
    terminal.hang_up()
    folder = newest(runs)
    before = steps(folder)
    wait_until(lambda: steps(folder) > before + 500)
    assert terminal.process.poll() is None
