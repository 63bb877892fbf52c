"""The weekly email: subscribers, issues, deliveries, the sender."""
