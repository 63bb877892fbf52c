"""The ballot box's addresses."""

from django.urls import path

from votes import views

urlpatterns = [
    path("tools/<slug:slug>/vote/", views.vote, name="vote"),
    path("compare/<slug:first>-vs-<slug:second>/pick/", views.pick, name="pick"),
    path("privacy/", views.privacy, name="privacy"),
    path("votes/forget/", views.forget, name="forget"),
]
