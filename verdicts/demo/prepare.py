"""Makes a `var/` ready for the demo: `python -m verdicts.demo.prepare [--empty]`.

Migrates, collects the static files, and at the first start loads the demo's content and makes a
staff account. The account is made last and in the same transaction as the content, so that its
existence says whether this was done.
"""

from __future__ import annotations

import json
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

STAFF = "editor"
SUBSCRIBERS = 60
CATALOGUE = [Path(__file__).parent / name for name in ("catalog.yaml", "states.yaml")]


def main() -> None:
    django.setup()
    is_empty = "--empty" in sys.argv[1:]
    say("Preparing the database and the static files")
    from verdicts import static

    with ThreadPoolExecutor() as pool:
        collecting = pool.submit(static.collect)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("create_roles", verbosity=0)
        collecting.result()
    password = staff_password(settings.VAR_DIR)
    if is_loaded():
        if is_empty:
            say("This demo has its data already; --empty counts at the first start only")
        return
    with transaction.atomic():
        if not is_empty:
            load()
        make_staff(password)


def load() -> None:
    from newsletter.growth import grow_subscribers
    from votes.demo import cast_demo_votes

    now = timezone.now()
    say("Loading the demo catalogue")
    call_command("import_catalog", *(str(path) for path in CATALOGUE), verbosity=0)
    say("Casting synthetic votes")
    cast_demo_votes(now=now)
    say("Signing up synthetic subscribers")
    grow_subscribers(SUBSCRIBERS, now=now, progress=lambda *_: None)


def is_loaded() -> bool:
    from django.contrib.auth.models import User

    return User.objects.filter(username=STAFF).exists()


def make_staff(password: str) -> None:
    from django.contrib.auth.models import User

    User.objects.create_superuser(STAFF, "editor@verdicts.example", password)


def staff_password(var: Path) -> str:
    """Made once, and kept readable by the owner only."""
    path = var / "staff.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({"user": STAFF, "password": secrets.token_urlsafe(12)}))
    return str(json.loads(path.read_text())["password"])


def say(line: str) -> None:
    sys.stdout.write(f"{line} ...\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
