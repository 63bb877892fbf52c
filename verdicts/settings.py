"""Every setting, read from the environment and from `.env`; `.env.example` explains each.

Without DATABASE_URL the site runs on embedded servers under `var/` with secrets made there.
With it the site is in production: what is missing or senseless stops the start with a line
that says which setting, and how to set it.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote
from zoneinfo import available_timezones

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.http.request import validate_host
from kombu.entity import Queue

from verdicts import embedded
from verdicts.demo import notes
from verdicts.environment import (
    BASE_DIR,
    IS_PRODUCTION,
    address,
    fraction,
    one_of,
    problems,
    required,
    switch,
    text,
    whole_number,
)

django_stubs_ext.monkeypatch()

# The tests have servers and a folder of their own.
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))

# --- Servers -----------------------------------------------------------------------------

EXAMPLE_DATABASE = "postgres://verdicts:secret@db:5432/verdicts"
embedded_servers = (
    embedded.Addresses(EXAMPLE_DATABASE, "") if IS_PRODUCTION else embedded.addresses(VAR_DIR)
)
DATABASE_URL = required("DATABASE_URL", embedded_servers.database_url, "")
REDIS_URL = required("REDIS_URL", embedded_servers.redis_url, "Example: redis://valkey:6379/0")
CACHE_URL = text("CACHE_URL", REDIS_URL)

database_address = address(
    "DATABASE_URL", DATABASE_URL, {"postgres", "postgresql"}, EXAMPLE_DATABASE
)
if not database_address.path.strip("/"):
    problems.append(f"DATABASE_URL names no database. Example: {EXAMPLE_DATABASE}")
DATABASES = {"default": environ.Env.db_url_config(database_address.geturl())}
DATABASES["default"] |= {
    # A socket's folder stands quoted in the address, and comes back so.
    "HOST": unquote(DATABASES["default"]["HOST"]),
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    # What a process asks again is planned once: to plan a comparison's neighbours anew among
    # many tools takes ten times as long as to find them.
    "OPTIONS": {"options": "-c plan_cache_mode=force_generic_plan"}
    | DATABASES["default"].get("OPTIONS", {})
    | {"server_side_binding": True, "prepare_threshold": 3},
    # simple-history and the importer rely on it; READ COMMITTED is what the votes need.
    "ATOMIC_REQUESTS": False,
}
for value, name in {CACHE_URL: "CACHE_URL", REDIS_URL: "REDIS_URL"}.items():
    if value:
        address(name, value, {"redis", "rediss", "unix"}, "redis://valkey:6379/0")

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "verdicts",
    }
}

# --- Secrets -----------------------------------------------------------------------------

MADE_SECRETS = {} if IS_PRODUCTION else embedded.secrets(VAR_DIR)
HOW_TO_MAKE_ONE = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
SECRET_KEY = required("SECRET_KEY", MADE_SECRETS.get("SECRET_KEY", ""), HOW_TO_MAKE_ONE)
SECRET_KEY_FALLBACKS = [key for key in text("SECRET_KEY_FALLBACKS", "").split(",") if key]
# Keyed hashes of voters and of addresses; they never rotate.
VOTER_KEY = required("VOTER_KEY", MADE_SECRETS.get("VOTER_KEY", ""), HOW_TO_MAKE_ONE)
EMAIL_KEY = required("EMAIL_KEY", MADE_SECRETS.get("EMAIL_KEY", ""), HOW_TO_MAKE_ONE)
SECRETS = {"SECRET_KEY": SECRET_KEY, "VOTER_KEY": VOTER_KEY, "EMAIL_KEY": EMAIL_KEY}
for name, secret in SECRETS.items():
    if secret and (len(secret) < 32 or len({*secret}) < 8):
        problems.append(f"{name} is too easily guessed. {HOW_TO_MAKE_ONE}")
    if secret and list(SECRETS.values()).count(secret) > 1:
        problems.append(f"{name} is the same as another key. {HOW_TO_MAKE_ONE}")

# --- Addresses ---------------------------------------------------------------------------

DEBUG = switch("DEBUG", default=False)
SITE_NAME = "Verdicts"
EXAMPLE_SITE = "https://verdicts.example"
OF_THE_DEMO = {} if IS_PRODUCTION else notes.noted(VAR_DIR)
SITE_URL = required(
    "SITE_URL",
    OF_THE_DEMO.get("SITE_URL", "http://127.0.0.1:8000"),
    f"Example: {EXAMPLE_SITE}",
).rstrip("/")
site_address = address("SITE_URL", SITE_URL or EXAMPLE_SITE, {"http", "https"}, EXAMPLE_SITE)
if site_address.path or site_address.query or site_address.username:
    problems.append(f"SITE_URL={SITE_URL} is more than scheme and host. Example: {EXAMPLE_SITE}")
IS_HTTPS = site_address.scheme == "https"
ALLOWED_HOSTS = [
    host.strip()
    for host in required(
        "ALLOWED_HOSTS",
        f"127.0.0.1,localhost,[::1],{site_address.hostname}",
        "Example: verdicts.example",
    ).split(",")
    if host.strip()
]
for host in ALLOWED_HOSTS:
    if "/" in host or (":" in host and not host.startswith("[")):
        problems.append(f"ALLOWED_HOSTS={host} is not a bare host name. Example: verdicts.example")
if ALLOWED_HOSTS and not validate_host(site_address.hostname or "", ALLOWED_HOSTS):
    problems.append(f"ALLOWED_HOSTS does not hold the host of SITE_URL, {site_address.hostname}.")
TRUSTED_PROXIES = whole_number("TRUSTED_PROXIES", 0, least=0, most=10)

# --- Mail --------------------------------------------------------------------------------

EXAMPLE_MAIL = "smtp://user:pass@host:587/?tls=1"
EMAIL_URL = required(
    "EMAIL_URL",
    OF_THE_DEMO.get("EMAIL_URL", "smtp://127.0.0.1:1025"),
    f"Example: {EXAMPLE_MAIL}",
)
mail_address = address("EMAIL_URL", EMAIL_URL or EXAMPLE_MAIL, {"smtp", "smtps"}, EXAMPLE_MAIL)
mail_options = parse_qs(mail_address.query)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = mail_address.hostname or "127.0.0.1"
EMAIL_PORT = mail_address.port or (465 if mail_address.scheme == "smtps" else 25)
EMAIL_HOST_USER = unquote(mail_address.username or "")
EMAIL_HOST_PASSWORD = unquote(mail_address.password or "")
EMAIL_USE_TLS = mail_options.get("tls", ["0"])[0] in {"1", "true", "on"}
EMAIL_USE_SSL = mail_address.scheme == "smtps"
EMAIL_TIMEOUT = 30
EXAMPLE_SENDER = "Verdicts <letter@verdicts.example>"
DEFAULT_FROM_EMAIL = required("DEFAULT_FROM_EMAIL", EXAMPLE_SENDER, f"Example: {EXAMPLE_SENDER}")
if DEFAULT_FROM_EMAIL and "@" not in parseaddr(DEFAULT_FROM_EMAIL)[1]:
    problems.append(
        f"DEFAULT_FROM_EMAIL={DEFAULT_FROM_EMAIL} holds no mail address. Example: {EXAMPLE_SENDER}"
    )
SERVER_EMAIL = DEFAULT_FROM_EMAIL

PUBLISHER_NAME = required(
    "PUBLISHER_NAME",
    "Placeholder publisher (set PUBLISHER_NAME)",
    "The name that stands in every mail's footer and on the site.",
)
PUBLISHER_ADDRESS = required(
    "PUBLISHER_ADDRESS",
    "Placeholder address (set PUBLISHER_ADDRESS)",
    "The postal address that stands in every mail's footer and on the site.",
)

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
NEWSLETTER_WEEKDAY = one_of("NEWSLETTER_WEEKDAY", "friday", WEEKDAYS)
NEWSLETTER_HOUR = whole_number("NEWSLETTER_HOUR", 9, least=0, most=23)
NEWSLETTER_CONNECTIONS = whole_number("NEWSLETTER_CONNECTIONS", 2, least=1, most=64)
NEWSLETTER_AMBIGUOUS = one_of("NEWSLETTER_AMBIGUOUS", "hold", ["hold", "resend", "idempotent"])
MAIL_WEBHOOK_SECRET = text("MAIL_WEBHOOK_SECRET", "")
EMAIL_CHECK_DNS = switch("EMAIL_CHECK_DNS", default=False)

# --- Votes: the first wall (docs/decisions/held-in-the-open.md) --------------------------

# New ballots of one network: so many at once, and so many more a minute; the rest is held.
VOTES_NETWORK_BURST = whole_number("VOTES_NETWORK_BURST", 60, least=1, most=1_000_000)
VOTES_NETWORK_PER_MINUTE = whole_number("VOTES_NETWORK_PER_MINUTE", 2, least=1, most=1_000_000)
# Of one network, on one tool, in one day: from cookies of the last hours, and from older ones.
VOTES_TOOL_FRESH = whole_number("VOTES_TOOL_FRESH", 5, least=1, most=1_000_000)
VOTES_TOOL_OLDER = whole_number("VOTES_TOOL_OLDER", 20, least=1, most=1_000_000)
VOTES_FRESH_HOURS = whole_number("VOTES_FRESH_HOURS", 24, least=0, most=8760)
# Presses of one network, whatever they say; the rest gets 429.
VOTES_PRESS_BURST = whole_number("VOTES_PRESS_BURST", 300, least=1, most=1_000_000)
VOTES_PRESS_PER_MINUTE = whole_number("VOTES_PRESS_PER_MINUTE", 600, least=1, most=1_000_000)
VOTES_VOTER_PER_HOUR = whole_number("VOTES_VOTER_PER_HOUR", 60, least=1, most=1_000_000)
VOTES_CHANGES_PER_DAY = whole_number("VOTES_CHANGES_PER_DAY", 5, least=1, most=1000)
VOTES_FAST_MILLISECONDS = whole_number("VOTES_FAST_MILLISECONDS", 1500, least=0, most=60_000)
# Voters that no limit of a network holds: cookie of so many days, counted votes on so many
# tools on so many days.
VOTES_ESTABLISHED_AGE_DAYS = whole_number("VOTES_ESTABLISHED_AGE_DAYS", 7, least=0, most=365)
VOTES_ESTABLISHED_TOOLS = whole_number("VOTES_ESTABLISHED_TOOLS", 3, least=1, most=1000)
VOTES_ESTABLISHED_DAYS = whole_number("VOTES_ESTABLISHED_DAYS", 2, least=1, most=365)
# The nightly rule releases what one network cast on a tool in a day up to so many votes,
# and up to this share of all that the network cast that day.
VOTES_RELEASE_MOST = whole_number("VOTES_RELEASE_MOST", 25, least=0, most=1_000_000)
VOTES_RELEASE_SHARE = fraction("VOTES_RELEASE_SHARE", 0.30)

# --- Editors -----------------------------------------------------------------------------

EDITORIAL_TWO_PERSON = switch("EDITORIAL_TWO_PERSON", default=IS_PRODUCTION)
STAFF_TWO_FACTOR = switch("STAFF_TWO_FACTOR", default=IS_PRODUCTION)

# host:port pairs that the check of links may visit though they are private; for tests.
LINK_CHECK_ALLOW: list[str] = []

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Five wrong passwords for one name from one address close it there for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "desk/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "verdicts.desk.sessions.signed_in_from"
OTP_TOTP_ISSUER = SITE_NAME
# Staff cookies live under the admin only: readers' pages never see or set one.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
# Names of our own: another Django on this host sends its cookies here too, and would win.
SESSION_COOKIE_NAME = "verdicts_desk"
CSRF_COOKIE_NAME = "verdicts_desk_form"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# How long the server keeps a session; verdicts/desk/sessions.py ends it earlier.
SESSION_COOKIE_AGE = 43_200

# --- Django ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "verdicts",
    "newsletter",
    "reviews",
    "votes",
    "tools",
    "django_htmx",
    "simple_history",
    "csp",
    "django.contrib.postgres",
    "verdicts.desk.apps.DeskConfig",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    # The first ones give every answer its headers, errors and static files too.
    "verdicts.headers.guarded",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "verdicts.health.health_checks",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "verdicts.errors.say_it_in_words",
]
ROOT_URLCONF = "verdicts.urls"
WSGI_APPLICATION = "verdicts.wsgi.application"
TEMPLATES = [
    {
        # Readers' pages; those that it does not know are the desk's and the mails.
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "verdicts.templating.environment.environment"},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "verdicts.context.site",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = text("TIME_ZONE", "UTC")
if TIME_ZONE not in available_timezones():
    problems.append(f"TIME_ZONE={TIME_ZONE} is unknown. Example: Europe/Prague")
    TIME_ZONE = "UTC"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "verdicts.static.StaticFiles"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# --- Security ----------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "object-src": [NONE],
    }
}

# --- Celery ------------------------------------------------------------------------------

CELERY_BROKER_URL = (
    REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
    if REDIS_URL.startswith("unix://")
    else REDIS_URL
)
# Rows in Postgres are the truth, so nobody reads a task's result.
CELERY_TASK_IGNORE_RESULT = True
# Beat knows no summer time; the newsletter's tick reads the local clock itself.
CELERY_TIMEZONE = "UTC"
# The broker may start after the worker.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Longer than any task, since Redis hands a task out again after it, done or not.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
# An issue (mail), mails that a person waits for (mail_tx), all else (default). A worker serves all
# three unless told otherwise by -Q.
CELERY_TASK_QUEUES = [Queue(name) for name in ("mail", "mail_tx", "default")]  # type: ignore[no-untyped-call]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "newsletter.tasks.send_slice": {"queue": "mail"},
    "newsletter.tasks.answer_sign_up": {"queue": "mail_tx"},
    "newsletter.tasks.pick_up_mail": {"queue": "mail_tx"},
}
# As many slices as SMTP connections, and two processes that an issue can never occupy.
CELERY_WORKER_CONCURRENCY = NEWSLETTER_CONNECTIONS + 2
# A task never waits behind a long one in a busy process.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
# Leaks end with the process: after so many slices (of a minute each), or 250 MB.
CELERY_WORKER_MAX_TASKS_PER_CHILD = 50
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000
# A relay may take 600 s to answer a mail's final dot; a slice takes 60 s more.
CELERY_TASK_SOFT_TIME_LIMIT = 700
CELERY_TASK_TIME_LIMIT = 900
# So long may tasks take to end when the worker must; a slice ends after its mail.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30

# --- Logging -----------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # What our own rooms tell is meant to be read.
    "loggers": {
        room: {"level": "INFO"} for room in ("verdicts", "newsletter", "reviews", "votes", "tools")
    }
    # A stranger's wrong host name is no news.
    | {"django.security.DisallowedHost": {"level": "CRITICAL"}},
}
SENTRY_DSN = text("SENTRY_DSN", "")
if SENTRY_DSN:
    address("SENTRY_DSN", SENTRY_DSN, {"http", "https"}, "https://key@sentry.example/1")
    if find_spec("sentry_sdk") is None:
        problems.append("SENTRY_DSN needs the extra packages: uv sync --extra sentry")

if problems:
    sys.exit("\n".join(["The settings are not usable:", *(f"  {line}" for line in problems)]))

if SENTRY_DSN:
    import sentry_sdk

    sentry_sdk.init(dsn=SENTRY_DSN, send_default_pii=False)
