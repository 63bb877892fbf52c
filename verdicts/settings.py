"""Every setting, read from the environment and from `.env`; `.env.example` explains each.

Without DATABASE_URL the site runs on embedded servers under `var/` with secrets made there.
With it the site is in production: what is missing or senseless stops the start with a line
that says which setting, and how to set it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import available_timezones

import environ
from csp.constants import NONE, SELF

from verdicts import embedded

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# Both for the tests: they have servers and settings of their own.
environ.Env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))

IS_PRODUCTION = "DATABASE_URL" in env
problems: list[str] = []


def required(name: str, default: str, how: str) -> str:
    """The setting's text; in production it must be set."""
    value = str(env.str(name, default="" if IS_PRODUCTION else default)).strip()
    if IS_PRODUCTION and not value:
        problems.append(f"{name} is not set. {how}")
    return value or default


def whole_number(name: str, default: int, *, least: int, most: int) -> int:
    text = str(env.str(name, default=str(default))).strip()
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        problems.append(f"{name}={text} is not a whole number from {least} to {most}.")
        return default
    return int(text)


def fraction(name: str, default: float) -> float:
    """A number from 0 to 1."""
    text = str(env.str(name, default=str(default))).strip()
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        problems.append(f"{name}={text} is not a number from 0 to 1.")
        return default
    return value


def one_of(name: str, default: str, values: list[str]) -> str:
    value = str(env.str(name, default=default)).strip().lower()
    if value not in values:
        problems.append(f"{name}={value} is unknown. Use one of: {', '.join(values)}.")
        return default
    return value


def switch(name: str, *, default: bool) -> bool:
    """on or off."""
    text = str(env.str(name, default="on" if default else "off")).strip().lower()
    if text in {"on", "true", "yes", "1"}:
        return True
    if text not in {"off", "false", "no", "0", ""}:
        problems.append(f"{name}={text} is neither on nor off.")
    return False


# --- Servers -----------------------------------------------------------------------------

EXAMPLE_DATABASE = "postgres://verdicts:secret@db:5432/verdicts"
embedded_servers = (
    embedded.Addresses(EXAMPLE_DATABASE, "") if IS_PRODUCTION else embedded.addresses(VAR_DIR)
)
DATABASE_URL = required("DATABASE_URL", embedded_servers.database_url, "")
REDIS_URL = required("REDIS_URL", embedded_servers.redis_url, "Example: redis://valkey:6379/0")
CACHE_URL = str(env.str("CACHE_URL", default=REDIS_URL))

try:
    DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
    if "postgresql" not in DATABASES["default"].get("ENGINE", ""):
        raise ValueError
except (ValueError, KeyError):
    problems.append(
        f"DATABASE_URL is not the address of a Postgres database. Example: {EXAMPLE_DATABASE}"
    )
    DATABASES = {"default": environ.Env.db_url_config(EXAMPLE_DATABASE)}
DATABASES["default"] |= {
    # A socket's folder stands quoted in the address, and comes back so.
    "HOST": unquote(DATABASES["default"]["HOST"]),
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": DATABASES["default"].get("OPTIONS", {})
    | {"server_side_binding": True, "prepare_threshold": 3},
    # simple-history and the importer rely on it; READ COMMITTED is what the votes need.
    "ATOMIC_REQUESTS": False,
}
for name, address in (("REDIS_URL", REDIS_URL), ("CACHE_URL", CACHE_URL)):
    if urlsplit(address).scheme not in {"redis", "rediss", "unix"}:
        problems.append(f"{name} is not the address of a Redis or Valkey server.")

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
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Keyed hashes of voters and of addresses; they never rotate.
VOTER_KEY = required("VOTER_KEY", MADE_SECRETS.get("VOTER_KEY", ""), HOW_TO_MAKE_ONE)
EMAIL_KEY = required("EMAIL_KEY", MADE_SECRETS.get("EMAIL_KEY", ""), HOW_TO_MAKE_ONE)
for name, secret in (
    ("SECRET_KEY", SECRET_KEY),
    ("VOTER_KEY", VOTER_KEY),
    ("EMAIL_KEY", EMAIL_KEY),
):
    if secret and len(secret) < 32:
        problems.append(f"{name} is shorter than 32 characters. {HOW_TO_MAKE_ONE}")

# --- Addresses ---------------------------------------------------------------------------

DEBUG = switch("DEBUG", default=False)
SITE_NAME = "Verdicts"
SITE_URL = required(
    "SITE_URL", "http://127.0.0.1:8000", "Example: https://verdicts.example"
).rstrip("/")
site_address = urlsplit(SITE_URL)
if site_address.scheme not in {"http", "https"} or not site_address.hostname or site_address.path:
    problems.append(f"SITE_URL={SITE_URL} is not an address such as https://verdicts.example")
IS_HTTPS = site_address.scheme == "https"
ALLOWED_HOSTS = [
    host.strip()
    for host in required(
        "ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]", "Example: verdicts.example"
    ).split(",")
    if host.strip()
]
TRUSTED_PROXIES = whole_number("TRUSTED_PROXIES", 0, least=0, most=10)

# --- Mail --------------------------------------------------------------------------------

EMAIL_URL = required(
    "EMAIL_URL", "smtp://127.0.0.1:8025", "Example: smtp://user:pass@host:587/?tls=1"
)
mail_address = urlsplit(EMAIL_URL)
mail_options = parse_qs(mail_address.query)
if mail_address.scheme not in {"smtp", "smtps"} or not mail_address.hostname:
    problems.append("EMAIL_URL is not like smtp://user:pass@host:587/?tls=1")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = mail_address.hostname or "127.0.0.1"
EMAIL_PORT = mail_address.port or (465 if mail_address.scheme == "smtps" else 25)
EMAIL_HOST_USER = unquote(mail_address.username or "")
EMAIL_HOST_PASSWORD = unquote(mail_address.password or "")
EMAIL_USE_TLS = mail_options.get("tls", ["0"])[0] in {"1", "true", "on"}
EMAIL_USE_SSL = mail_address.scheme == "smtps"
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = required(
    "DEFAULT_FROM_EMAIL",
    "Verdicts <letter@verdicts.example>",
    "Example: Verdicts <letter@verdicts.example>",
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
MAIL_WEBHOOK_SECRET = str(env.str("MAIL_WEBHOOK_SECRET", default=""))
EMAIL_CHECK_DNS = switch("EMAIL_CHECK_DNS", default=False)

# --- Votes: the first wall (docs: how votes are held) ------------------------------------

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
    "django.contrib.sitemaps",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "verdicts.errors.say_it_in_words",
]
ROOT_URLCONF = "verdicts.urls"
WSGI_APPLICATION = "verdicts.wsgi.application"
TEMPLATES = [
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
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = str(env.str("TIME_ZONE", default="UTC")).strip()
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
SILENCED_SYSTEM_CHECKS: list[str] = []

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
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# --- Logging -----------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}

if problems:
    sys.exit("\n".join(["The settings are not usable:", *(f"  {line}" for line in problems)]))
