"""The acts in order."""

import time
from pathlib import Path

from scripts.demo import (
    auditing,
    breaches,
    cataloguing,
    crash,
    founding,
    rejections,
    sharing,
    using,
)
from scripts.demo.folder import new_folder
from scripts.demo.tables import data_folder, open_pool


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
        with open_pool(data) as pool:
            using.use_data(stage, pool, rights)
            crash.kill_the_node_in_mid_load(stage, node, pool, rights)
            outside = breaches.use_outside_the_grant(stage, pool, rights)
            breaches.rule_on_the_finding(stage, outside)
            retired = breaches.rotate_the_key(stage, folder)
            breaches.revoke_a_grant(stage, rights, folder)
            breaches.use_after_revocation(stage, pool, rights)
            rejections.send_what_is_refused(stage, retired, rights)
        auditing.export_log(stage, folder)
        node.stop()
    auditing.audit_export(folder)
    auditing.check_receipts(folder, stage.receipts)
    auditing.flip_one_byte(folder, outside)
    return {"seconds": round(time.monotonic() - started), "rights": rights}
