"""The two ways a chain can be wrong: a line that is no layer, and a layer that does not fit its input."""

from aetui.errors import UsageError


class LanguageError(UsageError):
    """A line that is not a layer. `index` is its place among the lines given, counted from 0."""

    def __init__(self, message: str, hint: str = "", index: int = 0) -> None:
        super().__init__(message, hint)
        self.index = index


class ShapeError(UsageError):
    """A layer that cannot take its input. `index` is its place in the chain, counted from 0."""

    def __init__(self, message: str, hint: str = "", index: int = 0) -> None:
        super().__init__(message, hint)
        self.index = index
