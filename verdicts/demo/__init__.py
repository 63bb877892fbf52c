"""The whole product on one machine: `manage.py demo`."""
