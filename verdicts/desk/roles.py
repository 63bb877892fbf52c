"""Who may do what: the one table of roles, kept as groups."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

# Permissions by role, as app.codename. Each role holds what stands above it too.
WRITER = """
    tools.view_category
    tools.add_source tools.change_source tools.view_source
    tools.add_tool tools.change_tool tools.view_tool
    tools.add_pricepoint tools.view_pricepoint
    tools.add_comparison tools.change_comparison tools.view_comparison
    tools.add_correction tools.change_correction tools.view_correction
    reviews.view_reviewer
    reviews.add_review reviews.view_review
"""
EDITOR = """
    tools.add_category tools.change_category
    tools.publish_tool tools.publish_comparison tools.delete_tool tools.delete_comparison
    tools.publish_correction tools.delete_correction
    reviews.change_reviewer
"""
PUBLISHER = """
    auth.add_user auth.change_user auth.view_user
    axes.view_accesslog axes.view_accessfailurelog axes.view_accessattempt
    axes.delete_accessattempt
"""
# The votes are the editors' to look at and to decide on, and nobody's to write.
VOTES = Q(content_type__app_label="votes") & ~Q(codename__regex="^(add|change|delete)_")
# The email desk, whole.
NEWSLETTER = Q(content_type__app_label="newsletter")

ROLES = {
    "writer": WRITER.split(),
    "editor": (WRITER + EDITOR).split(),
    "publisher": (WRITER + EDITOR + PUBLISHER).split(),
}
ROOMS = {"writer": Q(pk__in=[]), "editor": VOTES, "publisher": VOTES | NEWSLETTER}


class UnknownPermissionError(Exception):
    """The table of roles names a permission that no room has."""


@transaction.atomic
def create_roles() -> None:
    """Make the groups hold exactly what the table says. Safe to run again."""
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role, names in ROLES.items():
        missing = [name for name in names if name not in known]
        if missing:
            raise UnknownPermissionError(", ".join(missing))
        group, _ = Group.objects.get_or_create(name=role)
        rooms = Permission.objects.filter(ROOMS[role])
        group.permissions.set([*(known[name] for name in names), *rooms])
