"""The acts in order."""

import time
from pathlib import Path

from scripts.demo import auditing, cataloguing, founding, sharing
from scripts.demo.folder import new_folder
from scripts.demo.tables import data_folder


def play(out: Path) -> dict[str, object]:
    """Play the whole story; returns the facts. Raises `DemoError`."""
    started = time.monotonic()
    data = data_folder()
    folder = new_folder(out)
    founding.open_act()
    keys = founding.make_keys(folder)
    founded = founding.found_ledger(folder, keys)
    with founding.running_node(folder) as node, founding.open_stage(founded, node, keys) as stage:
        sheets = cataloguing.scan_tables(folder, data)
        cataloguing.publish_entries(stage, sheets)
        cataloguing.review_entries(stage)
        cataloguing.release_tables(stage, sheets)
        rights = sharing.share(stage)
        auditing.export_log(stage, folder)
        node.stop()
    auditing.audit_export(folder)
    auditing.check_receipts(folder, stage.receipts)
    auditing.flip_one_byte(folder, stage.receipts[-1])
    return {"seconds": round(time.monotonic() - started), "rights": rights}
