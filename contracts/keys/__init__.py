"""Rules of keys (R2xx): who signs for a member, with what, for how long.

keyring     appoint, end, rotate, revoke; the keys a record introduces
nodes       where a member's node is, by which keys it cosigns and is known
mandates    a contractor's writer: one system, one contract, one period
"""
