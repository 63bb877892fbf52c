"""The weekly email's addresses."""

from django.urls import path

from newsletter import archive, views, webhooks

urlpatterns = [
    path("newsletter/", views.sign_up, name="newsletter"),
    path(
        "newsletter/check-your-inbox/",
        views.check_your_inbox,
        name="newsletter_check_your_inbox",
    ),
    path("newsletter/confirm/<str:token>/", views.confirm, name="newsletter_confirm"),
    path("newsletter/unsubscribe/<str:token>/", views.unsubscribe, name="newsletter_unsubscribe"),
    path("newsletter/preferences/<str:token>/", views.preferences, name="newsletter_preferences"),
    path("newsletter/data/", views.ask_own_data, name="newsletter_ask_own_data"),
    path("newsletter/data/<str:token>/", views.own_data, name="newsletter_own_data"),
    path("newsletter/issues/", archive.issue_index, name="issue_index"),
    path("newsletter/issues/<slug:day>/", archive.issue_detail, name="issue_detail"),
    path("webhooks/mail/<slug:provider>/", webhooks.mail_events, name="mail_events"),
    path("feeds/issues.atom", archive.feed, name="issue_feed"),
]
