"""Runs of several processes, as torchrun starts them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
from PIL import Image

PROGRAM = Path(__file__).parent / "rank_program.py"
TORCHRUN = ("-m", "torch.distributed.run")
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONUNBUFFERED": "1"}


def start(
    ranks: int, images: int, runs: Path, *words: str, launcher: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """`aetui` with these words by so many ranks, on so many generated digits; one needs no torchrun."""
    torchrun = [*TORCHRUN, "--standalone", f"--nproc-per-node={ranks}", *launcher]
    return _start(torchrun if ranks > 1 else [], images, runs, words)


def start_machine(number: int, port: int, images: int, runs: Path, *words: str) -> subprocess.Popen[str]:
    """One of two machines with a rank each, which meet at this port and start anew when one is lost."""
    where = ["--rdzv-backend=c10d", "--rdzv-id=two", f"--rdzv-endpoint=127.0.0.1:{port}"]
    which = ["--nnodes=2", f"--node-rank={number}", "--nproc-per-node=1", "--local-addr=127.0.0.1"]
    return _start([*TORCHRUN, *where, *which, "--max-restarts=3"], images, runs, words)


def _start(launcher: Sequence[str], images: int, runs: Path, words: Sequence[str]) -> subprocess.Popen[str]:
    options = ["--runs", str(runs), "--device", "cpu", "--threads", "1"]
    return subprocess.Popen(
        [sys.executable, *launcher, str(PROGRAM), str(images), *options, *words],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(ranks: int, images: int, runs: Path, *words: str) -> tuple[int, str]:
    """The same to its end: the exit code and what was printed."""
    process = start(ranks, images, runs, *words)
    printed, _ = process.communicate(timeout=100)
    return process.returncode, printed


def start_ours(runs: Path, *words: str) -> subprocess.Popen[str]:
    """`aetui --processes 2`, without torchrun."""
    command = [sys.executable, "-m", "aetui", "--runs", str(runs), *words, "--processes", "2"]
    return subprocess.Popen(
        [*command, "--device", "cpu", "--threads", "1"], stderr=subprocess.PIPE, text=True
    )


def grey_images(folder: Path) -> list[str]:
    """Sixty PNGs; returns the words that train on them."""
    for number in range(60):
        path = folder / str(number % 2) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (28, 28), number).save(path)
    keys = ("data.name=folder", f"data.path={folder}", "data.size=1x28x28", "train.batch_size=10")
    return [word for key in keys for word in ("--set", key)]


def ranks_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Nothing of it is left."""
    family = []
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(process.pid).children(recursive=True)
        for one in (*family, process):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
