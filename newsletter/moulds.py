"""A mail made once and cast per reader: MIME bytes cut at their marks.

`messages.py` builds one MIME message per edition with these marks where a reader's own
values stand; a `Mould` cuts it there once, and casting is a join of bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

# Fixed ASCII words that no encoding, folding or template touches. The address's mark is
# itself an address, so that header classes accept it.
ADDRESS = "xREADERADDRESSx@mark.invalid"
# '<issue>.<reader's key>': the left half of the Message-ID, and the relay's idempotency key.
MESSAGE_KEY = "xMESSAGEKEYx"
UNSUBSCRIBE = "xUNSUBSCRIBETOKENx"
PREFERENCES = "xPREFERENCESTOKENx"

MARKS = (ADDRESS, MESSAGE_KEY, UNSUBSCRIBE, PREFERENCES)
CUT = re.compile(b"(" + b"|".join(re.escape(mark.encode()) for mark in MARKS) + b")")
BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")


class MouldError(ValueError):
    """The message cannot be cast: a mark is missing, broken or at a place where it must not be."""


@dataclass(frozen=True)
class Cast:
    """One reader's values; ASCII, without line ends."""

    address: str
    message_key: str
    unsubscribe: str
    preferences: str


@dataclass(frozen=True)
class Mould:
    """Pieces of a dot-stuffed message, and the index of the value that follows each."""

    pieces: tuple[bytes, ...]
    values: tuple[int, ...]

    @classmethod
    def of(cls, message: bytes, *, counts: dict[str, int] | None = None) -> Mould:
        """Cut `message` (CRLF lines) at its marks; `counts` says how many of each there are.

        Without `counts`, every mark must be there. Raises MouldError.
        """
        if BARE_LINE_END.search(message):
            raise MouldError("a line does not end with CR LF")
        if not message.endswith(b"\r\n"):
            message += b"\r\n"
        parts = CUT.split(message)
        marks = [mark.decode() for mark in parts[1::2]]
        found = Counter(marks)
        for mark in MARKS:
            if counts is None and not found[mark]:
                raise MouldError(f"the mark {mark} is missing or broken by a line end")
            if counts is not None and found[mark] != counts.get(mark, 0):
                raise MouldError(f"{found[mark]} of {counts.get(mark, 0)} marks {mark} are there")
        if any(piece.endswith(b"\n") or not piece for piece in parts[:-1:2]):
            raise MouldError("a mark begins a line, where a dot would need stuffing")
        # RFC 5321 4.5.2: a line that begins with a dot gets another one.
        stuffed = tuple(piece.replace(b"\r\n.", b"\r\n..") for piece in parts[::2])
        return cls(pieces=stuffed, values=tuple(MARKS.index(mark) for mark in marks))

    def cast(self, reader: Cast) -> bytes:
        """The reader's message, ready for the wire but for the final dot."""
        words = (
            reader.address.encode("ascii"),
            reader.message_key.encode("ascii"),
            reader.unsubscribe.encode("ascii"),
            reader.preferences.encode("ascii"),
        )
        pieces = [self.pieces[0]]
        for value, piece in zip(self.values, self.pieces[1:], strict=True):
            pieces.append(words[value])
            pieces.append(piece)
        return b"".join(pieces)
