"""What the queue and its workers say to each other: lines of JSON over a pipe, ratings as bytes behind their line."""

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

Message = Mapping[str, Any]


def send(stream: IO[bytes], message: Message, payload: bytes = b"") -> None:
    """Write one message and its payload.

    Raises:
        BrokenPipeError: when nobody reads the other end any more.
    """
    stream.write(json.dumps({**message, "payload": len(payload)}).encode() + b"\n")
    stream.write(payload)
    stream.flush()


def received(stream: IO[bytes]) -> Iterator[tuple[Message, bytes]]:
    """Messages with their payloads until the other end closes; a message cut short ends it too."""
    while (line := stream.readline()).endswith(b"\n"):
        message = json.loads(line)
        size = message.pop("payload")
        payload = stream.read(size)
        if len(payload) < size:
            return
        yield message, payload
