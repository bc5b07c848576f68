"""The parts of `on_gpu.py`: each measures one promise on the machine at hand, by aetui's own commands.

A part yields figures, and sentences about what no number tells.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import screen_cost
import torch
from figures import Figure
from gpu_box import AETUI, Box, Event, Trained
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.devices.available import choose_device
from aetui.devices.machine import Machine
from aetui.errors import EXIT_OUT_OF_MEMORY
from aetui.runs.control import send
from aetui.training.model_kinds import make_model, make_objective

ROOT = Path(__file__).parents[1]
Findings = Iterator[Figure | str]
BF16_TERAFLOPS = {
    "H100 PCIe": 756,
    "H100": 989,
    "H200": 989,
    "B200": 2250,
    "A100": 312,
    "L40S": 362,
}
"""Dense, as NVIDIA's data sheets state them, by a part of the card's name."""


def tests(box: Box) -> Findings:
    """What only a GPU can show."""
    told = box.out / "tests.txt"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/training/test_on_gpu.py",
    ]
    with told.open("w") as file:
        done = subprocess.run(command, cwd=ROOT, stdout=file, stderr=file, timeout=95, check=False)
    yield f"tests/training/test_on_gpu.py: {told.read_text().strip().splitlines()[-1]}"
    if done.returncode:
        raise RuntimeError(f"it ended with {done.returncode}; see tests.txt")


def machine(box: Box) -> Findings:
    """What aetui says of the machine; every field of a GPU is filled."""
    for verb in ("doctor", "devices"):
        done = _run(*AETUI, verb, "--json")
        (box.out / f"{verb}.json").write_text(done.stdout)
        json.loads(done.stdout)
    if box.on_gpu:
        lacking = [name for name, value in vars(_gpu_sample(box)).items() if value is None]
        yield f"not measured by NVML: {', '.join(lacking) or 'nothing'}"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def _gpu_sample(box: Box) -> Any:
    looking = Machine()
    looking.watch_gpu(choose_device(box.device).uuid or "")
    return looking.sample()


def epochs(box: Box) -> Findings:
    """Small models, which wait for kernels to be launched; their losses beside the CPU's."""
    aims = {"digits-mlp": None} if box.quick else {"mnist-mlp": 0.15, "mnist-conv": 0.25}
    for preset, aim in aims.items():
        captured = ("train.epochs=3", "train.capture=true")
        trained = Trained(box, "train", preset, changes=captured, seconds=60)
        yield from (str(event["message"]) for event in trained.of("Warned"))
        yield Figure(f"an epoch of `{preset}`", "s", aim, [event["seconds"] for event in trained.epochs])
        slow = ("train.epochs=2", "train.capture=false")
        one_by_one = Trained(box, "train", preset, changes=slow, seconds=60).epochs[-1]["seconds"]
        gains = [one_by_one / event["seconds"] for event in trained.epochs]
        aim = 4.0 if box.on_gpu else None
        what = f"`{preset}`: speed over that of steps taken one by one"
        yield Figure(what, "", aim, gains, more_is_better=True)
        if box.on_gpu:
            there = Trained(box, "train", preset, changes=("train.epochs=3",), seconds=60, device="cpu")
            losses = [run.epochs[-1]["test_loss"] for run in (trained, there)]
            yield f"`{preset}`, 3 epochs: test loss {losses[0]:.6f}, on the CPU {losses[1]:.6f}"


def tutorial(box: Box) -> Findings:
    """The loop that tutorials show, on the same device."""
    if box.quick:
        yield "the tutorial's loop needs MNIST"
        return
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "seconds"
        script = Path(__file__).with_name("tutorial.py")
        command = [sys.executable, script, box.data, "2", told, box.device]
        subprocess.run(command, check=True, timeout=60)
        yield Figure("an epoch of the tutorial's loop", "s", None, [float(told.read_text().split()[-1])])


def vit_speed(box: Box) -> Findings:
    """How near the ViT comes to what the card can compute."""
    preset = "shapes-vit-mae" if box.quick else "cifar10-vit-mae"
    plain, compiled, free = (), ("train.compile=true",), ("train.compile=true", "train.repeatable=false")
    ways = [(64, plain)] if box.quick else [(512, plain), (512, compiled), (512, free), (2048, compiled)]
    flops = _flops_of_an_image(preset)
    yield f"`{preset}`: {flops / 1e9:.2f} GFLOP an image, forward and backward"
    for batch, more in ways:
        what = ", ".join([f"`{preset}`", f"batch {batch}", *more])
        changes = (f"train.batch_size={batch}", "train.epochs=1000", *more)
        seconds = 20 if box.quick else 22 + 13 * ("train.compile=true" in more)
        trained = Trained(box, "train", preset, changes=changes, seconds=seconds)
        speeds = [event["images_per_second"] for event in trained.of("StepsTrained")]
        if not speeds:
            yield f"{what}: no step within {seconds} s"
            continue
        later = speeds[len(speeds) // 2 :]
        aim = 25_000 if box.on_gpu else None
        yield Figure(f"{what}: images a second", "", aim, later, more_is_better=True)
        if box.on_gpu:
            peak = _peak_flops(torch.cuda.get_device_name(box.device))
            used = [flops * speed / peak for speed in later]
            yield Figure(f"{what}: share of the card's bf16", "", 0.4, used, more_is_better=True)
            held = [event["gpu_memory_used_bytes"] for event in trained.of("MachineSampled")]
            yield Figure(f"{what}: memory", "GB", None, [max(filter(None, held), default=0) / 1e9])


def _flops_of_an_image(preset_name: str, images: int = 8) -> float:
    """Of a training step, counted by PyTorch; the pictures themselves do not matter."""
    preset = read_preset(find_preset(preset_name))
    model = make_model(preset, 10, begun=True)
    objective = make_objective(preset, torch.device("cpu"), False, 10)
    channels, height, width = (int(number) for number in preset.image_size.split("x"))
    pixels = torch.zeros(images, channels, height, width, dtype=torch.uint8)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        examples = objective.examples(model, pixels, None, 0)
        objective.loss(model, *examples).trained.backward()
    return counter.get_total_flops() / images


def _peak_flops(card: str) -> float:
    known = next((BF16_TERAFLOPS[name] for name in BF16_TERAFLOPS if name in card), float("nan"))
    return known * 1e12


def vit_minutes(box: Box) -> Findings:
    """What the faster masked autoencoder reaches in a minute."""
    if box.quick:
        yield "a minute of `cifar10-vit-mae-fast` are not for a quick look"
        return
    short = ("train.epochs=30", "train.warmup_epochs=3")
    trained = Trained(box, "train", "cifar10-vit-mae-fast", changes=short, seconds=65)
    last = trained.epochs[-1]
    yield Figure(f"`cifar10-vit-mae-fast`, {last['epoch']} epochs: masked MSE", "", None, [last["test_loss"]])


def resumed(box: Box) -> Findings:
    """Killed and resumed, a run ends on the same weights, bit for bit."""
    vit = ("model.vit.width=192", "model.vit.depth=12", "mask.patch=2", "train.batch_size=256")
    captured = ("train.capture=true",)
    runs = {"digits-conv": captured, "shapes-vit-mae": (*vit, *captured, "train.precision=bf16")}
    if box.quick:
        runs = {"digits-mlp": ()}
    for preset, more in runs.items():
        changes = ("train.epochs=2", *more)

        def kill(event: Event, process: subprocess.Popen[str]) -> None:
            if event["event"] == "StepsTrained" and event["epoch"] == 2:
                process.kill()

        straight = Trained(box, "train", preset, changes=changes, seconds=60)
        killed = Trained(box, "train", preset, changes=changes, seconds=60, on_event=kill)
        again = Trained(box, "resume", str(killed.folder), seconds=60)
        equal = (killed.code, again.code) == (-signal.SIGKILL, 0) and _equal(straight.folder, again.folder)
        yield f"`{preset}`, killed and resumed: {'equal bit for bit' if equal else 'NOT EQUAL'}"
        if not equal:
            raise RuntimeError(f"{straight.folder} and {again.folder} differ")


def _equal(one: Path, other: Path) -> bool:
    models = [
        torch.load(_newest(run), weights_only=True, map_location="cpu")["model"] for run in (one, other)
    ]
    return all(torch.equal(value, models[1][key]) for key, value in models[0].items())


def _newest(run: Path) -> Path:
    return max((run / "checkpoints").glob("*.pt"))


def too_large(box: Box) -> Findings:
    """A batch that no card holds ends in a sentence, and the memory is free again."""
    if not box.on_gpu:
        yield "a batch too large for a GPU needs a GPU"
        return
    before = _gpu_sample(box).gpu_memory_used_bytes or 0
    trained = Trained(box, "train", "cifar10-vit-mae", changes=("train.batch_size=1048576",), seconds=60)
    left = (_gpu_sample(box).gpu_memory_used_bytes or 0) - before
    reason = trained.of("StateChanged")[-1]["reason"]
    yield f"batch of 2^20: exit code {trained.code}, {left / 1e6:.0f} MB left behind; {reason}"
    if trained.code != EXIT_OUT_OF_MEMORY:
        raise RuntimeError("it did not end as out of memory")


def screen(box: Box) -> Findings:
    """Speed with the app watching over that with its screen stopped."""
    preset, pairs = ("digits-mlp", 2) if box.quick else ("mnist-conv", 10)
    options = argparse.Namespace(data=box.data, pairs=pairs, preset=preset, epochs=0, device=box.device)
    found = [alone / watched for watched, alone in screen_cost.watched_pairs(options)]
    yield Figure("speed with the screen over that without", "", 0.98, found, more_is_better=True)


def pause(box: Box) -> Findings:
    """From a command to standing still."""
    asked, found = 0.0, []

    def steer(event: Event, process: subprocess.Popen[str]) -> None:
        nonlocal asked
        control = box.runs / _newest_run(box) / "control.jsonl"
        if event["event"] == "StateChanged" and event["state"] == "paused":
            found.append((time.perf_counter() - asked) * 1000)
            send(control, "resume")
        elif event["event"] == "StepsTrained" and len(found) < PAUSES:
            asked = time.perf_counter()
            send(control, "pause")
        elif len(found) == PAUSES:
            process.terminate()

    preset = "digits-mlp" if box.quick else "mnist-conv"
    Trained(box, "train", preset, changes=("train.epochs=1000",), seconds=30, on_event=steer)
    yield Figure("from a pause's command until it stands still", "ms", 50, found)


def _newest_run(box: Box) -> str:
    return max(path.name for path in box.runs.iterdir())


PAUSES = 5
PARTS: dict[Callable[[Box], Findings], int] = {
    machine: 20,
    tests: 100,
    resumed: 60,
    epochs: 80,
    tutorial: 30,
    pause: 20,
    screen: 30,
    too_large: 30,
    vit_speed: 130,
    vit_minutes: 70,
}
"""Every part and the seconds that it may take, the surest first."""
