"""The borders of the house: what a command may load."""

import subprocess
import sys

import grimp
import pytest

LIGHT = ["torch", "textual", "numpy"]


def loaded(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    script = f"import sys\n{code}\nprint('\\n'.join({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.splitlines())


def command(*arguments: str) -> str:
    return f"from aetui.cli import main\ntry: main({list(arguments)!r})\nexcept SystemExit: pass"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["presets"], ["presets", "show", "digits-mlp"], ["runs"], ["data"]]
)
def test_light_commands_stay_light(arguments):
    assert not loaded(command(*arguments)) & set(LIGHT)


def test_the_app_needs_no_torch():
    assert not loaded("import aetui.ui.app") & {"torch", "torchvision", "numpy"}


def test_headless_training_needs_no_textual():
    assert not loaded("import aetui.training.supervisor, aetui.training.loop, aetui.training.preparing") & {
        "textual",
        "plotext",
    }


def test_a_trainer_hears_signals_before_it_loads_torch():
    assert "torch" not in loaded("import aetui.training.supervisor")


def test_no_two_files_import_each_other():
    graph = grimp.build_graph("aetui", cache_dir=None)
    arrows = {(one, other) for one in graph.modules for other in graph.find_modules_directly_imported_by(one)}
    assert ("aetui.training.loop", "aetui.training.steps") in arrows
    assert [f"{one} and {other}" for one, other in arrows if one < other and (other, one) in arrows] == []
