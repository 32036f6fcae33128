"""How fast, and how large: `make bench` prints a table and writes `build/bench.json`.

Rates are ratios: records accepted per second, over raw Ed25519 verifications per second on all
cores, taken right before and after on the same machine. No design accepts more than one record
per verification, so 1 is the ceiling; a machine twice as fast has the same ratios.

**The mix.** Of every 20 records 18 report one use each, 1 asks for a dataset, 1 grants it. Eight
consumers report through two writers each. Rights are used in turn, each four times in a run, and
caches are empty at the start: every fourth report draws on a right and a counter that are not at
hand but read from the database, which makes 0.45 cold keys a record (`cold_keys_per_record`).

Everything is on: strict parsing, every signature, rules, leaves, map, tiles, views, one durable
transaction per block of at most 500, signed checkpoints.

**The server.** `postgres_rate_over_sqlite` is the rate of the same records on a PostgreSQL server
of this machine, over that on a file; left out where there is no server.

**The network.** `catchup_ratio` is the same records followed by a second node: read, verified and
decided anew. Four nodes on one machine: `final_receipt_ms_p50` and `_p95` from the submission of
one record to its receipt with the quorum; `network_rate_over_single`, records per second until all
are final, over those of the node that orders when it is alone. `snapshot_join_s_at_10k` and `_1m`:
until a node founded at genesis serves a log of 10,000 and of 1,000,000 leaves with the same state,
the making of the snapshot included.

**The disk.** `bytes_per_leaf_disk` is what a record of the mix takes, with everything;
`bytes_per_archived_leaf_disk` what of that stays in the database once it was archived, and
`bytes_per_archived_leaf_archive` what it takes there.

**The estate.** `rate_estate_over_small` compares the same records on a ledger with little in it and
on one with 100,000 datasets, 200,000 rights in chains of four and 1,000,000 uses under them, all
signed and submitted as in life. `settle_slowest_block`: 50,000 rights end at the same instant; the
longest block while their disposal is found overdue, over the median of those before.
"""
