"""Catalogue files: read with places, checked for shape, compared with the database, written back.

`reading` (bytes to values with their lines) -> `shape` (types, lengths, patterns) ->
`references` (what the file says of itself and of the database) -> `changes` (what would change,
row by row, and the one verb that does it). `writing` is the way back.
"""
