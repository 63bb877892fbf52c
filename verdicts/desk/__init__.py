"""The editors' desk: Django's admin as a newsroom."""
