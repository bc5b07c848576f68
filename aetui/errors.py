"""Errors a user can cause: one sentence, what to do next, and an exit code."""

EXIT_DONE = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_DIVERGED = 3
EXIT_OUT_OF_MEMORY = 4
EXIT_STOPPED = 5
EXIT_SIGNAL = 128  # plus the signal's number
UNLOADABLE = "A library cannot be loaded: "


class AetuiError(Exception):
    """Something a user can mend. `message` says what is wrong, `hint` what to do next."""

    exit_code = EXIT_FAILURE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def sentence(self) -> str:
        """Message and hint in one line, as one sentence where the hint starts small."""
        if not self.hint:
            return self.message
        return f"{self.message.rstrip('.')}{'.' if self.hint[0].isupper() else ';'} {self.hint}"


class OutOfMemory(AetuiError):
    """This machine, or what this process may take of it, is too small."""

    exit_code = EXIT_OUT_OF_MEMORY


class UsageError(AetuiError):
    """A command, preset, layer or size that cannot be."""

    exit_code = EXIT_USAGE
