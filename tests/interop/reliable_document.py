"""What the tests take from docs/reliable-udp.md as it stands: the test vectors and the constants."""

import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATH = ROOT / "docs/reliable-udp.md"

# Times in microseconds, sizes in bytes.
_UNITS = {"": 1, "bytes": 1, "MiB": 1 << 20, "µs": 1, "ms": 1000, "seconds": 1_000_000}
_SECTION = re.compile(r"^## Constants\n(.*?)^## ", re.S | re.M)
_ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|", re.M)


def vectors(block):
    """{name: datagram} of the fenced block `vectors` or `rejected`."""
    lines = re.search(rf"^```{block}\n(.*?)^```", PATH.read_text(), re.S | re.M)[1].splitlines()
    return {name: bytes.fromhex(data) for name, data in (line.split(None, 1) for line in lines)}


@functools.cache
def rows():
    """{name: value as the document has it} of the table of constants."""
    return dict(_ROW.findall(_SECTION.search(PATH.read_text())[1]))


def prose():
    """The document without that table, and with every white space as one space."""
    return " ".join(_SECTION.sub("", PATH.read_text()).split())


def constant(name):
    """The value of a constant, or the bounds of a range as a pair."""
    bounds = [_number(part) for part in rows()[name].split(" to ")]
    return bounds[0] if len(bounds) == 1 else tuple(bounds)


def _number(text):
    number, _, unit = text.partition(" ")
    return int(number) * _UNITS[unit]
