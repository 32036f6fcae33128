"""Rules of governance (R6xx): what the members decide together, and what that changes.

votes       proposals, ballots, decisions of the government
actions     what can be decided
rulebooks   versions of the rules
"""
