"""Sizes of one sample: (channels, *axes), or (features,) after `flatten`; and how they are written."""

import math
import re

from aetui.errors import UsageError

Size = tuple[int, ...]
"""(channels, *axes) with one to three axes, or (features,). The batch is not part of it."""

MAX_AXES = 3
MAX_NUMBER = 1_000_000
"""The largest channel count, axis, kernel, stride, padding or dilation that is computed with."""
MAX_ELEMENTS = 1_000_000_000
"""The most numbers one sample may hold between two layers: 4 GB as float32."""


def parse_size(text: str) -> Size:
    """Read a size: "28" -> (1, 28), "1x784" -> (1, 784), "1x28x28" and "(1, 28, 28)" -> (1, 28, 28).

    Raises `UsageError` for anything else, for more than three axes and for numbers out of bounds.
    """
    example = "write channels x axes, for example 1x28x28, or one number for one axis: 28"
    written = _as_shape(text.strip())
    if not re.fullmatch(r"[0-9]+(x[0-9]+)*", written):
        raise UsageError(f"{quote(written)} is not a size", example)
    size = tuple(whole_number(part) for part in written.split("x"))
    if len(size) == 1:
        size = (1, *size)
    if len(size) > MAX_AXES + 1:
        raise UsageError(f"{quote(written)} has {len(size) - 1} axes, at most {MAX_AXES} are known", example)
    reason = out_of_bounds(size)
    if reason:
        raise UsageError(f"size {quote(written)}: {reason}", example)
    return size


def _as_shape(text: str) -> str:
    """What is written as Python prints a shape, with commas, written with x."""
    inner = re.fullmatch(r"(?:torch\.Size)?[(\[]*([0-9, ]+)[)\]]*", text)
    numbers = [part.strip() for part in inner[1].strip(", ").split(",")] if inner and "," in text else []
    return "x".join(numbers) or text


def format_size(size: Size) -> str:
    """(1, 28, 28) -> "1x28x28"; the features after `flatten` are one number: (784,) -> "784"."""
    return "x".join(str(number) for number in size)


def out_of_bounds(size: Size) -> str:
    """Why no sample can have this size, or "" when one can."""
    if min(size) < 1:
        return f"{min(size)} is not a size, every number must be at least 1"
    if max(size) > MAX_NUMBER and len(size) > 1:
        return f"{max(size):,} is more than the bound of {MAX_NUMBER:,} for channels and axes"
    if len(size) > MAX_AXES + 1:
        return f"{len(size) - 1} axes are more than the {MAX_AXES} that are known"
    if math.prod(size) > MAX_ELEMENTS:
        return f"{math.prod(size):,} numbers a sample are more than the bound of {MAX_ELEMENTS:,}"
    return ""


def whole_number(digits: str) -> int:
    """The value of a string of digits; one that is too long to matter becomes a number above every bound."""
    return int(digits) if len(digits) <= 15 else 10**15


def quote(text: str) -> str:
    """`text` for an error message: in quotes, control characters visible, cut after 60 characters."""
    return repr(text if len(text) <= 60 else text[:60] + "…")
