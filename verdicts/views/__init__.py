"""The readers' pages: each one loads, asks the domain once, and renders."""
