"""A ledger held by many nodes: one orders records, all others follow, replay and cosign.

    the node that orders                          a node that follows
    ────────────────────                          ───────────────────
    api.network  /v1/checkpoints    ◀── polls ──  following   replays what it is given, or stops
    api.log      /tile/…            ◀── reads ──  feed        verifies leaves before they are used
    api.records  /v1/records/batch  ◀─ forwards ─ forwarding  as if the records were submitted there
    cosigning    asks witnesses     ── submits ─▶ witness     cosigns what its own node has replayed

Nothing a peer says is believed: leaves count under a checkpoint that an orderer signed, a block
counts if the rules yield it, a checkpoint is final with the quorum of the ledger's witnesses.
"""
