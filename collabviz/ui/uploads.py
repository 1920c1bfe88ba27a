"""Uploaded ratings in the server's memory, found again through the URL by an unguessable token.

They touch no disk. The newest stay; a reload finds them, a restart of the server does not.
"""

import re
import secrets
import threading
from collections import OrderedDict

from collabviz.ratings import Ratings

# Ratings kept at most, of all uploads together: about a gigabyte.
RATINGS_KEPT = 50_000_000
_TOKEN = re.compile(r"upload-[0-9a-f]{24}")


class Uploads:
    """Ratings by token, for all sessions of this server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ratings: OrderedDict[str, Ratings] = OrderedDict()

    def add(self, ratings: Ratings) -> str:
        """Keep the ratings until newer ones need their place; their token comes back."""
        token = f"upload-{secrets.token_hex(12)}"
        with self._lock:
            self._ratings[token] = ratings
            while len(self._ratings) > 1 and sum(map(len, self._ratings.values())) > RATINGS_KEPT:
                self._ratings.popitem(last=False)
        return token

    def get(self, token: str) -> Ratings | None:
        """The ratings of that token; None when they are gone."""
        with self._lock:
            if token in self._ratings:
                self._ratings.move_to_end(token)
            return self._ratings.get(token)


def is_upload(name: str) -> bool:
    """Whether a name of ratings is the token of an upload."""
    return _TOKEN.fullmatch(name) is not None
