"""Rules of supervision (R7xx): demands, corrections, disputes, complaints, orders, incidents.

openings    how such a case is opened, and what its steps do
demands     what meets a demand
rulings     what comes of a ruling       orders      about findings, which go with them
workflows   their tables
"""
