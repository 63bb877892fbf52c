from django.db import migrations, models
from django.db.models.functions import Lower

# As before, but for words whose stem is the word itself: those are looked for once.
QUERY = """
create or replace function search_query(words text[]) returns tsquery
language sql stable strict parallel safe as $$
    -- All the words, each also as the beginning of a longer one, but for the shortest.
    select case when english = simple or numnode(english) = 0 then simple
        else english || simple end
    from (
        select to_tsquery('english', asked.words) as english,
            to_tsquery('simple', asked.words) as simple
        from (
            select string_agg(
                quote_literal(plain.word)
                    || case when length(plain.word) > 2 then ':*' else '' end,
                ' & '
            ) as words
            from unnest(words) as given, lateral (select public.search_words(given)) as plain (word)
            where plain.word ~ '[[:alnum:]]'
        ) as asked
    ) as read
$$;
"""
QUERY_BEFORE = """
create or replace function search_query(words text[]) returns tsquery
language sql stable strict parallel safe as $$
    select to_tsquery('english', asked.words) || to_tsquery('simple', asked.words)
    from (
        select string_agg(
            quote_literal(plain.word) || case when length(plain.word) > 2 then ':*' else '' end,
            ' & '
        ) as words
        from unnest(words) as given, lateral (select public.search_words(given)) as plain (word)
        where plain.word ~ '[[:alnum:]]'
    ) as asked
$$;
"""
WHOLE_NAMES = """
create index tool_is_found_by_its_whole_name on tools_tool (public.search_words(name))
"""


class Migration(migrations.Migration):
    dependencies = [("tools", "0005_newest_of_a_category")]

    operations = [
        migrations.RunSQL(QUERY, QUERY_BEFORE),
        migrations.RunSQL(WHOLE_NAMES, "drop index tool_is_found_by_its_whole_name"),
        migrations.RemoveIndex("tool", name="tool_newest_of_its_category"),
        migrations.AddIndex(
            "tool",
            models.Index(
                fields=["category", "-id"],
                include=["is_published"],
                name="tool_of_its_category",
            ),
        ),
        migrations.AddIndex(
            "tool",
            models.Index(
                Lower("name"),
                models.F("slug"),
                condition=models.Q(("is_published", True)),
                include=("id", "name", "category", "openness", "entry_kind", "launched_on"),
                name="published_tools_by_name",
            ),
        ),
        migrations.AddIndex(
            "tool",
            models.Index(
                fields=["id"],
                condition=models.Q(("is_published", False)),
                name="draft_tools",
            ),
        ),
    ]
