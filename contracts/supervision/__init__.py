"""Rules of supervision (R7xx): demands, corrections, disputes, complaints, orders, incidents.

openings    how such a case is opened, and what its steps do
demands     what meets a demand
workflows   their tables
"""
