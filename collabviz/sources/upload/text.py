"""From the bytes of a table to clean UTF-8: which encoding it is in, and one kind of line end."""

import codecs
import re

from collabviz.errors import CollabVizError

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "mac-roman": "Mac Roman",
    "shift_jis": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
}
"""The encodings a table can be read in, by Python's name, with the name a person knows."""

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_HEAD_BYTES = 65_536
_MARKUP = re.compile(r"\s*(<!doctype|<html|<\?xml)", re.IGNORECASE)
_JSON = re.compile(r"\s*(\{|\[\s*[\[{])")


def guess_encoding(data: bytes) -> str:
    """The encoding of a table: by its byte-order mark, by its zero bytes, else the first that can read all of it."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    head = data[:_HEAD_BYTES]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    # Separators, digits and line ends have one zero byte each in UTF-16, the high one.
    if max(even, odd) > len(head) // 2 * 0.2 and max(even, odd) > 4 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    for encoding in ("utf-8", "cp1252"):
        if _decodes(data, encoding):
            return encoding
    return "latin-1"


def decode(data: bytes, encoding: str, filename: str) -> bytes:
    r"""The table as UTF-8 without byte-order mark, every line end (``\r\n``, lone ``\r``) turned into ``\n``.

    Raises:
        CollabVizError: where the bytes are not in this encoding, or the text is no table (blank, binary, HTML, JSON).
    """
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = _one_line_end(data[: error.start].decode(encoding, errors="ignore")).count("\n") + 1
        raise CollabVizError(
            f"Line {line} of {filename} cannot be read as {ENCODINGS[encoding]}. "
            "Choose another encoding, or save the file as UTF-8."
        ) from error
    if not text.strip():
        raise CollabVizError(f"{filename} holds nothing but blank lines. Choose a file with one row a rating.")
    if "\0" in text:
        raise CollabVizError(
            f"{filename} holds zero bytes, as programs and pictures do and tables in text do not. "
            "Save the table as CSV."
        )
    for pattern, what in ((_MARKUP, "a web page or XML"), (_JSON, "JSON")):
        if pattern.match(text):
            raise CollabVizError(f"{filename} looks like {what}, not like a table in text. Save the table as CSV.")
    return _one_line_end(text).encode()


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
