"""The panel, and the verdict composed of panel, readers and prices."""
