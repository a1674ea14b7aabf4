"""Deliveries as nobody at Meta writes them: the fixtures, changed at random."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

FIXTURES = Path(__file__).parents[3] / "fixtures" / "webhooks"
MOST_CHANGES = 4  # of one delivery
MOST_ENTRIES = 5  # of one delivery
MARK = "@"  # stands for what is to be odd

# JSON, or nearly, that may stand in the place of any value.
ODD_VALUES = (
    *("null", "true", "false", "0", "-1", "1.5", "1e400", "-1e400", "1e-400", "9" * 30, "9" * 5000),
    *('""', '"null"', '"\\u0000"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\ud83d\\ude00"', '"\xff"'),
    *('"' + "x" * 30_000 + '"', '"' + "\\u0e01" * 3000 + '"', '"/handover_ended"', '"../../etc"'),
    *("[]", "{}", "[[[[]]]]", '{"id":{"id":{}}}', "[" * 50 + "]" * 50, "[" * 2000 + "]" * 2000),
    *('{"id":"22"}', '{"id":22}', '["22"]', '{"a":1,"a":2}', "253402300800000", "-62135596800001"),
)
NO_JSON = ("NaN", "Infinity", "-", "01", "1.", '"\\x"', "'x'", "{", "]", "")
ODD_BYTES = (
    *(b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf"),
    *(b"\\", b'"', b"\\u", b"\\ud83d", b"{", b"}", b"[", b"]", b",", b":", b"\r\n", b"e999"),
)


class OddDeliveries:
    """Makes deliveries; the same seed makes the same ones."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._samples = [path.read_bytes() for path in sorted(FIXTURES.glob("*.json"))]
        self._changes: Sequence[Callable[[bytes], bytes]] = (
            *(self._flip, self._cut, self._repeat, self._insert, self._splice),
        )

    def delivery(self) -> bytes:
        """Any bytes at all, but mostly a delivery with something odd in it."""
        if self._random.random() < 0.8:
            return self._with_odd_values()
        body = self._random.choice(self._samples)
        for _ in range(self._random.randint(1, MOST_CHANGES)):
            body = self._random.choice(self._changes)(body)
        return body

    def _with_odd_values(self) -> bytes:
        samples = self._random.choices(self._samples, k=self._random.randint(1, MOST_ENTRIES))
        bodies = [json.loads(sample) for sample in samples]
        delivery = bodies[0]
        delivery["entry"] = [entry for body in bodies for entry in body["entry"]]
        for _ in range(self._random.randint(1, MOST_CHANGES)):
            self._change(delivery)
        text = json.dumps(delivery, ensure_ascii=self._random.random() < 0.9)
        pieces = text.split(f'"{MARK}"')
        odd = (self._random.choice(self._odd_kind()) for _ in pieces[1:])
        text = pieces[0] + "".join(
            value + piece for value, piece in zip(odd, pieces[1:], strict=True)
        )
        return text.encode("utf-8", "surrogatepass")

    def _odd_kind(self) -> Sequence[str]:
        return NO_JSON if self._random.random() < 0.05 else ODD_VALUES

    def _change(self, delivery: Any) -> None:
        """Mark a random place in the delivery, where something odd is to stand."""
        place, key = self._random.choice(list(_places(delivery)))
        if isinstance(place, dict) and self._random.random() < 0.1:
            place[self._random.choice(("id", "text", "payload", "\0", "x"))] = place.pop(key)
        else:
            place[key] = MARK

    def _flip(self, body: bytes) -> bytes:
        at = self._random.randrange(len(body)) if body else 0
        return body[:at] + self._random.randbytes(1) + body[at + 1 :]

    def _cut(self, body: bytes) -> bytes:
        start, end = self._range(body)
        return body[:start] + body[end:]

    def _repeat(self, body: bytes) -> bytes:
        start, end = self._range(body)
        return body[:end] + body[start:end] * self._random.randint(1, 3) + body[end:]

    def _insert(self, body: bytes) -> bytes:
        at, _ = self._range(body)
        return body[:at] + self._random.choice(ODD_BYTES) + body[at:]

    def _splice(self, body: bytes) -> bytes:
        other = self._random.choice(self._samples)
        return body[: self._range(body)[0]] + other[self._range(other)[0] :]

    def _range(self, body: bytes) -> tuple[int, int]:
        start = self._random.randint(0, len(body))
        return start, min(len(body), start + self._random.randint(1, 40))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each array and object within a value, with each of its keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        yield value, key
        if isinstance(part, (dict, list)):
            yield from _places(part)
