"""What a file that should hold weights is instead, and what to do about it."""

import contextlib
import io
import json
import pickletools
import re
import struct
import zipfile
from typing import BinaryIO, NamedTuple

from aetui.text import format_bytes

HEAD_BYTES = 1024
MOST_TOLD = 10**15
"""Bytes that a foreign file may claim to have; more is no answer."""
MOST_READ = 2_000_000
"""Bytes of a header that are read to tell how long the file should be."""
LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Of a zip's member: its mark, and the lengths of its name and of the field behind it (APPNOTE 4.3.7)."""
ITEM_BYTES = {
    f"torch.{kind}Storage": size
    for size, kinds in {
        16: ("ComplexDouble",),
        8: ("Double", "Long", "ComplexFloat"),
        4: ("Float", "Int"),
        2: ("Half", "BFloat16", "Short"),
        1: ("Char", "Byte", "Bool"),
    }.items()
    for kind in kinds
} | {"torch.storage.UntypedStorage": 1}
"""Of an element, by how a pickle names the type of a storage."""
SAVE_WEIGHTS = "save the weights alone where it was made: torch.save(model.state_dict(), 'weights.pt')"
AGAIN = "fetch it again; `curl -C - -O` and `wget -c` go on where a download ended"
LFS_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n.*?size (\d{1,15})\n", re.DOTALL)
MARKS = (
    (rb"\s*<(!doctype|html|\?xml)", "is a web page, not the file it tells of",
     "fetch the file itself: on Hugging Face its address has /resolve/ for /blob/"),
    (rb"\x1f\x8b", "is a gzip archive", "unpack it, and name the file in it"),
    (rb"\x89HDF\r\n", "is an HDF5 file, as Keras writes", "weights of PyTorch can be imported"),
    (rb"7z\xbc\xaf|Rar!|\xfd7zXZ|BZh", "is an archive", "unpack it, and name the file in it"),
    (rb"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19\.", "is in PyTorch's format before 1.6",
     "write it anew: torch.save(torch.load('old.pt', weights_only=True), 'new.pt')"),
    (rb"GGUF", "is a GGUF file", "weights of PyTorch can be imported"),
)  # fmt: skip
"""How files begin, what they are, and what helps."""


class Instead(NamedTuple):
    """What completes "FILE …", and what to do."""

    what: str
    hint: str = "torch.save and safetensors are read"


def is_safetensors(file: BinaryIO) -> bool:
    """Whether the file begins as safetensors do: the length of a JSON object, and that."""
    file.seek(0)
    start = file.read(9)
    file.seek(0)
    return len(start) == 9 and start[8:] == b"{" and int.from_bytes(start[:8], "little") < 100_000_000


def what_it_is(file: BinaryIO, size: int) -> Instead | None:
    """What a file of `size` bytes is that cannot be read as weights; None where nothing tells."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head:
        return Instead("is empty", AGAIN)
    if pointer := LFS_POINTER.match(head):
        what = f"is a Git LFS pointer: the file itself, {format_bytes(int(pointer[1]))}, was not fetched"
        return Instead(what, "in its repository: git lfs pull")
    for mark, what, hint in MARKS:
        if re.match(mark, head, re.IGNORECASE):
            return Instead(what, hint)
    if is_safetensors(file) and (told := _told_by_safetensors(file)) > size:
        return _cut_short(size, told)
    if head.startswith(b"PK\x03\x04"):
        return _zip(file, size)
    with contextlib.suppress(UnicodeDecodeError):
        text = head[:-3].decode() if len(head) == HEAD_BYTES else head.decode()
        if text.isprintable() or not re.search(r"[^\s\x20-\x7e\xa0-\U0010ffff]", text):
            return Instead("is text, not weights")  # its words are not for a run's log, which is passed on
    return None


def _zip(file: BinaryIO, size: int) -> Instead | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, struct.error, NotImplementedError, EOFError, ValueError):
        return _cut_short(size, _told_by_pickle(file))
    if any("/code/" in name or name.endswith("constants.pkl") for name in names):
        return Instead("is a TorchScript program, which would be run", SAVE_WEIGHTS)
    if any(name.endswith(".npy") for name in names):
        return Instead("is an archive of NumPy arrays", "weights of PyTorch can be imported")
    if not any(name.endswith("data.pkl") for name in names):
        return Instead("is a zip archive without weights", "unpack it, and name the file in it")
    return None


def _cut_short(size: int, told: int) -> Instead:
    least = f", and its tensors alone take {format_bytes(told)}" if told > size else ""
    return Instead(f"ends too early: {format_bytes(size)} are here{least}", AGAIN)


def _told_by_safetensors(file: BinaryIO) -> int:
    """The bytes that the header tells the file has; 0 where it is damaged itself."""
    length = int.from_bytes(file.read(8), "little")
    try:
        header = json.loads(file.read(min(length, MOST_READ)))
        ends = [part["data_offsets"][1] for name, part in header.items() if name != "__metadata__"]
        told = max(end for end in ends if isinstance(end, int))
        return 8 + length + told if told < MOST_TOLD else 0
    except (ValueError, KeyError, TypeError, LookupError, AttributeError, RecursionError):
        return 0
    finally:
        file.seek(0)


def _told_by_pickle(file: BinaryIO) -> int:
    """The bytes of all tensors that the first member of a torch.save tells; 0 where it does not.

    It is a pickle that names the type and the number of elements of each storage before it loads that
    (`BINPERSID`). Its opcodes are listed, none is carried out.
    """
    file.seek(0)
    head = file.read(LOCAL_HEADER.size)
    if len(head) < LOCAL_HEADER.size:
        return 0
    _, name, extra = LOCAL_HEADER.unpack(head)
    file.seek(name + extra, 1)
    pickled = io.BytesIO(file.read(MOST_READ))  # from which nothing larger can be read
    told, kinds, named, item_bytes, elements = 0, dict[int, int](), 0, 0, 0
    with contextlib.suppress(ValueError):  # damaged, or cut within
        for opcode, argument, _ in pickletools.genops(pickled):
            number = argument if isinstance(argument, int) and 0 <= argument < MOST_TOLD else None
            match opcode.name:
                case "BINPUT" | "LONG_BINPUT":
                    kinds[number or 0] = named
                case "BINGET" | "LONG_BINGET":
                    item_bytes = kinds.get(number or 0) or item_bytes
                case "BINPERSID":
                    told += elements * item_bytes
                case _:
                    elements = number or elements
            if told > MOST_TOLD:
                return 0
            named = ITEM_BYTES.get(str(argument).replace(" ", "."), 0) if opcode.name == "GLOBAL" else 0
            item_bytes = named or item_bytes
    return told
