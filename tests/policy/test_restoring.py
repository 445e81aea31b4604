"""What a policy says of restoring: by destination, the narrowest first, and what a file of it may hold."""

from __future__ import annotations

import pickle

import pytest

from lc_guard import Policy, PolicyError, Restore


class TestRules:
    def test_the_safe_rule_where_nothing_is_said(self):
        for rule in (Policy().restore_rule(), Policy().restore_rule("send_mail", "to")):
            assert (rule.put("PERSON"), rule.of_origin("document"), rule.in_urls, rule.encode) == (
                *("value", "value", "placeholder"),
                None,
            )
            assert not rule.is_open
        assert Policy().restore_rule(at="documents").is_open
        assert Policy().restore_rule(at="state").is_open

    def test_the_narrowest_that_says_anything_counts(self):
        policy = Policy(
            restore={
                "tools": Restore(default="block", kinds={"IBAN": "placeholder"}, in_urls="block", encode="json"),
                "tool:mail": Restore(kinds={"person name": "value"}, encode="html"),
                "tool:mail.to": Restore(kinds={"EMAIL": "value"}, in_urls="value"),
                "answer": "placeholder",
            }
        )
        to = policy.restore_rule("mail", "to")
        puts = [to.put(kind) for kind in ("EMAIL", "PERSON_NAME", "IBAN", "URL")]
        assert puts == ["value", "value", "placeholder", "block"]
        assert (to.in_urls, to.encode) == ("value", "html")
        assert policy.restore_rule("mail", "body").in_urls == "block"
        assert policy.restore_rule("other").put("EMAIL") == "block"
        assert policy.restore_rule().put("EMAIL") == "placeholder"

    def test_a_narrower_default_counts_before_a_wider_kind(self):
        policy = Policy(restore={"tools": Restore(kinds={"IBAN": "block"}), "tool:bank": "value"})
        assert policy.restore_rule("bank").put("IBAN") == "value"

    def test_who_brought_a_value(self):
        rule = Policy(restore={"tools": Restore(origins={"document": "block"})}).restore_rule("mail", "to")
        assert rule.asks_origins
        assert (rule.of_origin("document"), rule.of_origin("user")) == ("block", "value")

    def test_names_of_tools_may_hold_dots(self):
        policy = Policy(restore={"tool:a.b": "block"})
        assert policy.restore_rule("a.b", "c").put("X") == policy.restore_rule("a", "b").put("X") == "block"


class TestMistakes:
    @pytest.mark.parametrize("name", ["anwser", "tool", "tool:", "tool: .", "Answer"])
    def test_no_such_destination(self, name):
        with pytest.raises(PolicyError, match="a key of restore must be one of 'answer'"):
            Policy(restore={name: "value"})

    @pytest.mark.parametrize(
        ("made", "told"),
        [
            (lambda: Policy(restore={"answer": "hide"}), r"restore\['answer'\] must be one of 'value'"),
            (lambda: Policy(restore={"answer": 3}), "must be a Restore or one of .*, got int"),
            (lambda: Policy(restore="value"), "restore must be a mapping"),
            (lambda: Restore(default="hide"), "default must be one of"),
            (lambda: Restore(in_urls="hide"), "in_urls must be one of"),
            (lambda: Restore(encode="xml"), "encode must be one of"),
            (lambda: Restore(kinds={"A": "hide"}), r"kinds\['A'\] must be one of"),
            (lambda: Restore(kinds={"A B": "value", "a_b": "value"}), "kinds names a kind twice"),
            (lambda: Restore(origins={"stranger": "block"}), "a key of origins must be one of"),
        ],
    )
    def test_are_told(self, made, told):
        with pytest.raises(PolicyError, match=told):
            made()


def test_a_record_can_be_pickled_and_not_changed():
    policy = Policy(restore={"tool:sql.query": Restore(kinds={"person": "block"}, encode="sql")})
    assert pickle.loads(pickle.dumps(policy)) == policy
    with pytest.raises(TypeError):
        policy.restore["answer"] = "value"


def test_all_mistakes_of_a_file_are_told_with_their_lines(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text(
        """\
[restore]
answer = "value"
"tool:web" = "placehoder"
anwser = "block"
"tool:mail.to" = { kinds = { PERSON = "valu", person = "value" }, encode = "sq" }
tools = 3
[restore."tool:sql.query"]
origins = { documnt = "block", tool = "stop" }
deflt = "block"
""",
        encoding="utf-8",
    )
    with pytest.raises(PolicyError) as raised:
        Policy.from_file(path)
    told = str(raised.value).splitlines()[1:]
    for line, start, meant in [
        (3, "restore.'tool:web' must be one of", "(did you mean 'placeholder'?)"),
        (4, "restore.anwser is no destination", "(did you mean 'answer'?)"),
        (5, "restore.'tool:mail.to'.kinds.PERSON must be one of", "(did you mean 'value'?)"),
        (5, "restore.'tool:mail.to'.kinds.person is the same kind as", "keep one of them"),
        (5, "restore.'tool:mail.to'.encode must be one of", "(did you mean 'sql'?)"),
        (6, "restore.tools must be a table", "the number 3"),
        (8, "restore.'tool:sql.query'.origins.documnt is not known", "(did you mean 'document'?)"),
        (8, "restore.'tool:sql.query'.origins.tool must be one of", "not the text 'stop'"),
        (9, "restore.'tool:sql.query'.deflt is not known", "(did you mean 'default'?)"),
    ]:
        (one,) = [each for each in told if start in each]
        assert one.strip().startswith(f"line {line}:")
        assert meant in one
    assert len(told) == 9
