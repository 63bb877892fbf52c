from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

# Words as they are compared: lower case, without accents, hyphens as spaces. Named in full, since
# a restored dump knows no search path.
WORDS = """
create function search_words(text) returns text language sql immutable strict parallel safe as $$
    select translate(lower(public.unaccent('public.unaccent'::regdictionary, $1)), '-_/', '   ')
$$;
create function search_query(words text[]) returns tsquery
language sql stable strict parallel safe as $$
    -- All the words, each also as the beginning of a longer one, but for the shortest.
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
NO_WORDS = """
drop function search_query(text[]);
drop function search_words(text);
"""

# Kept by the database beside the row and read by tools.search alone, so no model knows of it.
INDEXES = """
alter table tools_tool add column search tsvector not null generated always as (
    setweight(to_tsvector('simple', public.search_words(name)), 'A')
    || setweight(to_tsvector('simple', public.search_words(maker)), 'B')
    || setweight(to_tsvector('english', public.search_words(tagline)), 'C')
    || setweight(to_tsvector('english', public.search_words(description)), 'D')
) stored;
create index tool_is_found_by_its_words on tools_tool using gin (search);
create index tool_is_found_by_its_name on tools_tool
    using gin (to_tsvector('simple', public.search_words(name)));
create index tool_is_found_by_a_near_name on tools_tool
    using gist (public.search_words(name) gist_trgm_ops (siglen = 64));
create index comparison_is_found_by_its_headline on tools_comparison
    using gin (to_tsvector('english', public.search_words(headline)));
"""
NO_INDEXES = """
drop index comparison_is_found_by_its_headline;
drop index tool_is_found_by_a_near_name;
drop index tool_is_found_by_its_name;
alter table tools_tool drop column search;
"""


class Migration(migrations.Migration):
    dependencies = [("tools", "0003_corrections_and_second_pair_of_eyes")]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.RunSQL(INDEXES, NO_INDEXES),
    ]
