"""Everything that is promised for a GPU, measured on one.

`python benchmarks/on_gpu.py --data DATA --out OUT` takes at most ten minutes on a card of an H100's class;
DATA holds MNIST and CIFAR-10, nothing is fetched. Each part has so many seconds; what it found is in
OUT/on_gpu.md and OUT/on_gpu.json at once, and one that fails is told and stops no other. Without a GPU,
`--device cpu --quick` runs the same code on generated data within a minute or two.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import torch
from figures import HEAD, Figure
from gpu_box import Box
from gpu_parts import PARTS


@dataclass
class Part:
    """What one part found, and why it did not go on."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failure: str = ""
    seconds: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true")
    names = [part.__name__ for part in PARTS]
    parser.add_argument("--only", nargs="*", default=names, choices=names, metavar="PART")
    options = parser.parse_args()
    out = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    box = Box(options.device, options.data.absolute(), out, options.quick)
    parts: list[Part] = []
    for measure, seconds in PARTS.items():
        if measure.__name__ not in options.only:
            continue
        part, began = Part(measure.__name__), time.monotonic()
        parts.append(part)
        try:
            with _within(seconds):
                for found in measure(box):
                    (part.figures if isinstance(found, Figure) else part.notes).append(found)
        except Exception as error:
            part.failure = f"{type(error).__name__}: {error}"
        part.seconds = round(time.monotonic() - began, 1)
        _write(box, parts)
        print(_section(part), flush=True)
    return int(any(part.failure for part in parts))


@contextlib.contextmanager
def _within(seconds: int) -> Iterator[None]:
    """Raises TimeoutError in the part that takes longer."""

    def end(*_: object) -> None:
        raise TimeoutError(f"it took longer than {seconds} s")

    signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def _write(box: Box, parts: list[Part]) -> None:
    where = _machine(box)
    (box.out / "on_gpu.json").write_text(
        json.dumps({"machine": where, "parts": [asdict(p) for p in parts]}, indent=1)
    )
    (box.out / "on_gpu.md").write_text(f"{where}\n" + "".join(map(_section, parts)))


def _section(part: Part) -> str:
    lines = [f"\n## {part.name}, {part.seconds:.0f} s\n"]
    if part.figures:
        lines += [HEAD, *(figure.row() for figure in part.figures), ""]
    lines += [f"- {note}" for note in part.notes]
    if part.failure:
        lines.append(f"- **failed**: {part.failure}")
    return "\n".join(lines) + "\n"


def _machine(box: Box) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "textual"))
    where = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"
    if not box.on_gpu:
        return where
    import pynvml

    pynvml.nvmlInit()
    driver = pynvml.nvmlSystemGetDriverVersion()
    return f"{torch.cuda.get_device_name(box.device)}, driver {driver}, CUDA {torch.version.cuda}; {where}"


if __name__ == "__main__":
    sys.exit(main())
