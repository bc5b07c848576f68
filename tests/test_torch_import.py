"""PyTorch is loaded with nothing from folders that may be anybody's."""

import getpass
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aetui import torch_import
from aetui.torch_import import COMPILED_CODE

INTRUDER = """
#include <stdio.h>
__attribute__((constructor)) static void begin(void) { fclose(fopen("RAN", "w")); }
"""
LOAD = "import os, aetui, torch._dynamo; print(os.getcwd())"


def load(cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if name != COMPILED_CODE}
    command = [sys.executable, "-P", "-c", LOAD]
    return subprocess.run(
        command, cwd=cwd, env=known | environment, capture_output=True, text=True, timeout=100
    )


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")
def test_no_library_of_the_working_folder_is_loaded(tmp_path):
    """Where there is no driver, PyTorch alone would run this one."""
    (tmp_path / "intruder.c").write_text(INTRUDER.replace("RAN", str(tmp_path / "ran")))
    build = ["gcc", "-shared", "-fPIC", "-o", tmp_path / "libcuda.so.1", tmp_path / "intruder.c"]
    subprocess.run(build, check=True, timeout=60)
    loaded = load(tmp_path)
    assert loaded.stdout == f"{tmp_path}\n", loaded.stderr
    assert not (tmp_path / "ran").exists()


def test_pytorch_is_loaded_from_the_root_folder(tmp_path):
    """Whatever of it would be looked for in the working folder on this machine."""
    (tmp_path / "torch.py").write_text("import os; print(os.getcwd())")
    script = f"import sys, os; sys.path.insert(0, {str(tmp_path)!r}); import aetui, torch; print(os.getcwd())"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert loaded.stdout == f"/\n{tmp_path}\n", loaded.stderr


def test_a_file_in_the_place_of_the_folder_for_compiled_code_ends_nothing(tmp_path):
    """Another user could have made it, and PyTorch asks for that folder while it is imported."""
    (tmp_path / f"torchinductor_{getpass.getuser()}").touch()
    loaded = load(tmp_path, TMPDIR=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert loaded.returncode == 0, loaded.stderr
    assert (tmp_path / "cache" / "aetui" / "compiled").is_dir()


def test_a_working_folder_that_cannot_be_entered_is_no_hindrance(monkeypatch):
    """As for another user who is given a command in it. Nothing can be loaded from there either."""

    def refuse(path, flags):
        raise PermissionError

    loaded = []
    monkeypatch.setattr("aetui.torch_import.os.open", refuse)
    torch_import._load_elsewhere(loaded.append, torch_import)
    assert loaded == [torch_import]


def test_a_working_folder_that_is_gone_is_no_hindrance(tmp_path):
    command = (
        f"cd {tmp_path}/gone && rmdir {tmp_path}/gone && exec {sys.executable} -P -c 'import aetui, torch'"
    )
    (tmp_path / "gone").mkdir()
    subprocess.run(["sh", "-c", command], check=True, timeout=100)
