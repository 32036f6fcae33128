"""TLS of a node: whom it believes, what it shows, how connections begin.

    pins          whose key is it?          the ledger's registrations, and first contacts
    leaves        what do we show nodes?    the key files, the registration, the time
    certificate   what are browsers shown?  files of an ordinary authority, re-read when they change
    contexts      for each handshake        made of the three above, anew when one of them changes
    doorway       a connection begins       handshake within bounds, then HTTP

Nothing here is told to reload: each handshake asks for its context, and what that rests on is
compared with what it is now, which costs a few `stat`s.
"""
