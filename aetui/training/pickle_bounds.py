"""What a pickle would cost, told from its opcodes before any is carried out.

`torch.load` with `weights_only` runs no code, but a few hundred bytes of it may ask for any memory or time: a
`bytearray` of any length, a set that is made of one list again and again, tuples that hold the one before
twice, whose hash as a key takes 2^n steps. So every pickle is followed to its end on a stack of sizes, and
what a file of weights has no need of is refused: other opcodes, calls and keys than those named here.
"""

import io
import pickletools
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

MOST_BYTES = 8_000_000
"""Of a pickle; the one of a vision transformer with its optimizer has 0.2 MB. Tensors are not in it."""
MOST_PARTS = 1_000_000
"""Of what a value in it holds, counted as often as it is held; and of opcodes and what is given to calls."""
PICKLES = 5
"""Of torch's format before 1.6: two before the machine's sizes, the content, and its tensors' keys."""
LETTERS = 64
"""Of a text count as a part."""
LARGEST_KEY = 2**61 - 2
"""Numbers up to here have a hash each: `sys.hash_info.modulus`."""
CALLED = re.compile(
    r"torch\._utils\._rebuild_(tensor(_v[23])?|parameter(_with_state)?)|torch\.nn\.parameter\.Parameter|torch\.Size"
    r"|torch\.device|torch\.serialization\._get_layout|collections\.(OrderedDict|Counter)|builtins\.set"
    r"|_codecs\.encode|argparse\.Namespace|pathlib(\._local)?\.\w+Path"
)
"""What a pickle may call, by module and name. Others, as torch's storages and `_rebuild_from_type_v2`, take
any memory that a number tells them, or call what they are given."""
HASHING = re.compile(r"collections\..*|builtins\.set")
"""Those that hash what they are given."""
ENCODE, ENCODING = "_codecs.encode", "latin1"
"""What makes bytes of a text, and how a pickle of Python has it done; some other ways take quadratic time."""
ZIP = b"PK\x03\x04"
PICKLE = re.compile(r"\.pkl$", re.IGNORECASE)
"""How the names end that torch may look for."""
NUMBERS = ("BININT", "BININT1", "BININT2", "LONG1")
TEXTS = ("BINUNICODE", "SHORT_BINSTRING")
PLAIN = ("NONE", "NEWTRUE", "NEWFALSE", "BINFLOAT")
EMPTY = ("EMPTY_TUPLE", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET")
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class NoTensorError(ValueError):
    """A pickle calls what no file of weights needs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"not a checkpoint: it {no_tensor(name)}")
        self.name = name


def no_tensor(name: str) -> str:
    """Completes "the file …"."""
    return (
        f"holds {name.removeprefix('builtins.')}, which is no tensor: it could run code and is never loaded"
    )


def refuse_costly(file: BinaryIO) -> None:
    """Raises ValueError for a file of torch.save whose pickle would cost more than its size lets expect."""
    for pickled in _pickles(file):
        _Follower().follow(pickled)
    file.seek(0)


def _pickles(file: BinaryIO) -> Iterator[io.BytesIO]:
    """Every pickle that torch reads, of a zip archive or the file itself. Raises ValueError."""
    file.seek(0)
    if file.read(len(ZIP)) != ZIP:
        file.seek(0)
        begins = io.BytesIO(file.read(MOST_BYTES))
        for _ in range(PICKLES):
            yield begins
        return
    try:
        with zipfile.ZipFile(file) as archive:
            found = [_member(archive, item) for item in archive.infolist() if PICKLE.search(item.filename)]
    except ValueError:
        raise
    except Exception as error:  # what cannot be looked into, torch may read all the same
        raise ValueError(f"not a checkpoint: its archive is damaged ({error})") from None
    yield from found


def _member(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> io.BytesIO:
    if item.file_size > MOST_BYTES:
        raise ValueError("not a checkpoint: it holds more than tensors")
    with archive.open(item) as member:
        return io.BytesIO(member.read(MOST_BYTES))


@dataclass
class _Value:
    """What a place of the stack holds."""

    size: int = 1
    """Parts; a container's grows."""
    text: str = ""
    """A short text, or the name of what may be called."""
    is_key: bool = False
    """Whether it may be a key: it has a hash of its own, at once."""
    is_dict: bool = False
    items: tuple["_Value", ...] = ()
    """Of a tuple; some may grow later."""


class _Follower:
    """One pickle, opcode by opcode, as torch's own unpickler takes them."""

    def __init__(self) -> None:
        self._stack: list[_Value] = []
        self._below: list[list[_Value]] = []
        """What the stack held before each mark."""
        self._memo: dict[int, _Value] = {}
        self._spent = 0
        self._plain = _Value(is_key=True)
        self._large_number = _Value()

    def follow(self, pickled: io.BytesIO) -> None:
        """To the end of the pickle. Raises ValueError where it costs too much or has none."""
        try:
            for opcode, argument, _ in pickletools.genops(pickled):
                self._spent += 1
                self._take(opcode.name, argument)
                if self._spent > MOST_PARTS or (self._stack and self._stack[-1].size > MOST_PARTS):
                    raise _costly()
        except LookupError:
            raise ValueError("not a checkpoint: it is damaged") from None

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
            stack.append(_Value(text=str(argument).replace(" ", ".").replace("__builtin__.", "builtins.")))
        elif name in NUMBERS:
            stack.append(self._plain if abs(argument) <= LARGEST_KEY else self._large_number)
        elif name in TEXTS:
            stack.append(_Value(1 + len(argument) // LETTERS, argument[:LETTERS], is_key=True))
        elif name in PLAIN:
            stack.append(self._plain)
        elif name in EMPTY:
            stack.append(_Value(is_dict=name == "EMPTY_DICT"))
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
            stack.append(_Value(stack.pop().size))
        elif name not in ("PROTO", "STOP"):
            raise ValueError(f"not a checkpoint: {name} is in none")

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
        self._stack[-1].size += _sizes(taken)

    def _call(self, name: str) -> None:
        """A call, or the state that an object is given; what hashes may take the square of the parts."""
        given, called = self._stack.pop(), self._stack.pop()
        if name == "BUILD":
            hashes = not given.is_dict
        elif not CALLED.fullmatch(called.text):
            raise NoTensorError(called.text or "a call of what it has made")
        else:
            hashes = bool(HASHING.fullmatch(called.text))
        if called.text == ENCODE and [item.text for item in given.items[1:]] != [ENCODING]:
            raise _costly()
        size = max(given.size, _sizes(given.items))
        self._spent += size**2 if hashes and size > 1 else size
        self._stack.append(_Value(1 + size))


def _tuple(items: Sequence[_Value]) -> _Value:
    return _Value(1 + _sizes(items), items=tuple(items))


def _sizes(values: Iterable[_Value]) -> int:
    return sum(value.size for value in values)


def _costly() -> ValueError:
    return ValueError("not a checkpoint: what it holds would grow without bounds")
