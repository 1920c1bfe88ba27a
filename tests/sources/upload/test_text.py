"""The encoding is told from the bytes, and what is no text is named."""

import pytest

from collabviz.errors import CollabVizError
from collabviz.sources.upload.text import decode, guess_encoding


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"user,rating", "utf-8"),
        ("Amélie".encode(), "utf-8"),
        ("Amélie".encode("utf-8-sig"), "utf-8"),
        ("Amélie – ‘quoted’".encode("cp1252"), "cp1252"),
        (b"caf\xe9 \x81", "latin-1"),
        ("\ufeffann,5".encode("utf-16-be"), "utf-16-be"),
        ("ann,5\n".encode("utf-16-le"), "utf-16-le"),
        ("ann,5\n".encode("utf-16-be"), "utf-16-be"),
        ("Солярис,5\nЗеркало,4\n".encode("utf-16-le"), "utf-16-le"),
        (b"\x00\x00\x00\x00", "utf-8"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(data, encoding):
    assert guess_encoding(data) == encoding


def test_byte_order_marks_go_and_line_ends_become_one():
    assert decode("\ufeffé\r\nb\rc\n".encode(), "utf-8", "f.csv") == "é\nb\nc\n".encode()


@pytest.mark.parametrize(
    ("data", "encoding", "sentence"),
    [
        (b"a\r\nb\rAm\xe9lie", "utf-8", "Line 3 of f.csv cannot be read as UTF-8. Choose another encoding"),
        (b"abc", "utf-16-le", "Line 1 of f.csv cannot be read as UTF-16"),
        (b" \n\r\n", "utf-8", "nothing but blank lines"),
        (b"user\0,1", "utf-8", "holds zero bytes"),
        (b"<!DOCTYPE html><p>", "utf-8", "looks like a web page or XML"),
        (b'[{"user": 1}]', "utf-8", "looks like JSON"),
    ],
)
def test_what_cannot_be_read_is_named(data, encoding, sentence):
    with pytest.raises(CollabVizError, match=sentence):
        decode(data, encoding, "f.csv")
