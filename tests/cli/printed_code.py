"""Python code that a command printed."""


def modules(code: str) -> dict:
    """The names that printed code defines."""
    names: dict = {}
    exec(code, names)
    return names
