"""Rules of sharing (R4xx): who may use what, for which purpose, until when, and who passed it on.

rights      requests, grants, acceptances, revocations    standing    which of them serves whom
chains      from a right up to what the provider gave
delegation  rights passed on          amendment   terms changed or renewed
delivery    data handed over, both sides counting
supply      that it is handed over in time    pauses    days over which a right held
emergency   data first, the formalities after
backflow    what a higher level holds about a lower one's territory
refusals    grounds that the catalogue contradicts    bars   who broke trust does not help itself
extension   more time to answer
workflows   the tables of grants and what hangs from them
"""
