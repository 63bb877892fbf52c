"""A bounded load from Python, for a machine without wrk: slower, so it flatters slow pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import urlsplit


def rate(url: str, headers: Mapping[str, str], *, seconds: float, connections: int) -> float:
    """Requests a second over so many connections that stay open."""
    counts = asyncio.run(_load(url, headers, seconds=seconds, connections=connections))
    return sum(counts) / seconds


async def _load(
    url: str, headers: Mapping[str, str], *, seconds: float, connections: int
) -> list[int]:
    address = urlsplit(url)
    path = address.path + (f"?{address.query}" if address.query else "")
    lines = [f"GET {path} HTTP/1.1", f"Host: {address.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join([*lines, "", ""]).encode()
    until = time.monotonic() + seconds
    assert address.hostname
    assert address.port
    readers = [
        _read(address.hostname, address.port, request, until=until) for _ in range(connections)
    ]
    return await asyncio.gather(*readers)


async def _read(host: str, port: int, request: bytes, *, until: float) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    count = 0
    while time.monotonic() < until:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.split()[1] in {b"200", b"304"}, head
        if b"content-length:" in head:
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length if b" 200 " in head.split(b"\r\n")[0] + b" " else 0)
        count += 1
    writer.close()
    return count
