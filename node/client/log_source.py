"""Where a log is read from: a server, or a folder that was exported.

Both are the same tree of files (c2sp.org/tlog-tiles): `checkpoint`, `tile/<level>/<index>`,
`tile/entries/<index>`. Nothing of a node is used but these, so any server of the format will do.

A file that is not there is None, which the reader judges. A server that cannot be reached, or
answers otherwise than the format allows, raises `SourceError`: it says nothing about the log.
"""

import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Final, Protocol, Self

import httpx

from ledger.keys import Signer
from ledger.note import NOTE_BYTES_MAX
from ledger.tiles import BUNDLE_BYTES_MAX, TILE_BYTES, TILE_WIDTH, Bundle, Tile
from ledger.types import DIGEST_BYTES
from node.client.flows import retry_after_s
from node.client.request_ids import carried
from node.client.signed_requests import Credential

ATTEMPTS_MAX: Final = 4
_PAUSE_S: Final = 0.5
_PAUSE_S_MAX: Final = 30.0
_TIMEOUT_S: Final = 30.0
_WHOLE_S: Final = 120.0
"""However it trickles in, a file has come by then."""
_UNIX: Final = "unix:"


class SourceError(ConnectionError):
    """The log cannot be read; says nothing about what is in it."""


class LogSource(Protocol):
    """The files of one log. `read` MUST be safe to call from several threads."""

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """The file at `path`; None if there is none. Raises `SourceError`, or `OSError`."""
        ...


class FolderLog:
    """A log in a folder, as `audit export` writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """As `LogSource.read`."""
        try:
            with (self._folder / path).open("rb") as file:
                data = file.read(bytes_max + 1)
        except FileNotFoundError:
            return None
        if len(data) > bytes_max:
            raise SourceError(f"{path} has more than {bytes_max} bytes")
        return data


class HttpLog:
    """A log behind a URL prefix, or `unix:PATH`. A context manager."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        request_signer: Callable[[], Signer] | None = None,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`token`, `request_signer` and `tls` as `Client` has them."""
        if url.startswith(_UNIX):
            transport = httpx.HTTPTransport(uds=url.removeprefix(_UNIX))
            url = "http://node"
        self._url = url.rstrip("/")
        self._credential = Credential(token, request_signer)
        self._client = httpx.Client(
            headers=self._credential.headers,
            transport=transport,
            timeout=_TIMEOUT_S,
            verify=True if tls is None else tls,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def read(self, path: str, bytes_max: int) -> bytes | None:
        """As `LogSource.read`; tries again where that may help."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                return self._read_once(path, bytes_max)
            except httpx.InvalidURL as error:
                raise SourceError(f"{self._url}: {error}") from error
            except (httpx.RequestError, _BusyError) as error:
                if attempt == ATTEMPTS_MAX:
                    raise SourceError(f"{self._url}/{path}: {str(error) or 'no answer'}") from error
                asked_s = error.pause_s if isinstance(error, _BusyError) else 0.0
                sleep(min(max(_PAUSE_S * 2 ** (attempt - 1), asked_s), _PAUSE_S_MAX))
        raise AssertionError  # the last attempt returns or raises

    def _read_once(self, path: str, bytes_max: int) -> bytes | None:
        shown = self._credential.signature
        with self._client.stream(
            "GET", f"{self._url}/{path}", headers=carried(), auth=shown
        ) as response:
            status = response.status_code
            if self._credential.must_sign(shown, status, response.headers):
                return self._read_once(path, bytes_max)
            if status == httpx.codes.NOT_FOUND:
                return None
            if status == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
                raise _BusyError(f"the server answers {status}", retry_after_s(response.headers))
            if status != httpx.codes.OK:
                raise SourceError(f"{self._url}/{path}: the server answers {status}")
            data = bytearray()
            give_up_s = monotonic() + _WHOLE_S
            for part in response.iter_bytes():
                data += part
                if len(data) > bytes_max:
                    raise SourceError(f"{self._url}/{path} has more than {bytes_max} bytes")
                if monotonic() > give_up_s:
                    raise SourceError(f"{self._url}/{path} takes more than {_WHOLE_S} seconds")
            return bytes(data)


class _BusyError(Exception):
    """An answer that may be another one in a moment, after the pause the server asks for."""

    def __init__(self, message: str, pause_s: float) -> None:
        super().__init__(message)
        self.pause_s = pause_s


def read_checkpoint(source: LogSource) -> bytes:
    """The log's checkpoint. Raises `SourceError` if it has none."""
    note = source.read("checkpoint", NOTE_BYTES_MAX)
    if note is None:
        raise SourceError("there is no log: `checkpoint` is not there")
    return note


def read_file(source: LogSource, name: Bundle | Tile) -> bytes | None:
    """A tile or bundle; where the partial one is gone, from the full one that took its place."""
    bytes_max = BUNDLE_BYTES_MAX if isinstance(name, Bundle) else TILE_BYTES
    data = source.read(name.path, bytes_max)
    if data is not None or name.width == TILE_WIDTH:
        return data
    if isinstance(name, Tile):
        whole = source.read(Tile(name.level, name.index, TILE_WIDTH).path, bytes_max)
        return None if whole is None else whole[: name.width * DIGEST_BYTES]
    whole = source.read(Bundle(name.index, TILE_WIDTH).path, bytes_max)
    return None if whole is None else _first_leaves(whole, name.width)


def read_ahead(
    source: LogSource, names: Iterable[Bundle | Tile], jobs: int
) -> Iterator[tuple[Bundle | Tile, bytes | None]]:
    """The files in the order of their names, of which `jobs` are read at a time."""
    pending: deque[tuple[Bundle | Tile, Future[bytes | None]]] = deque()
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="read")
    try:
        for name in names:
            pending.append((name, pool.submit(read_file, source, name)))
            if len(pending) > 2 * jobs:
                first, data = pending.popleft()
                yield first, data.result()
        while pending:
            first, data = pending.popleft()
            yield first, data.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _first_leaves(bundle: bytes, count: int) -> bytes:
    """The part of a bundle that holds its first leaves; what is cut short stays so."""
    end = 0
    for _ in range(count):
        end += 2 + int.from_bytes(bundle[end : end + 2])
    return bundle[:end]
