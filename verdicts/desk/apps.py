"""Makes the desk the one admin site, for every room's `@admin.register`."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    default_site = "verdicts.desk.site.Desk"
