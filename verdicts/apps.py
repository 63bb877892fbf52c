from django.apps import AppConfig


class VerdictsConfig(AppConfig):
    name = "verdicts"

    def ready(self) -> None:
        # Shared tasks of every room belong to this Celery app, in web processes too.
        from verdicts import celery  # noqa: F401
