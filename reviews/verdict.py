"""The one place where panel, readers and prices become a verdict on two tools."""
