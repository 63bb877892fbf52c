"""How staff come in: password, second factor, locks, and how long they stay."""

from __future__ import annotations

import datetime as dt
import re
from importlib import import_module
from typing import Any

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from verdicts.desk import second_factor, sessions

PASSWORD = "a long enough password"
LOGIN = "/admin/login/"
FACTOR = "/admin/second-factor/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demanded(settings: Settings) -> None:
    settings.STAFF_TWO_FACTOR = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", password=PASSWORD, is_staff=True, is_superuser=True)


def enrolled(user: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="phone")


def code_of(device: TOTPDevice) -> str:
    generator = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    return f"{generator.token():06}"


def log_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"username": "ada", "password": password})


def test_the_password_alone_opens_nothing(client: Client, ada: User) -> None:
    enrolled(ada)
    log_in(client)
    assert client.get("/admin/tools/tool/").status_code == 302
    assert client.get(LOGIN, {"next": "/admin/tools/tool/"})["Location"].startswith(FACTOR)


def test_password_and_code_lead_to_the_page_that_was_asked_for(client: Client, ada: User) -> None:
    device = enrolled(ada)
    log_in(client)
    answer = client.post(f"{FACTOR}?next=/admin/tools/tool/", {"code": code_of(device)})
    assert answer["Location"] == "/admin/tools/tool/"
    assert client.get("/admin/tools/tool/").status_code == 200


def test_the_way_in_leads_to_no_other_site(client: Client, ada: User) -> None:
    device = enrolled(ada)
    log_in(client)
    answer = client.post(f"{FACTOR}?next=https://elsewhere.example/", {"code": code_of(device)})
    assert answer["Location"] == "/admin/"


def test_a_code_works_once(client: Client, ada: User) -> None:
    code = code_of(enrolled(ada))
    log_in(client)
    client.post(FACTOR, {"code": code})
    other = Client()
    log_in(other)
    assert "isn’t right" in other.post(FACTOR, {"code": code}).content.decode()


def test_wrong_codes_are_slowed_down_and_recorded(client: Client, ada: User) -> None:
    device = enrolled(ada)
    log_in(client)
    right = code_of(device)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    client.post(FACTOR, {"code": wrong})
    assert "Too many wrong codes" in client.post(FACTOR, {"code": right}).content.decode()
    assert AccessFailureLog.objects.filter(username="ada").count() == 2


def test_another_session_gets_no_further_tries(client: Client, ada: User) -> None:
    device = enrolled(ada)
    right = code_of(device)
    log_in(client)
    client.post(FACTOR, {"code": f"{(int(right) + 1) % 1_000_000:06}"})
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    log_in(elsewhere)
    assert "Too many wrong codes" in elsewhere.post(FACTOR, {"code": right}).content.decode()


def test_recovery_codes_are_slowed_down_too(client: Client, ada: User) -> None:
    enrolled(ada)
    [code, *_] = second_factor.new_codes(ada)
    log_in(client)
    client.post(FACTOR, {"code": "nota-reco-very-code"})
    assert "Too many wrong codes" in client.post(FACTOR, {"code": code}).content.decode()


def test_five_wrong_codes_close_the_name_as_wrong_passwords_do(client: Client, ada: User) -> None:
    enrolled(ada)
    log_in(client)
    for _ in range(5):
        client.post(FACTOR, {"code": "000000"})
    assert log_in(Client()).status_code == 429


def test_a_new_staff_member_enrols_at_the_first_log_in(client: Client, ada: User) -> None:
    log_in(client)
    page = client.get(FACTOR).content.decode()
    assert "<svg" in page
    assert "style=" not in page[page.index("<svg") : page.index("</svg>")]
    device = TOTPDevice(user=ada, key=client.session[second_factor.KEY_IN_SESSION])
    answer = client.post(FACTOR, {"code": code_of(device)}).content.decode()
    codes = re.findall(r"<code>((?:\w{4} ?){4})</code>", answer)
    assert len(codes) == second_factor.RECOVERY_CODES
    assert client.get("/admin/").status_code == 200


def test_a_wrong_code_enrols_nobody(client: Client, ada: User) -> None:
    log_in(client)
    client.get(FACTOR)
    client.post(FACTOR, {"code": "000000"})
    assert not second_factor.is_enrolled(ada)
    assert client.get("/admin/").status_code == 302


def test_a_recovery_code_signs_in_once(client: Client, ada: User) -> None:
    enrolled(ada)
    [code, *_] = second_factor.new_codes(ada)
    log_in(client)
    typed = f"{code[:4].upper()} {code[4:8]}-{code[8:]}"
    assert client.post(FACTOR, {"code": typed}).status_code == 302
    assert client.get("/admin/").status_code == 200
    other = Client()
    log_in(other)
    assert "isn’t right" in other.post(FACTOR, {"code": code}).content.decode()


def test_the_database_keeps_digests_of_recovery_codes_only(client: Client, ada: User) -> None:
    enrolled(ada)
    [code, *_] = second_factor.new_codes(ada)
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == second_factor.RECOVERY_CODES
    assert not kept & {code, code.upper()}
    log_in(client)
    stolen = next(iter(kept))
    assert "isn’t right" in client.post(FACTOR, {"code": stolen}).content.decode()


def test_a_recovery_code_from_before_the_digests_still_works(client: Client, ada: User) -> None:
    enrolled(ada)
    device = StaticDevice.objects.create(user=ada, name="recovery codes")
    device.token_set.create(token="abcdefgh")
    keep_digests = import_module("verdicts.migrations.0001_digests_of_recovery_codes").keep_digests
    keep_digests(apps, None)
    assert not StaticToken.objects.filter(token="abcdefgh").exists()
    log_in(client)
    assert client.post(FACTOR, {"code": "abcdefgh"}).status_code == 302


def test_new_recovery_codes_end_the_old_ones(client: Client, ada: User) -> None:
    device = enrolled(ada)
    second_factor.new_codes(ada)
    old = list(StaticToken.objects.values_list("token", flat=True))
    log_in(client)
    client.post(FACTOR, {"code": code_of(device)})
    client.get("/admin/recovery-codes/")
    assert StaticToken.objects.filter(token__in=old).exists(), "a look changes nothing"
    client.post("/admin/recovery-codes/")
    assert not StaticToken.objects.filter(token__in=old).exists()
    assert StaticToken.objects.count() == second_factor.RECOVERY_CODES


def test_resetting_the_second_factor_demands_a_new_enrolment(client: Client, ada: User) -> None:
    device = enrolled(ada)
    log_in(client)
    client.post(FACTOR, {"code": code_of(device)})
    second_factor.reset(ada)
    assert client.get("/admin/").status_code == 302
    assert "Turn it on" in client.get(FACTOR).content.decode()


def test_without_the_setting_the_password_is_enough(
    client: Client, ada: User, settings: Settings
) -> None:
    settings.STAFF_TWO_FACTOR = False
    log_in(client)
    assert client.get("/admin/").status_code == 200


def test_five_wrong_passwords_close_the_name_for_a_while(client: Client, ada: User) -> None:
    for _ in range(5):
        log_in(client, "wrong")
    locked = log_in(client)
    assert locked.status_code == 429
    assert "fifteen minutes" in locked.content.decode()


def test_a_lock_holds_for_its_address_only(client: Client, ada: User) -> None:
    for _ in range(5):
        log_in(client, "wrong")
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert log_in(elsewhere).status_code == 302


def test_log_ins_are_recorded_with_who_when_and_from_where(client: Client, ada: User) -> None:
    log_in(client)
    [entry] = AccessLog.objects.all()
    assert (entry.username, entry.ip_address) == ("ada", "127.0.0.1")


def test_the_recorded_address_believes_only_trusted_proxies(
    client: Client, ada: User, settings: Settings
) -> None:
    spoofed = "1.2.3.4, 198.51.100.7"
    client.post(LOGIN, {"username": "ada", "password": PASSWORD}, HTTP_X_FORWARDED_FOR=spoofed)
    settings.TRUSTED_PROXIES = 1
    Client().post(LOGIN, {"username": "ada", "password": PASSWORD}, HTTP_X_FORWARDED_FOR=spoofed)
    addresses = set(AccessLog.objects.values_list("ip_address", flat=True))
    assert addresses == {"127.0.0.1", "198.51.100.7"}


@pytest.mark.parametrize(
    ("began", "seen", "is_over"),
    [
        (dt.timedelta(0), dt.timedelta(0), False),
        (dt.timedelta(hours=3), dt.timedelta(hours=1), False),
        (dt.timedelta(hours=3), dt.timedelta(hours=3), True),
        (dt.timedelta(hours=13), dt.timedelta(minutes=1), True),
    ],
)
def test_a_session_ends_when_it_is_old_or_idle(
    client: Client,
    ada: User,
    settings: Settings,
    began: dt.timedelta,
    seen: dt.timedelta,
    is_over: bool,
) -> None:
    settings.STAFF_TWO_FACTOR = False
    log_in(client)
    now = timezone.now()
    session = client.session
    session["began"] = int((now - began).timestamp())
    session["seen"] = int((now - seen).timestamp())
    session.save()
    assert client.get("/admin/").status_code == (302 if is_over else 200)


def test_looking_around_writes_the_session_once_a_minute_at_most() -> None:
    now = timezone.now()
    session = Client().session
    sessions.is_over(session, now=now)
    session.modified = False
    sessions.is_over(session, now=now + dt.timedelta(seconds=30))
    assert not session.modified
    sessions.is_over(session, now=now + dt.timedelta(seconds=90))
    assert session.modified


def test_staff_cookies_stay_under_the_admin(client: Client, ada: User) -> None:
    answer = log_in(client)
    assert {cookie["path"] for cookie in answer.cookies.values()} == {"/admin/"}
    assert not client.get(reverse("home")).cookies


def test_the_log_of_log_ins_is_forgotten_after_ninety_days(client: Client, ada: User) -> None:
    log_in(client, "wrong")
    log_in(client)
    sessions.forget_old_log_ins(now=timezone.now() + dt.timedelta(days=89))
    assert AccessLog.objects.exists()
    sessions.forget_old_log_ins(now=timezone.now() + dt.timedelta(days=91))
    assert not AccessLog.objects.exists()
    assert not AccessFailureLog.objects.exists()


def test_the_privacy_page_says_how_long_log_ins_are_kept(client: Client) -> None:
    page = client.get(reverse("privacy")).content.decode()
    assert f"erased after {sessions.LOG_KEPT_FOR.days} days" in page


def test_resetting_for_others_asks_first_and_says_for_how_many(
    admin_client: Client, ada: User, settings: Settings
) -> None:
    settings.STAFF_TWO_FACTOR = False
    enrolled(ada)
    chosen = {"action": "reset_second_factor", "_selected_action": [ada.pk]}
    page = admin_client.post("/admin/auth/user/", chosen).content.decode()
    assert "1 account" in page
    assert second_factor.is_enrolled(ada)
    admin_client.post("/admin/auth/user/", {**chosen, "confirmed": "yes"})
    assert not second_factor.is_enrolled(ada)
