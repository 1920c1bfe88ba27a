import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabviz.jobs.messages import received, send

messages = st.dictionaries(
    st.text().filter(lambda key: key != "payload"), st.text() | st.integers() | st.floats(allow_nan=False) | st.none()
)


@given(st.lists(st.tuples(messages, st.binary())))
def test_messages_arrive_as_they_were_sent(sent: list[tuple[dict[str, object], bytes]]) -> None:
    stream = io.BytesIO()
    for message, payload in sent:
        send(stream, message, payload)
    stream.seek(0)
    assert list(received(stream)) == sent


def test_a_message_cut_short_ends_the_conversation_wherever_it_is_cut() -> None:
    stream = io.BytesIO()
    send(stream, {"do": "train"}, b"ratings\nof\nsomebody")
    first = len(stream.getvalue())
    send(stream, {"do": "stop"}, b"once more")
    whole = stream.getvalue()
    for cut in range(len(whole)):
        arrived = list(received(io.BytesIO(whole[:cut])))
        assert arrived == ([({"do": "train"}, b"ratings\nof\nsomebody")] if cut >= first else [])


def test_a_payload_may_look_like_messages() -> None:
    inner = io.BytesIO()
    send(inner, {"do": "stop"})
    stream = io.BytesIO()
    send(stream, {"do": "train"}, inner.getvalue())
    stream.seek(0)
    assert list(received(stream)) == [({"do": "train"}, inner.getvalue())]


def test_nobody_listening_is_an_error() -> None:
    class Closed(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        send(Closed(), {"do": "stop"})  # type: ignore[arg-type]
