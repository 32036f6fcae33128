"""Bytes and proofs: keys, envelopes, records, the Merkle log and map, checkpoints, receipts.

Pure: no clock, no randomness but for new keys and salts, no I/O, no logging, no async. Whoever
holds the bytes and a few public keys can check everything with this package alone.
"""
