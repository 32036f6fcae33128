"""Rules of the catalogue (R3xx): what there is, what may be had of it, and that it stays true.

publishing  schemas, entries and their review, releases
providers   who provides a dataset, of joint data too
columns     what schemas say about columns; whether terms speak of what exists
bases       the legal bases that entries rest on
manifests   long lists of files
blocks      datasets made of others, within the rights they rest on
upkeep      systems, life cycle, designated sources, yearly confirmation
updates     the next version, owed in time
"""
