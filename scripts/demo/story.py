"""The acts in order."""

import time
from pathlib import Path

from ledger.records.genesis import custodian_of
from scripts.demo import (
    auditing,
    breaches,
    cast,
    cataloguing,
    combining,
    correcting,
    crash,
    founding,
    merging,
    network,
    rejections,
    sharing,
    using,
    voting,
    waiting,
)
from scripts.demo.folder import new_folder
from scripts.demo.stage import StageClock, expect, keep
from scripts.demo.summary import (
    Summary,
    block_of,
    corrected_of,
    datasets_of,
    found_of,
    merger_of,
    network_of,
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
    clock = StageClock(-waiting.DAYS)
    founding.open_act(clock)
    keys = founding.make_keys(folder)
    founded = founding.found_ledger(folder, keys, clock)
    with (
        founding.running_node(folder, clock) as node,
        founding.open_stage(founded, node, keys) as stage,
    ):
        voting.adopt_a_purpose(stage)
        sheets = cataloguing.scan_tables(folder, data)
        cataloguing.publish_entries(stage, sheets)
        cataloguing.review_entries(stage)
        catalogue = cataloguing.release_tables(stage, sheets)
        rights = sharing.share(stage)
        asked = waiting.ask_in_vain(stage)
        with open_pool(data) as pool:
            using.use_data(stage, pool, rights)
            block = combining.make_a_block(stage, pool, folder)
            correction = correcting.correct_the_airports(stage, pool, folder, data)
            killed = crash.kill_the_node_in_mid_load(stage, node, pool, rights)
            late = waiting.come_back_later(stage, node, asked)
            outside = breaches.use_outside_the_grant(stage, pool, rights)
            confirmed = breaches.rule_on_the_finding(stage, outside)
            retired = breaches.rotate_the_key(stage, folder)
            breaches.revoke_a_grant(stage, rights, folder)
            raised = breaches.use_after_revocation(stage, pool, rights)
            custodian = keys[custodian_of(cast.TRANSPORT.id)]
            merger = merging.merge_departments(stage, pool, folder, custodian, late.grant)
        refused = rejections.send_what_is_refused(stage, retired, rights)
        with open_pool(data) as pool:
            networked = network.run_a_network(stage, node, folder, keys, pool, rights)
        usage = list(stage.client.items("/v1/usage", limit=1_000))
        auditing.export_log(stage, folder)
        expect(node.stop() == 0, "the node stops when asked to")
    report = auditing.audit_export(folder)
    auditing.check_findings(report, [late.breach, confirmed, raised])
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
        block=block_of(block),
        correction=corrected_of(correction),
        merger=merger_of(merger),
        findings=tuple(found_of(one) for one in (late.breach, confirmed, raised)),
        rejections=tuple(refused),
        crash=survived_of(killed),
        network=network_of(networked),
        receipts_checked=len(stage.receipts),
        audit_level=report.level,
        audit_doubts=len(report.doubts),
        tampering=doubt,
        seconds=round(time.monotonic() - started),
        next=next_of(folder, OUTSIDE, networked.evidence),
    )
    write_summary(summary, folder)
    tell_summary(summary, report, folder)
    return summary
