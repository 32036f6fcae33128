"""Every way to damage bytes in one place, each named after what it did."""

from collections.abc import Iterator


def mutations(data: bytes, *, bits: bytes = b"\x01\x02\x20\x80") -> Iterator[tuple[str, bytes]]:
    """Flip each of `bits` of each byte, drop or double each byte, cut anywhere, append."""
    for at, byte in enumerate(data):
        for bit in bits:
            yield f"flip {bit:#04x} at {at}", data[:at] + bytes([byte ^ bit]) + data[at + 1 :]
        yield f"cut at {at}", data[:at]
        # Dropping or doubling inside a run gives the same bytes for the whole run: do it once.
        if data[at : at + 1] != data[at + 1 : at + 2]:
            yield f"drop {at}", data[:at] + data[at + 1 :]
            yield f"double {at}", data[:at] + data[at : at + 1] + data[at:]
    for tail in (b"\n", b" ", b"\x00", b"A", data[-1:], data):
        yield f"append {tail[:8]!r}", data + tail
