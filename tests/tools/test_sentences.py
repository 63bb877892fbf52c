from django.template import Context, Template

from tools.sentences import joined, name, sentence


def test_a_sentence_is_plain_text_for_mail():
    assert sentence("Ship {}.", name("Loupe <b>")) == "Ship Loupe <b>."


def test_a_page_gets_its_names_isolated_and_escaped():
    said = sentence("Ship {}, {}.", name("مرصاد <b>"), "4 > 2")
    page = Template("{{ said }}").render(Context({"said": said}))
    assert page == "Ship <bdi>مرصاد &lt;b&gt;</bdi>, 4 &gt; 2."


def test_sentences_nest_and_join():
    inner = sentence("{} ships", name("A"))
    said = joined([sentence("{}.", inner), "", sentence("{}!", "x&y")])
    assert said == "A ships. x&y!"
    assert said.__html__() == "<bdi>A</bdi> ships. x&amp;y!"


def test_braces_in_a_name_are_just_letters():
    assert sentence("{} and {}", name("{0}"), "{}").__html__() == "<bdi>{0}</bdi> and {}"
