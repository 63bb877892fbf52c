"""Writer, editor and publisher, as groups."""

from typing import Any

from django.core.management.base import BaseCommand

from verdicts.desk.roles import ROLES, create_roles


class Command(BaseCommand):
    help = (
        "Makes the groups writer, editor and publisher hold what verdicts/desk/roles.py says. "
        "Run it after every migrate; running it again changes nothing. Example: "
        "manage.py create_roles"
    )

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        create_roles()
        if verbosity:
            self.stdout.write(f"Roles: {', '.join(ROLES)}.")
