"""Catalogue files: read with places, checked, compared with the database, written back.

`reading` (bytes to values with their lines) -> `shape` (entry by entry, with `entries` and
`faults`) -> `references` (what the files say of each other and of the database, `kept`) ->
`changes` (what would change, row by row) -> `importing` (the verb that does it). `writing` is
the way back.
"""
