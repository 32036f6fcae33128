"""The rules: what may be appended to the ledger, and what each record means.

Pure functions of (state, block, record). The same records give the same outcomes and the same roots
on every node and for every auditor, today and in ten years.
"""
