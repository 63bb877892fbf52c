import django.db.models.deletion
from django.db import migrations, models


ADDRESSED = """
update newsletter_outgoingmail mail set email_key = coalesce(reader.email_key, '')
from newsletter_subscriber reader where reader.id = mail.subscriber_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0004_issue_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='Move',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(blank=True, help_text='Empty once confirmed.', max_length=254)),
                ('email_key', models.BinaryField(max_length=32)),
                ('asked_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='outgoingmail',
            name='email_key',
            field=models.BinaryField(default=b'', help_text='Whom it goes to, for the cooldown.', max_length=32),
            preserve_default=False,
        ),
        migrations.RunSQL(ADDRESSED, migrations.RunSQL.noop),
        migrations.AddField(
            model_name='signup',
            name='subscriber',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='newsletter.subscriber'),
        ),
        migrations.AlterField(
            model_name='consentevent',
            name='kind',
            field=models.CharField(choices=[('requested', 'asked for the email'), ('confirm-sent', 'was sent the confirmation mail'), ('confirmed', 'confirmed'), ('preferences', 'chose topics'), ('unsubscribed', 'unsubscribed'), ('resumed', 'took the unsubscribing back'), ('complaint', 'reported a mail as spam'), ('bounce-stop', 'was stopped after bounces'), ('move-asked', 'asked to move to another address'), ('moved', 'moved to another address'), ('erased', 'was erased')], max_length=14),
        ),
        migrations.AlterField(
            model_name='outgoingmail',
            name='kind',
            field=models.CharField(choices=[('confirmation', 'please confirm'), ('already', 'you are already subscribed'), ('data-link', 'a link to your own data'), ('move', 'please confirm your other address')], max_length=14),
        ),
        migrations.AlterField(
            model_name='signup',
            name='wish',
            field=models.CharField(choices=[('subscribe', 'the weekly email'), ('own-data', 'a link to their own data'), ('move', 'the email at this address instead')], default='subscribe', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='signup',
            constraint=models.CheckConstraint(condition=models.Q(('wish', 'move'), ('subscriber__isnull', True), _connector='XOR'), name='who_moves_is_known'),
        ),
        migrations.AddField(
            model_name='move',
            name='subscriber',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='newsletter.subscriber'),
        ),
        migrations.AddField(
            model_name='outgoingmail',
            name='move',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='mails', to='newsletter.move'),
        ),
        migrations.AddIndex(
            model_name='outgoingmail',
            index=models.Index(fields=['email_key'], name='outgoing_mail_to_an_address'),
        ),
        migrations.AddIndex(
            model_name='move',
            index=models.Index(fields=['email_key'], name='move_to_an_address'),
        ),
        migrations.AddConstraint(
            model_name='move',
            constraint=models.UniqueConstraint(fields=('subscriber', 'email_key'), name='reader_moves_to_an_address_once'),
        ),
        migrations.AddConstraint(
            model_name='move',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_at__isnull', True), ('email', ''), _connector='XOR'), name='move_holds_its_address_until_confirmed'),
        ),
    ]
