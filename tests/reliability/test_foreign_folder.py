"""A run's folder may come from anybody: whatever stands in it, nothing outside of it is touched."""

import contextlib
import json
import os
import shutil
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outside import untouched

from aetui.cli import main
from aetui.data.catalogue import SETS
from aetui.data.finding import BINARY_ARCHIVE, data_dir_of_run, data_dir_to_load
from aetui.errors import AetuiError
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.runs.folder import RunFolder
from aetui.runs.listing import list_runs
from aetui.training.supervisor import supervise
from aetui.ui.app import AetuiApp
from aetui.ui.calculator.sample_of import find_sample
from aetui.ui.settings import Settings

FILES = ("meta.json", "checkpoints/index.json", "events.jsonl", "control.jsonl")
ENOUGH = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ALL_OF_IT = settings(ENOUGH, max_examples=600)


@pytest.fixture
def outside(tmp_path) -> Path:
    """Somebody's files beside the runs folder."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("victim.txt", "index.json", "epoch_0001_step_00000157.pt", "epoch_0000.png"):
        (folder / name).write_text("mine")
    return folder


def use(folder: RunFolder, to: Path) -> None:
    """Everything that looks at a run without training it; what cannot be must be a sentence."""
    list_runs(folder.path.parent)
    for command in (("show",), ("show", "--json"), ("export", "--to", str(to))):
        assert main([*command[:1], str(folder.path), *command[1:]]) in (0, 1, 2)
    assert main(["runs", "--runs", str(folder.path.parent)]) == 0


def resume(folder: RunFolder, data_dir: Path) -> None:
    """Train on to the end, or not at all."""
    with contextlib.suppress(AetuiError):
        supervise(folder, data_dir=data_dir)


@contextlib.asynccontextmanager
async def watched(folder: RunFolder):
    """The app on the run, and its menu below."""
    app = AetuiApp(Settings(folder.path.parent, folder.path.parent / "data"))
    async with app.run_test(size=(140, 40)) as pilot:
        app._show_run(folder)
        await pilot.pause()
        await pilot.press("pagedown", "v", "v", "4", "5", "l", "x", "left", "w", "e", "m")
        await pilot.pause()
        yield pilot


# ── values ─────────────────────────────────────────────────────────────────


def hostile(outside: Path, like: object) -> st.SearchStrategy:
    """Values for a field: names that lead out, numbers out of every range, other types."""
    victim = outside / "victim.txt"
    up = "../" * 12
    names = [
        str(victim), f"{up}{str(victim)[1:]}", "../../../outside/victim.txt", "../index.json", "link.png",
        "..", ".", "", "/", "~", "a\0b", "/dev/zero", "/dev/stdin", str(outside), "x" * 5000, "\ud800",
        "[/x]", "\x1b]0;owned\x07",
    ]  # fmt: skip
    numbers = [0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 1e308, -1e308, 0.5]
    others = [None, True, [], {}, [[[]]], {"a": 1}]
    drawn = st.one_of(st.sampled_from(names), st.sampled_from(numbers), st.sampled_from(others), st.text())
    return drawn.filter(lambda value: value != like)


def records(path: Path) -> list[dict]:
    text = path.read_text() if path.exists() else ""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    loaded = json.loads(text)
    return loaded if isinstance(loaded, list) else [loaded]


def poison(folder: RunFolder, outside: Path, data: st.DataObject) -> str:
    """Change one field of one file of the run; returns which."""
    (folder.previews / "link.png").symlink_to(outside / "epoch_0000.png")
    (folder.checkpoints / "link.png").symlink_to(outside / "epoch_0001_step_00000157.pt")
    path = folder.path / data.draw(st.sampled_from(FILES))
    found = records(path)
    if not found:
        value = data.draw(hostile(outside, None))
        path.write_text(f"{value if isinstance(value, str) else json.dumps(value)}\nstop\n", errors="replace")
        return f"{path.name}: {value!r}"
    number = data.draw(st.integers(0, len(found) - 1))
    key = data.draw(st.sampled_from(sorted(found[number])))
    found[number][key] = value = data.draw(hostile(outside, found[number][key]))
    lines = "".join(json.dumps(record) + "\n" for record in found)
    is_list = path.name == "index.json"
    path.write_text(json.dumps(found) if is_list else lines if path.suffix == ".jsonl" else lines.strip())
    return f"{path.name}[{number}].{key} = {value!r}"


def try_values(old_run, outside, tmp_path, data) -> None:
    folder = old_run()
    print(poison(folder, outside, data))
    with untouched(outside):
        use(folder, tmp_path / "export")
        resume(folder, tmp_path / "data")


@ENOUGH
@given(data=st.data())
def test_no_value_of_any_field_leads_out(old_run, small_data, outside, tmp_path, data):
    try_values(old_run, outside, tmp_path, data)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@ALL_OF_IT
@given(data=st.data())
def test_no_value_of_any_field_leads_out_tried_for_long(old_run, small_data, outside, tmp_path, data):
    try_values(old_run, outside, tmp_path, data)


@settings(ENOUGH, max_examples=8)
@given(data=st.data())
async def test_no_value_of_any_field_breaks_the_screens(old_run, outside, data):
    folder = old_run()
    print(poison(folder, outside, data))
    with untouched(outside):
        async with watched(folder) as pilot:
            assert pilot.app.return_code in (None, 0)


def test_a_list_that_names_files_elsewhere_deletes_none(old_run, small_data, outside, tmp_path, capsys):
    """Thinning out old checkpoints once deleted what the list named, wherever it was."""
    for name in (str(outside / "victim.txt"), "../../../../outside/victim.txt"):
        folder = old_run()
        index = folder.checkpoints / "index.json"
        entries = json.loads(index.read_text())
        index.write_text(json.dumps([{**entries[0], "file": name}, *entries], indent=1))
        with untouched(outside):
            resume(folder, tmp_path / "data")
        assert main(["show", str(folder.path)]) == 0
        assert f"{index}:3: file: " in capsys.readouterr().out


# ── links, pipes and folders in the place of files ─────────────────────────

NAMES = (
    "config.toml", "meta.json", "events.jsonl", "control.jsonl", "log.txt", "lock", "previews", "checkpoints",
    "checkpoints/index.json", "checkpoints/epoch_0001_step_00000158.pt", "previews/epoch_0000.png",
    "previews/epoch_0002.png", "meta.json.tmp", "config.toml.tmp", "checkpoints/index.json.tmp",
    "checkpoints/epoch_0002_step_00000161.pt",
)  # fmt: skip
numbers = count()


def put(kind: str, path: Path, outside: Path) -> None:
    """A link to somebody's file or folder, a second name of it, or a pipe."""
    target = outside / f"target{next(numbers)}"
    if path.is_dir():
        shutil.move(path, target)
    else:
        target.write_bytes(path.read_bytes() if path.exists() else b"mine")
        path.unlink(missing_ok=True)
    match kind:
        case "link":
            path.symlink_to(target)
        case "hard link" if target.is_file():
            os.link(target, path)
        case "pipe":
            os.mkfifo(path)


@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
@pytest.mark.parametrize("name", NAMES)
async def test_no_link_is_followed_and_no_pipe_waited_for(old_run, small_data, outside, tmp_path, name, kind):
    folder = old_run()
    put(kind, folder.path / name, outside)
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    guard = contextlib.nullcontext() if kind == "hard link" else untouched(outside)
    with guard:
        use(folder, tmp_path / "export")
        if kind != "hard link":  # it reads as any file
            async with watched(folder):
                pass
        resume(folder, tmp_path / "data")
    assert {path: path.read_bytes() for path in before} == before


def whole_by_size(folder, files) -> None:
    """Files of a set as far as a look at their sizes tells."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.truncate(path, file.size)


def test_data_is_fetched_only_where_this_user_keeps_it(tmp_path):
    """A run's meta.json may name any folder: data is read there if it is whole, and never written."""
    own, foreign = tmp_path / "own", tmp_path / "foreign"
    foreign.mkdir()
    assert data_dir_of_run("mnist", foreign, own) == own
    assert data_dir_of_run("folder", foreign, own) == own
    whole_by_size(foreign, SETS["mnist"].files)
    assert data_dir_of_run("mnist", foreign, own) == foreign


def test_an_archive_that_a_foreign_run_names_is_not_unpacked(tmp_path):
    """It would be where it lies, and so in a folder that the run chose, or behind a link in it."""
    own, foreign = tmp_path / "own", tmp_path / "foreign"
    foreign.mkdir()
    for archive in (*SETS["cifar10"].archives, BINARY_ARCHIVE):
        whole_by_size(foreign, [archive])
        assert data_dir_to_load("cifar10", foreign, own) == own
    whole_by_size(foreign, SETS["cifar10"].files)
    assert data_dir_of_run("cifar10", foreign, own) == foreign


def test_a_table_that_a_foreign_run_names_is_not_opened(tmp_path):
    """A link of that name may lead to any table; only the user can tell that it is the set."""
    secret, foreign = tmp_path / "salaries.csv", tmp_path / "foreign"
    secret.write_text("label," + ",".join(map(str, range(784))) + "\n")
    foreign.mkdir()
    (foreign / "train.csv").symlink_to(secret)
    os.utime(secret, (1, secret.stat().st_mtime))
    assert data_dir_of_run("mnist", foreign, tmp_path / "own") == tmp_path / "own"
    with pytest.raises(
        AetuiError, match=r"CSV files in .*foreign.*nothing tells that they are MNIST"
    ) as said:
        data_dir_to_load("mnist", foreign, tmp_path / "own")
    assert f"--data {foreign}" in said.value.hint
    assert secret.stat().st_atime == 1
    assert data_dir_to_load("mnist", foreign, foreign) == foreign


def test_numbers_that_lack_or_are_none_are_told_as_a_dash(old_run, capsys):
    folder = old_run()
    lines = folder.events.read_text().splitlines()
    (first, *_) = [json.loads(line) for line in lines if '"EpochFinished"' in line]
    with folder.events.open("a") as log:
        for epoch, accuracy in ((2, 0.5), (3, None)):
            record = {**first, "epoch": epoch, "step": 158, "test_accuracy": accuracy}
            log.write(json.dumps(record | {"seconds": None, "not_finite": {"seconds": "nan"}}) + "\n")
    assert main(["show", str(folder.path)]) == 0
    assert "50.0%" in capsys.readouterr().out
    assert main(["show", str(folder.path), "--json"]) == 0
    assert "NaN" not in capsys.readouterr().out


def test_no_picture_is_looked_for_behind_a_link(tmp_path, outside):
    images = np.zeros((1, 28, 28, 1), np.uint8)
    (outside / "epoch_0001.png").write_bytes(to_png(Sheet({"original": images}, (Sample(0, "7"),))))
    (tmp_path / "runs" / "evil").mkdir(parents=True)
    (tmp_path / "runs" / "evil" / "previews").symlink_to(outside)
    with untouched(outside):
        assert find_sample(tmp_path / "runs", (1, 28, 28)) is None
