"""The command line: one file a verb; each parses, then imports its room inside the function."""

import argparse
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TextIO

from aetui import __version__
from aetui.cli.options import add_common_options, add_set_option
from aetui.errors import EXIT_SIGNAL, UNLOADABLE, AetuiError, OutOfMemory, UsageError
from aetui.text import safe_text
from aetui.training.ranks.environment import ranks

VERBS = (
    "train",
    "watch",
    "resume",
    "branch",
    "runs",
    "show",
    "compare",
    "sweep",
    "queue",
    "presets",
    "data",
    "conv",
    "devices",
    "doctor",
    "export",
    "control",
    "probe",
    "finetune",
    "import",
)

BY_TORCHRUN = ("train", "resume")
MODULES = {"import": "import_weights"}
"""Where a verb's file is called otherwise: `import` is a word of Python."""
NO_THREAD = "can't start new thread"
"""In what Python raises then."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    _fill_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # a library's, for programmers; while a run trains they go to its log
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        Path.cwd()  # gone, everything would end in other words somewhere
        options = _parser(words).parse_args(words)
        _check_torchrun(options)
        code: int = options.run(options)
        sys.stdout.flush()
    except AetuiError as error:
        return _refuse(error)
    except BrokenPipeError:
        _write_no_more(sys.stdout)
        return EXIT_SIGNAL + signal.SIGPIPE
    except OSError as error:
        _write_no_more(sys.stdout)
        return _refuse(_told(error))
    except MemoryError:
        return _refuse(OutOfMemory("The memory is not enough", "see `ulimit -v`, or end other programs"))
    except RuntimeError as error:
        if NO_THREAD not in str(error):
            raise
        return _refuse(AetuiError("No more threads can be started", "end other programs, or see `ulimit -u`"))
    except ImportError as error:
        hint = "where memory is not limited (`ulimit -v`), install aetui anew"
        return _refuse(AetuiError(f"{UNLOADABLE}{error}", hint))
    except KeyboardInterrupt:
        return EXIT_SIGNAL + signal.SIGINT
    return code


def _fill_closed_streams() -> None:
    """Where a standard stream is closed, put nothing in its place: a file opened later would have its number.

    Such a file would be written to by libraries, and closed where the streams are pointed elsewhere.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdout, sys.stderr = (
        stream or Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
        for stream in (sys.stdout, sys.stderr)
    )


def _check_torchrun(options: argparse.Namespace) -> None:
    """Every rank runs the same command, and only these know what that means. Raises UsageError."""
    if ranks() > 1 and options.run.__module__.rpartition(".")[2] not in BY_TORCHRUN:
        raise UsageError(
            "torchrun can start `aetui train` and `aetui resume`, nothing else", "leave torchrun away"
        )


def _told(error: OSError) -> AetuiError:
    if error.filename:
        return AetuiError(f"{error.filename} cannot be read or written: {error.strerror}")
    if isinstance(error, FileNotFoundError):  # of os.getcwd
        return UsageError("The working folder is gone", "go to another one")
    return AetuiError(f"The output cannot be written: {error.strerror or error}")


def _refuse(error: AetuiError) -> int:
    try:
        for line in filter(None, (*error.message.splitlines(), error.hint)):
            print(f"aetui: {safe_text(line)}", file=sys.stderr)
    except OSError:
        _write_no_more(sys.stderr)
    return error.exit_code


def _write_no_more(stream: TextIO) -> None:
    """Whoever reads has left, or the disk is full: what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser with the verbs that `words` name, or with all of them."""
    from aetui.cli import app

    parser = argparse.ArgumentParser(
        prog="aetui",
        description="Train autoencoders with PyTorch and watch them in the terminal. "
        "Without a command: the app, with a menu of presets.",
    )
    parser.add_argument("--version", action="version", version=f"aetui {__version__}")
    parser.add_argument("--preset", metavar="NAME|FILE", help="open the app and train this preset at once")
    add_set_option(parser, "early_changes")
    add_common_options(parser)
    parser.set_defaults(run=app.run)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND")
    for verb in [verb for verb in VERBS if verb in words] or VERBS:
        import_module(f"aetui.cli.{MODULES.get(verb, verb)}").add(verbs)
    return parser
