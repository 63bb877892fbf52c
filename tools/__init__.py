"""The catalogue: what the tools are and what they cost."""
