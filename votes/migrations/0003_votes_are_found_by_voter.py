"""Who voted on what is found by one index; which networks, by another of recent votes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tools', '0006_lists_at_scale'),
        ('votes', '0002_tallies_keep_themselves'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='pick',
            name='voter_picks_once_on_a_pair',
        ),
        migrations.RemoveConstraint(
            model_name='vote',
            name='voter_votes_once_on_a_tool',
        ),
        migrations.RemoveIndex(
            model_name='pick',
            name='pick_by_voter',
        ),
        migrations.RemoveIndex(
            model_name='vote',
            name='vote_by_voter',
        ),
        migrations.AlterField(
            model_name='pick',
            name='higher',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tools.tool'),
        ),
        migrations.AddIndex(
            model_name='pick',
            index=models.Index(condition=models.Q(('net_hash__isnull', False)), fields=['net_hash', 'lower', 'higher'], name='pick_of_network'),
        ),
        migrations.AddIndex(
            model_name='vote',
            index=models.Index(condition=models.Q(('net_hash__isnull', False)), fields=['net_hash', 'tool'], name='vote_of_network'),
        ),
        migrations.AddConstraint(
            model_name='pick',
            constraint=models.UniqueConstraint(fields=('voter', 'lower', 'higher'), name='voter_picks_once_on_a_pair'),
        ),
        migrations.AddConstraint(
            model_name='vote',
            constraint=models.UniqueConstraint(fields=('voter', 'tool'), name='voter_votes_once_on_a_tool'),
        ),
    ]
