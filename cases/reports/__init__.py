"""Reports: what was received in a period and what became of it, as it was known at one instant, about nobody.

A report is a function of (organisation, period, as_of). `gather` reads what was known then, `measures` counts it,
`hiding` keeps small numbers back, `reconcile` says whether nothing is missing; `tables` writes it down for others.
`past` keeps what a report needs once a case changes or is erased.
"""
