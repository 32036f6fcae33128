"""Rules of use (R5xx): what was used is a fact; what was wrong about it is a finding.

reports         records of use, judged by the whole chain of rights
coverage        whether a use keeps to terms, part by part
counters        what is drawn under a right, and which limits that exceeds
accounts        what both sides count of a service, month by month
first_use       granted, but never used    unused_fields   the same of single columns
disposal        deleted when the right is over
effect_report   what a right was good for
workflows       the tables of what is owed
"""
