"""The one kind of error a person is meant to read."""

import difflib
from collections.abc import Iterable


class CollabVizError(ValueError):
    """Something the user can mend; the message is a sentence that says what and how.

    The pages show it in place of their content, the command line prints it to stderr and exits with 2.
    """


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence about a name nobody knows, with the nearest one that is known."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    shown = name if len(name) <= 60 else f"{name[:60]}…"
    return f"There is no {what} called {shown!r}.{hint} Known: {', '.join(names)}."
