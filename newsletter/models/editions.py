"""What readers are sent of an issue: its bytes, once for each set of topics."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from newsletter.models.issues import Issue


class Edition(models.Model):
    """An issue as readers of one set of topics get it, rendered once and never changed."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="editions")
    topics = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Sorted; empty: every topic."
    )
    subject = models.CharField(max_length=300)
    preheader = models.TextField(blank=True)
    html = models.TextField()
    text = models.TextField()
    message = models.BinaryField(help_text="The MIME message with its marks.")
    sha256 = models.BinaryField(max_length=32, help_text="Of the message.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="topics_have_one_edition_of_an_issue", fields=["issue", "topics"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issue}, {len(self.topics)} topics" if self.topics else f"{self.issue}"
