"""The language of the readers' pages: Jinja2, and what its templates can say.

The desk extends Django's admin, and mails are inlined once an issue: both are in Django's own
language, in the folders of DJANGOS.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.template import defaultfilters
from django.templatetags.static import static
from django_htmx.jinja import htmx_script
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound

from newsletter.consent import WORDING
from tools.addresses import address
from verdicts.charts import along
from verdicts.templating import figures, found, icons, words

DJANGOS = ("admin/", "desk/", "newsletter/email/")


class PageLoader(FileSystemLoader):
    """The templates of readers' pages; of the others it knows nothing."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        if template.startswith(DJANGOS):
            raise TemplateNotFound(template)
        return super().get_source(environment, template)


def environment(*, loader: FileSystemLoader, auto_reload: bool, **_others: object) -> Environment:
    """What Django's settings ask for. A name that nobody defined is an error, not a blank."""
    made = Environment(
        loader=PageLoader(loader.searchpath),
        auto_reload=auto_reload,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "address": address,
        "consent_wording": WORDING,
        "dash": words.DASH,
        "days": words.days,
        "htmx_script": htmx_script,
        "icon": icons.icon,
        "mark": icons.mark,
        "nav_link": words.nav_link,
        "pair_data": found.pair_data,
        "pips": icons.pips,
        "settings": settings,
        "social_card": found.social_card,
        "static": static,
        "tool_data": found.tool_data,
    }
    made.filters |= {
        "along": along,
        "capfirst": defaultfilters.capfirst,
        "date": defaultfilters.date,
        "day": words.day,
        "floatformat": defaultfilters.floatformat,
        "host": words.host,
        "iconed": icons.iconed,
        "linebreaks": defaultfilters.linebreaks_filter,
        "panel_along": figures.panel_along,
        "plain": words.plain,
        "pluralize": defaultfilters.pluralize,
        "short_day": words.short_day,
        "spread": figures.spread,
        "unbroken": words.unbroken,
    }
    return made
