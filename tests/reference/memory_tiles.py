"""Tiles in memory: the smallest `TileSource`, which keeps the widest version of each."""

from collections.abc import Mapping, Sequence

from ledger.tiles import Tile


class MemoryTiles:
    """A store that counts the calls it answers."""

    def __init__(self) -> None:
        self.calls = 0
        self._tiles: dict[tuple[int, int], bytes] = {}

    def put(self, changed: Mapping[Tile, bytes]) -> None:
        for tile, data in changed.items():
            self._tiles[tile.level, tile.index] = data

    def tiles(self, tiles: Sequence[Tile]) -> list[bytes]:
        self.calls += 1
        return [self._tiles[tile.level, tile.index] for tile in tiles]
