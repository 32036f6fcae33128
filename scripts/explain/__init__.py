"""Records, cases and codes in plain words, in English or Chinese.

command     `blockpool explain`
sources     where it is read: a node that is believed, or a log replayed here
records, cases, codes       what is told of each, as headings with lines below them
said        what a record says
rules       which rules were asked about it
language    the words; `english` and `chinese` hold them
"""
