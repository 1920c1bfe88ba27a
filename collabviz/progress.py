"""How long work tells whoever is waiting how far it has come; it knows nothing of any screen."""

from typing import Protocol


class Progress(Protocol):
    """Called now and then with what is being done, how much is done and how much there is (None: not known)."""

    def __call__(self, what: str, done: int, total: int | None) -> None: ...


def silent(what: str, done: int, total: int | None) -> None:
    """The progress nobody watches."""
