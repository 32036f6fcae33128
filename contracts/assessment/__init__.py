"""Assessment: the figures of a member in a period, from the ledger, the same for everybody.

    periods     years, quarters, months of the ledger's calendar
    facts       what is asked of a ledger as at one moment; answered by `chronicle` from the leaves,
                by a node from its views
    things      what indicators count: plain rows, drawn from values of the state
    figures     indicators evaluated over things, the score
    reports     the figures of a member in a period, provisional or final, with their objections
    trust       how far a member's past lets one expect that it keeps to the rules
    adoption    indicators by genesis and by vote
    objections  to a figure before it is final
    seed        the indicators that a ledger can start with

Nothing of it is kept in the state but the indicators and the objections: a figure is computed
whenever it is asked for, by whoever asks, from what the leaves say.
"""
