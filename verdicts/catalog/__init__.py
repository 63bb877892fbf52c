"""Catalogue files: read with places, checked for shape, compared with the database, written back.

`reading` (bytes to values with their lines) -> `shape` (types, lengths, patterns) ->
`references` (what the file says of itself and of the database) -> `plan` (what is to be saved, row
by row; `changes` is the plan in words) -> `importing` (all of it or nothing). `writing` is the way
back.
"""
