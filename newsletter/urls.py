"""The weekly email's addresses."""

from django.urls import path

from newsletter import archive, webhooks
from newsletter.views import asking, links

urlpatterns = [
    path("newsletter/", asking.sign_up, name="newsletter"),
    path(
        "newsletter/check-your-inbox/",
        asking.check_your_inbox,
        name="newsletter_check_your_inbox",
    ),
    path("newsletter/confirm/<str:token>/", links.confirm, name="newsletter_confirm"),
    path("newsletter/unsubscribe/<str:token>/", links.unsubscribe, name="newsletter_unsubscribe"),
    path("newsletter/preferences/<str:token>/", links.preferences, name="newsletter_preferences"),
    path(
        "newsletter/preferences/<str:token>/address/",
        links.ask_to_move,
        name="newsletter_ask_to_move",
    ),
    path("newsletter/move/<str:token>/", links.move, name="newsletter_move"),
    path("newsletter/data/", asking.ask_own_data, name="newsletter_ask_own_data"),
    path("newsletter/data/<str:token>/", links.own_data, name="newsletter_own_data"),
    path("newsletter/issues/", archive.issue_index, name="issue_index"),
    path("newsletter/issues/<slug:day>/", archive.issue_detail, name="issue_detail"),
    path("webhooks/mail/<slug:provider>/", webhooks.mail_events, name="mail_events"),
    path("feeds/issues.atom", archive.feed, name="issue_feed"),
]
