"""What a pickle would cost, told from its opcodes before any is carried out.

`torch.load` with `weights_only` runs no code, but a few hundred bytes of it may ask for any memory or time: a
`bytearray` of any length, a set that is made of one list again and again, tuples that hold the one before
twice, whose hash as a key takes 2^n steps. So every pickle is followed to its end on a stack of sizes, and
what a file of weights has no need of is refused: other opcodes, calls and keys than those named here.
"""

import io
import os
import pickletools
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from aetui.training.archives import open_archive
from aetui.training.not_weights import ITEM_BYTES

MOST_BYTES = 16_000_000
"""Of a pickle; that of the deepest model that a preset may have, 2,000 blocks, has 9.4 MB. Tensors are not in
it."""
MOST_PARTS, PARTS_A_BYTE = 1_000_000, 4
"""Of what a value in it holds, counted as often as it is held; and of opcodes and what is given to calls. A
longer pickle may have more: real ones have less than one a byte."""
LETTERS = 8
"""Of a text count as a part."""
LARGEST_KEY = 1_000_000
"""Of numbers that are keys, as in an optimizer's state. Larger ones can be chosen to meet in one place."""
LONGEST_NAME = 100
"""Of what a pickle names; torch looks at an unknown name in quadratic time."""
CALLED = re.compile(
    r"torch\._utils\._rebuild_(tensor(_v[23])?|parameter(_with_state)?)|torch\.Size"
    r"|torch\.device|torch\.serialization\._get_layout|collections\.(OrderedDict|Counter)|builtins\.set"
    r"|_codecs\.encode|argparse\.Namespace|pathlib(\._local)?\.\w+Path"
)
"""What a pickle may call, by module and name. Others, as torch's storages and `_rebuild_from_type_v2`, take
any memory that a number tells them, or call what they are given."""
NAMED = re.compile(r"torch\.[a-z]+\d*\w*|torch(\.storage)?\.\w+Storage")
"""What it may name besides: types of numbers and of storages."""
KEY = re.compile(r"\d{1,9}")
"""How torch.save calls a storage. Other spellings may be read as the same record, again and again."""
TENSOR = "torch._utils._rebuild_tensor"
"""How what makes a tensor begins. One that is made of nothing could be given any size."""
NAMESPACE = "argparse.Namespace"
WITH_STATE = ("collections.OrderedDict", "collections.Counter", NAMESPACE)
"""What may be given attributes. A tensor would take a size."""
HASHING = re.compile(r"collections\..*|builtins\.set")
"""Those that hash what they are given."""
ENCODE, ENCODING = "_codecs.encode", "latin1"
"""What makes bytes of a text, and how a pickle of Python has it done; some other ways take quadratic time."""
ZIP = b"PK\x03\x04"
PICKLE = re.compile(r"\.pkl$", re.IGNORECASE)
"""How the names end that torch may look for."""
NUMBERS = ("BININT", "BININT1", "BININT2", "LONG1")
TEXTS = ("BINUNICODE", "SHORT_BINSTRING")
PLAIN = ("NONE", "NEWTRUE", "NEWFALSE")
OTHERS = ("BINFLOAT", "EMPTY_TUPLE", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET")
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class RefusedError(ValueError):
    """A file that is no checkpoint."""

    def __init__(self, why: str) -> None:
        super().__init__(f"not a checkpoint: {why}")


class NoTensorError(RefusedError):
    """A pickle names what no file of weights needs."""

    def __init__(self, name: str) -> None:
        self.name = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
        super().__init__(f"it {no_tensor(self.name)}")


def no_tensor(name: str) -> str:
    """Completes "the file …"."""
    named = name.removeprefix("builtins.")
    return f"holds {named}, which is no tensor: it could run code and is never loaded"


def refuse_costly(file: BinaryIO) -> None:
    """Raises RefusedError for what torch.save has not written, or would cost more than its size tells."""
    size = os.fstat(file.fileno()).st_size
    for pickled in _pickles(file):
        _Follower(size).follow(pickled)
    file.seek(0)


def _pickles(file: BinaryIO) -> list[io.BytesIO]:
    """Every pickle that torch may read of the archive."""
    file.seek(0)
    if file.read(len(ZIP)) != ZIP:
        raise RefusedError("torch.save has not written it")
    try:
        with open_archive(file) as archive:
            items = archive.infolist()
            return [_member(archive, item) for item in items if PICKLE.search(item.orig_filename)]
    except (RefusedError, MemoryError):
        raise
    except Exception as error:  # what cannot be looked into, torch may read all the same
        raise RefusedError(f"its archive is damaged ({error})") from None


def _member(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> io.BytesIO:
    if item.file_size > MOST_BYTES:
        raise RefusedError("it holds more than tensors")
    with archive.open(item) as member:
        return io.BytesIO(member.read(MOST_BYTES))


@dataclass(slots=True)
class _Value:
    """What a place of the stack holds."""

    size: int = 1
    """Parts; a container's grows."""
    text: str = ""
    """A short text, or a name of code."""
    number: int = -1
    is_key: bool = False
    """Whether it may be a key: it has a hash of its own, at once."""
    is_dict: bool = False
    keys: set[str] | None = None
    """Texts among the keys of a dictionary."""
    made_by: str = ""
    """The name of what was called for it."""
    items: tuple["_Value", ...] = ()
    """Of a tuple; some may grow later."""


class _Follower:
    """One pickle, opcode by opcode, as torch's own unpickler takes them, in a file of so many bytes."""

    def __init__(self, file_bytes: int) -> None:
        self._file_bytes = file_bytes  # that are not told of yet
        self._stack: list[_Value] = []
        self._below: list[list[_Value]] = []
        """What the stack held before each mark."""
        self._memo: dict[int, _Value] = {}
        self._spent = 0
        self._storages: dict[str, int] = {}
        """Their bytes, by the keys that torch reads each once by."""

    def follow(self, pickled: io.BytesIO) -> None:
        """To the end of the pickle. Raises RefusedError where it costs too much or has none."""
        most = MOST_PARTS + PARTS_A_BYTE * len(pickled.getbuffer())
        try:
            for opcode, argument, _ in pickletools.genops(pickled):
                self._spent += 1
                self._take(opcode.name, argument)
                if self._spent > most or (self._stack and self._stack[-1].size > most):
                    raise _costly()
        except RefusedError:
            raise
        except (LookupError, ValueError):
            raise RefusedError("it is damaged") from None

    def _take(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name == "MARK":
            self._below.append(stack)
            self._stack = []
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name == "GLOBAL":
            stack.append(_Value(text=_named(argument)))
        elif name in NUMBERS:
            stack.append(_Value(number=argument, is_key=0 <= argument <= LARGEST_KEY))
        elif name in TEXTS:
            stack.append(_Value(1 + len(argument) // LETTERS, argument[:LONGEST_NAME], is_key=True))
        elif name in PLAIN or name in OTHERS:
            stack.append(_Value(is_key=name in PLAIN, is_dict=name == "EMPTY_DICT"))
        elif name in TUPLES:
            stack.append(_tuple([stack.pop() for _ in range(TUPLES[name])][::-1]))
        elif name == "TUPLE":
            items = self._down_to_mark()
            self._stack.append(_tuple(items))
        elif name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS"):
            self._fill(name)
        elif name in ("REDUCE", "NEWOBJ", "BUILD"):
            self._call(name)
        elif name == "BINPERSID":
            stack.append(self._storage(stack.pop()))
        elif name not in ("PROTO", "STOP"):
            raise RefusedError(f"{name} is in none")

    def _storage(self, told: _Value) -> _Value:
        """What tensors lie in: its kind, its key and how many numbers it has."""
        word, kind, key, _, count = told.items
        if word.text != "storage" or kind.text not in ITEM_BYTES or not KEY.fullmatch(key.text):
            raise RefusedError("it is damaged")
        more = count.number * ITEM_BYTES[kind.text] - self._storages.get(key.text, 0)
        if more > 0:
            self._storages[key.text] = self._storages.get(key.text, 0) + more
            self._file_bytes -= more
        if self._file_bytes < 0:
            raise RefusedError("it tells of more than is in it")
        return _Value(told.size)

    def _down_to_mark(self) -> list[_Value]:
        taken, self._stack = self._stack, self._below.pop()
        return taken

    def _fill(self, name: str) -> None:
        """What is put into a list, or into a dictionary."""
        pairs = name.startswith("SETITEM")
        if name.endswith("S"):
            taken = self._down_to_mark()
        else:
            taken = [self._stack.pop() for _ in range(1 + pairs)][::-1]
        if pairs and not all(key.is_key for key in taken[::2]):
            raise _costly()
        filled = self._stack[-1]
        filled.size += _sizes(taken)
        if filled.is_dict:
            filled.keys = set() if filled.keys is None else filled.keys
            filled.keys.update(key.text for key in taken[::2])

    def _call(self, name: str) -> None:
        """A call, or the state that an object is given; what hashes may take the square of the parts."""
        given, called = self._stack.pop(), self._stack.pop()
        if name == "BUILD":
            known = called.made_by in WITH_STATE and given.is_dict
            if not known or not _may_be(given.keys, called.made_by):
                raise NoTensorError(f"a state of {called.made_by or 'a value'}")
            called.size += given.size
            self._spent += given.size
            self._stack.append(called)
            return
        if not CALLED.fullmatch(called.text):
            raise NoTensorError(called.text or "the call of a value")
        if called.text == ENCODE and [item.text for item in given.items[1:]] != [ENCODING]:
            raise _costly()
        if "_parameter" in called.text and not given.items[0].made_by.startswith(TENSOR):
            raise RefusedError("it is damaged")
        size = max(given.size, _sizes(given.items))
        self._spent += size**2 if HASHING.fullmatch(called.text) and size > 1 else size
        self._stack.append(_Value(1 + size, made_by=called.text))


def _may_be(keys: set[str] | None, made_by: str) -> bool:
    """Whether an object made so may have these attributes: one in the place of a method would be called."""
    return made_by == NAMESPACE or not keys or keys <= {"_metadata"}


def _tuple(items: Sequence[_Value]) -> _Value:
    return _Value(1 + _sizes(items), items=tuple(items))


def _sizes(values: Iterable[_Value]) -> int:
    return sum(value.size for value in values)


def _named(argument: str) -> str:
    """A name of code, by module; Python 2 called builtins otherwise."""
    name = argument.replace(" ", ".").replace("__builtin__.", "builtins.")
    if len(name) > LONGEST_NAME or not (CALLED.fullmatch(name) or NAMED.fullmatch(name)):
        raise NoTensorError(name)
    return name


def _costly() -> RefusedError:
    return RefusedError("what it holds would grow without bounds")
