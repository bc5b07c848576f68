"""What a GPU is measured by does not rot where there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "on_gpu.py"


def measured(out: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The script's exit code, and what it wrote of each part."""
    command = [sys.executable, SCRIPT, "--device", "cpu", "--data", out, "--out", out, *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=380, check=False)
    parts = json.loads((out / "on_gpu.json").read_text())["parts"]
    return done.returncode, {part["name"]: part for part in parts}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_every_part_runs_on_a_cpu_and_writes_what_it_found(tmp_path):
    names = ("machine", "resumed", "epochs", "tutorial", "pause", "screen", "too_large", "vit_speed")
    code, parts = measured(tmp_path, "--quick", "--only", *names)
    assert {name: part["failure"] for name, part in parts.items()} == dict.fromkeys(names, "")
    assert code == 0
    assert parts["resumed"]["notes"] == ["`digits-mlp`, killed and resumed: equal bit for bit"]
    assert [name for name in names if parts[name]["figures"]] == ["epochs", "pause", "screen", "vit_speed"]
    assert (tmp_path / "on_gpu.md").read_text().count("\n## ") == len(names)


def test_a_part_that_fails_is_told_and_stops_no_other(tmp_path):
    code, parts = measured(tmp_path, "--only", "tutorial", "too_large")
    assert code == 1
    assert "CalledProcessError" in parts["tutorial"]["failure"]
    assert parts["too_large"]["failure"] == ""
