"""A page of text in a run's folder, made to take the machine's time or memory, is read or refused soon.

Without the bounds that these tests are of, each took minutes or gigabytes.
"""

import json
import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from aetui.config.lines import key_lines
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.checkpoint_index import DamagedIndex, check_size, read_index
from aetui.runs.events import EpochFinished, PreviewSaved, RunStarted, StepsTrained, to_json
from aetui.runs.folder import DamagedMeta
from aetui.runs.history import History
from aetui.runs.report import read_history

STARTED = RunStarted("r", "p", "cpu", "CPU", 9, 10, 5, 50, 20, "digits")
EPOCH = EpochFinished(1, 1, 0.1, 0.1, 1.0, 9.0, 1.0, 0.1, True)
MOST_BYTES = 600_000_000
"""That a command may take: PyTorch is not loaded."""


def test_spaces_behind_a_bracket():
    text = "[model]\nencoder = [\n" + "[" + " " * 200_000 + "\n]\n"
    assert key_lines(text) == {"model": 1, "model.encoder": 2}


@pytest.mark.parametrize("line", ["[ data ]", "  [[data]]  # of it", "[data]"])
def test_a_table_is_found_as_people_write_it(line):
    assert key_lines(f"\n{line}\nname = 1") == {"data": 2, "data.name": 3}


@pytest.mark.parametrize("part", ['"!"', "'.'", r'"\""', "a", "a-b", '"a b"'])
@pytest.mark.parametrize("shape", ["{} = 1", "[{}]", "x = {{ {} = 1 }}", 'a = "b"\n  {} = 1'])
def test_a_key_of_very_many_parts(tmp_path, part, shape):
    path = tmp_path / "config.toml"
    path.write_text(shape.format(".".join([part] * 60_000)))
    with pytest.raises(PresetError, match="a key of more than 16 parts"):
        read_preset(path)


def test_no_layer_or_sentence_is_taken_for_such_a_key(tmp_path):
    path = tmp_path / "config.toml"
    words = 'x = "a.b.c.d.e. f.g.h.i.j.k.l.m.n"\ny = [1.5, 2.5, "1.2", "3.4", 5.6]'
    path.write_text(f"{find_preset('digits-mlp').read_text()}\n[data2]\n{words}\n")
    with pytest.raises(PresetError, match="data2: unknown key"):
        read_preset(path)


def test_a_preset_of_a_hundred_thousand_mistakes(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(find_preset("digits-mlp").read_text() + "".join(f"k{n} = 1\n" for n in range(90_000)))
    with pytest.raises(PresetError, match="mistakes") as refused:
        read_preset(path)
    assert len(refused.value.problems) == 1


def test_resumes_without_end():
    history = History()
    for n in range(10_000):
        history.apply(replace(EPOCH, epoch=n, step=n), 1.0)
        history.apply(PreviewSaved(n, f"{n}.png", n), 1.0)
    for n in range(100_000):
        history.apply(replace(STARTED, step=10_000 - n % 2), 1.0)
    assert len(history.epochs) == 10_000


def test_what_a_resume_goes_back_behind_is_forgotten():
    history = History()
    for n in range(5):
        history.apply(replace(EPOCH, epoch=n, step=10 * n), 1.0)
        history.apply(StepsTrained(n, 10 * n, 0.1, 0.1, 9, 9.0, 1.0, 1e-3), 1.0)
        history.apply(PreviewSaved(n, f"{n}.png", 10 * n), 1.0)
    history.apply(replace(STARTED, step=20, epoch=2), 1.0)
    assert [*history.epochs] == [0, 1, 2]
    assert [steps.step for steps in history.steps] == [0, 10, 20]
    assert [preview.file for preview in history.previews] == ["0.png", "1.png", "2.png"]


def test_pictures_without_end(old_run):
    folder = old_run()
    lines = (to_json(PreviewSaved(n, f"{n}.png", n), 1.0) for n in range(120_000))
    folder.events.write_text("\n".join(lines) + "\n")
    history, _ = read_history(folder)
    assert [history.previews[0].file, history.previews[-1].file] == ["20000.png", "119999.png"]


def under_a_bound(*arguments: str) -> subprocess.CompletedProcess[str]:
    """aetui in a process that may take `MOST_BYTES`."""
    bound = lambda: resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))  # noqa: E731
    command = [sys.executable, "-m", "aetui", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=bound, check=False)


@pytest.mark.parametrize("item", ["{}", "1", '{"file": 3}'])
def test_a_list_of_a_million_mistakes(old_run, item):
    folder = old_run()
    number = 990_000 // (len(item) + 1)
    (folder.checkpoints / "index.json").write_text("[" + ",".join([item] * number) + "]")
    with pytest.raises(DamagedIndex, match="damaged"):
        read_index(folder.checkpoints)
    shown = under_a_bound("show", str(folder.path))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "warning: The list of checkpoints is damaged" in shown.stdout


@pytest.mark.parametrize("key", ["command", "versions"])
def test_a_meta_file_of_mistakes(old_run, key):
    folder = old_run()
    crafted = {"command": [1] * 400_000, "versions": {str(n): 1 for n in range(80_000)}}[key]
    meta = json.loads(folder.meta_file.read_text()) | {key: crafted}
    folder.meta_file.write_text(json.dumps(meta, separators=(",", ":")))
    with pytest.raises(DamagedMeta, match="damaged"):
        folder.read_meta()
    listed = under_a_bound("runs", "--runs", str(folder.path.parent))
    assert (listed.returncode, "damaged" in listed.stderr) == (0, True)


def test_a_checkpoint_that_is_a_hole(tmp_path):
    path = tmp_path / "epoch_0001_step_00000001.pt"
    with path.open("wb") as file:
        file.truncate(2 * 10**9)
    with pytest.raises(ValueError, match="holes"):
        check_size(path)
