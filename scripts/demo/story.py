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
    voting,
)
from scripts.demo.folder import new_folder
from scripts.demo.stage import expect, keep
from scripts.demo.summary import (
    Summary,
    datasets_of,
    found_of,
    next_of,
    survived_of,
    tell_summary,
    write_summary,
)
from scripts.demo.tables import data_folder, open_pool

OUTSIDE = "use-outside-its-grant"


def play(out: Path) -> Summary:
    """Play the whole story; returns the facts. Raises `DemoError`."""
    started = time.monotonic()
    data = data_folder()
    folder = new_folder(out)
    founding.open_act()
    keys = founding.make_keys(folder)
    founded = founding.found_ledger(folder, keys)
    with founding.running_node(folder) as node, founding.open_stage(founded, node, keys) as stage:
        voting.adopt_a_purpose(stage)
        sheets = cataloguing.scan_tables(folder, data)
        cataloguing.publish_entries(stage, sheets)
        cataloguing.review_entries(stage)
        catalogue = cataloguing.release_tables(stage, sheets)
        rights = sharing.share(stage)
        with open_pool(data) as pool:
            using.use_data(stage, pool, rights)
            killed = crash.kill_the_node_in_mid_load(stage, node, pool, rights)
            outside = breaches.use_outside_the_grant(stage, pool, rights)
            confirmed = breaches.rule_on_the_finding(stage, outside)
            retired = breaches.rotate_the_key(stage, folder)
            breaches.revoke_a_grant(stage, rights, folder)
            raised = breaches.use_after_revocation(stage, pool, rights)
        refused = rejections.send_what_is_refused(stage, retired, rights)
        usage = list(stage.client.items("/v1/usage", limit=1_000))
        auditing.export_log(stage, folder)
        expect(node.stop() == 0, "the node stops when asked to")
    report = auditing.audit_export(folder)
    auditing.check_findings(report, [confirmed, raised])
    auditing.check_receipts(folder, stage.receipts)
    doubt = auditing.flip_one_byte(folder, outside)
    keep(killed.acknowledged_before[-1], folder.receipts, "last-before-the-kill")
    keep(outside, folder.receipts, OUTSIDE)
    keep(raised.record, folder.receipts, "use-after-revocation")
    summary = Summary(
        origin=report.origin,
        ledger=founded.ledger,
        size=report.size,
        root=report.root,
        members=report.members,
        datasets=datasets_of(catalogue),
        records=report.records,
        usage_events=sum(int(str(row["uses"])) for row in usage),
        usage_rows=sum(int(str(row["rows"])) for row in usage),
        findings=(found_of(confirmed), found_of(raised)),
        rejections=tuple(refused),
        crash=survived_of(killed),
        receipts_checked=len(stage.receipts),
        audit_level=report.level,
        audit_doubts=len(report.doubts),
        tampering=doubt,
        seconds=round(time.monotonic() - started),
        next=next_of(folder, OUTSIDE),
    )
    write_summary(summary, folder)
    tell_summary(summary, report, folder)
    return summary
