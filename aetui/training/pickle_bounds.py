"""What a pickle would cost, told from its opcodes before any is carried out.

`torch.load` with `weights_only` runs no code, but a few hundred bytes of it may ask for any memory or time: a
`bytearray` of any length, a text copied again and again, or tuples that hold the one before twice, whose
hash as a key takes 2^n steps.
"""

import contextlib
import io
import pickletools
import re
import zipfile
from typing import BinaryIO

MOST_BYTES = 8_000_000
"""Of a pickle; the one of a vision transformer with its optimizer has 0.2 MB. Tensors are not in it."""
MOST_PARTS = 1_000_000
"""Of what a value in it holds, counted as often as it is held."""
PICKLES = 4
"""Of torch's format before 1.6, which has its version and the machine's before the content."""
LARGE = ("bytearray",)
"""Ends of the names of what may be asked for in any length."""
COPIED = ("_codecs encode",)
"""What makes a text anew each time."""
MOST_COPIED = 50_000_000
"""Bytes of such texts."""
ZIP = b"PK\x03\x04"
PICKLE = re.compile(r"\.pkl$", re.IGNORECASE)
"""How the names end that torch may look for."""


def refuse_costly(file: BinaryIO) -> None:
    """Raises ValueError for a file of torch.save whose pickle would cost more than its size lets expect."""
    for pickled in _pickles(file):
        if _parts(pickled) > MOST_PARTS:
            raise ValueError("not a checkpoint: what it holds would grow without bounds")
    file.seek(0)


def _pickles(file: BinaryIO) -> list[io.BytesIO]:
    """The bounded beginnings of the pickles, of a zip archive or the file itself. Raises ValueError."""
    file.seek(0)
    if file.read(len(ZIP)) != ZIP:
        file.seek(0)
        return [io.BytesIO(file.read(MOST_BYTES))]
    try:
        with zipfile.ZipFile(file) as archive:
            return [_member(archive, item) for item in archive.infolist() if PICKLE.search(item.filename)]
    except ValueError:
        raise
    except Exception as error:  # what cannot be looked into, torch may read all the same
        raise ValueError(f"not a checkpoint: its archive is damaged ({error})") from None


def _member(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> io.BytesIO:
    if item.file_size > MOST_BYTES:
        raise ValueError("not a checkpoint: it holds more than tensors")
    with archive.open(item) as member:
        return io.BytesIO(member.read(MOST_BYTES))


def _parts(pickled: io.BytesIO) -> int:
    """The parts of the largest value; what is damaged ends the count, as it ends the loading."""
    most = 0
    with contextlib.suppress(ValueError, LookupError):
        for _ in range(PICKLES):
            most = max(most, _of_one(pickled))
            if most > MOST_PARTS:
                break
    return most


def _of_one(pickled: io.BytesIO) -> int:
    """Follow the opcodes of one pickle on a stack of sizes. Raises ValueError and LookupError at damage."""
    stack: list[int | None] = []  # None is a mark
    memo: dict[int, int] = {}
    most = longest = copied = 0
    copies = False
    for opcode, argument, _ in pickletools.genops(pickled):
        name = opcode.name
        if isinstance(argument, str | bytes):
            longest = max(longest, len(argument))
            copies = copies or str(argument) in COPIED
        copied += longest if copies and name == "REDUCE" else 0
        if name.endswith("GET"):
            stack.append(memo[int(str(argument))])
        elif name.endswith("PUT") or name == "MEMOIZE":
            memo[len(memo) if argument is None else int(str(argument))] = stack[-1] or 0
        elif name == "DUP":
            stack.append(stack[-1])
        elif name == "MARK":
            stack.append(None)
        else:
            if name in ("GLOBAL", "STACK_GLOBAL", "INST") and str(argument).endswith(LARGE):
                return MOST_PARTS + 1
            taken = 0
            before = list(opcode.stack_before)
            if pickletools.markobject in before:
                while (size := stack.pop()) is not None:
                    taken += size
                before = before[: before.index(pickletools.markobject)]
            for _ in before:
                taken += stack.pop() or 0
            stack += [1 + taken] * len(opcode.stack_after)
            most = max(most, taken)
            if most > MOST_PARTS or copied > MOST_COPIED:
                return MOST_PARTS + 1
    return most
