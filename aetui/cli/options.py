"""Options that several verbs share."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aetui.terminal.images_option import IMAGES_OPTIONS
from aetui.text import safe_text

Verbs = Any
"""What argparse's add_subparsers returns; it has no public type."""


def add_verb(
    verbs: Verbs, name: str, run: Callable[[argparse.Namespace], int], sentence: str
) -> argparse.ArgumentParser:
    """A verb with the common options; `sentence` stands in the list of commands and heads its help."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=sentence, description=sentence)
    add_common_options(parser, inherited=True)
    parser.set_defaults(run=run)
    return parser


def add_common_options(parser: argparse.ArgumentParser, *, inherited: bool = False) -> None:
    """Options every verb takes. They are valid before the verb too; then the verb's own leave them alone."""
    group = parser.add_argument_group("common options")

    def option(name: str, default: object, **settings: Any) -> None:
        group.add_argument(name, default=argparse.SUPPRESS if inherited else default, **settings)

    option("--runs", Path("runs"), type=Path, metavar="DIR", help="where runs are kept (default: runs)")
    option(
        "--data",
        None,
        type=_noted_path,
        metavar="DIR",
        help="where data sets are (default: the user's cache)",
    )
    option("--device", None, metavar="NAME", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    option("--threads", None, type=_threads, metavar="N", help="processor threads for training")
    images = "how pictures are drawn: auto, half, ascii, sixel, kitty or off (default: auto)"
    option("--images", "auto", choices=IMAGES_OPTIONS, metavar="WAY", help=images)
    option("--ascii", "auto", dest="images", action="store_const", const="ascii", help="pictures as ASCII")
    shared = "others may read, and steer, the runs made here as far as the umask lets them"
    option("--shared", False, action="store_true", help=shared)
    option("--seed", None, type=_seed, metavar="N", help="overrides train.seed of the preset")


def add_set_option(parser: argparse.ArgumentParser, dest: str = "changes") -> None:
    sentence = "change one value of the preset, for example train.epochs=2; may be given again"
    parser.add_argument("--set", action="append", default=[], dest=dest, metavar="K=V", help=sentence)


def add_processes_option(parser: argparse.ArgumentParser) -> None:
    sentence = "processes that train together, or gpus: one a GPU; overrides train.processes of the preset"
    parser.add_argument("--processes", default=None, metavar="N", help=sentence)


def add_json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def add_run_argument(parser: argparse.ArgumentParser) -> None:
    sentence = "a run's name, a unique part of it, or its folder (default: the newest)"
    parser.add_argument("which", nargs="?", metavar="RUN", help=sentence)


def add_last_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", type=positive, default=0, metavar="N", help="the N newest runs as well")


def preset_changes(options: argparse.Namespace) -> list[str]:
    """All `section.key=value` changes asked for, before and after the verb; `--seed` says one of them too."""
    seed = [] if options.seed is None else [f"train.seed={options.seed}"]
    processes = getattr(options, "processes", None)
    told = [] if processes is None else [f"train.processes={processes}"]
    return [*options.early_changes, *getattr(options, "changes", []), *seed, *told]


def data_dir(options: argparse.Namespace) -> Path:
    """The folder for data sets."""
    from aetui.data.catalogue import default_data_dir

    return options.data or default_data_dir()


def _noted_path(text: str) -> Path:
    """A path that runs note: it must be text."""
    path = Path(text)
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"{safe_text(text)} is not UTF-8, as a run must note it") from None
    return path


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def _threads(text: str) -> int:
    number = positive(text)
    from aetui.runs.fields import MOST_THREADS

    if number > MOST_THREADS:
        raise argparse.ArgumentTypeError(f"{number} is more than {MOST_THREADS:,}")
    return number


def _seed(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"{number} is not between 0 and 2^32 - 1")
    return number
