"""How PyTorch comes into a process: with nothing from folders that may be anybody's.

libcusparseLt, which it loads, asks for the driver's library `libcuda.so.1`, and its search path has an empty
part, which is the working folder (ld.so(8)). And where PyTorch keeps compiled code, in /tmp under the user's
name, another user can have made a folder, or a file that ends every import.
"""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

COMPILED_CODE = "TORCHINDUCTOR_CACHE_DIR"
"""Where PyTorch keeps the code that it compiled."""
SAFE_PATH = "PYTHONSAFEPATH"
"""Set, no Python that PyTorch starts takes modules from the working folder."""


class TorchFinder(MetaPathFinder):
    """Finds PyTorch as ever, to be loaded from `/`, and leaves all else to the other finders."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Like any finder's: https://docs.python.org/3/library/importlib.html."""
        if fullname != "torch":
            return None
        others = (one for one in sys.meta_path if one is not self and hasattr(one, "find_spec"))
        spec = next(filter(None, (finder.find_spec(fullname, path, target) for finder in others)), None)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(_load_elsewhere, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


def _load_elsewhere(load: Callable[[ModuleType], None], module: ModuleType) -> None:
    """Meanwhile no other thread may go by the working folder."""
    from aetui.own_folders import compiled_code_folder

    if folder := compiled_code_folder():
        os.environ.setdefault(COMPILED_CODE, str(folder))
    try:
        here = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))  # on Linux also of one that cannot be read
    except OSError:  # of one that cannot be entered, from which nothing can be loaded either
        load(module)
        return
    os.chdir("/")
    try:
        load(module)
    finally:
        os.fchdir(here)
        os.close(here)
