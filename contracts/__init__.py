"""The rules: what may be appended to the ledger, and what each record means.

Pure functions of (state, block, record). The same records give the same outcomes and the same roots
on every node and for every auditor, today and in ten years.

    replay          a block: settle deadlines, decide each record, seal
    transition      a record: the checks common to all kinds, then the rule of its own kind
    genesis, keys, catalogue, sharing, use, supervision, governance, assessment
                    the rules, a family each: a module, or a package that lists its modules
    cases, course, workflows, tasks, named, mediation
                    everything that has a course: the interpreter, the tables it reads
    terms, calendar, settings, succession           what rules compute with
    reasons, findings                               the permanent codes they answer with
    values, view, draft, context                    the state, and all that a rule can see
    invariants, audit                               what holds of every state, of every log

`RULES.md` is the rule book. To change a rule: its function, its docstring (`R401: ...`), its row in
a table under `tests/unit/contracts`, then `python -m tests.golden.rules --write`. Once a ledger
runs under it, a rule changes in a new version of the book alone. To add a kind: its body and a row
of `KINDS` in `ledger.records`, its rule here, a case in `transition`, a strategy in
`tests.wild_bodies`.
"""
