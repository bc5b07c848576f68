"""Runs of several processes, as torchrun starts them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

PROGRAM = Path(__file__).parent / "rank_program.py"
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONUNBUFFERED": "1"}


def start(
    ranks: int, images: int, runs: Path, *words: str, launcher: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """`aetui` with these words by so many ranks, on so many generated digits; one needs no torchrun."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}", *launcher]
    options = ["--runs", str(runs), "--device", "cpu", "--threads", "1"]
    return subprocess.Popen(
        [sys.executable, *(torchrun if ranks > 1 else ()), str(PROGRAM), str(images), *options, *words],
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
