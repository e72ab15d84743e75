"""A model card is what the Hub accepts and what a person can trust, whatever was typed into it."""

from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import ModelCard, ModelCardData, constants

from lib.cards.carbon import emissions
from lib.cards.card import model_card
from lib.cards.facts import last_part
from lib.cards.licences import LICENCES, licence_id, licence_metadata
from lib.cards.lineage import lineage_of
from lib.cards.plain import fenced, paragraphs, plain
from lib.cards.wish import CardWish, languages_in
from lib.runs.folder import create_run
from lib.runs.spec import DataSpec, Spec
from lib.tasks import TASKS, find_task
from lib.tasks.base import Task
from tests.cards.facts import facts_of
from tests.export.card_rules import complaints, head_of
from tests.export.push_hub import PushHub

MOODS = find_task("text-classification")
HOSTILE = "x\n---\nlicense: mit\n---\n<script>alert(1)</script> ``` [a](javascript:b) | *c* 🎨 {{ d }} # e"
each_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)
WISH = CardWish("Moods", "Tells moods.", "mit", ("en", "de"), ("ada/moods",))


@each_task
@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_hub_s_own_client_reads_it_and_writes_it_again_unchanged(task: Task, method: str) -> None:
    for wish in (CardWish(), WISH):
        card = model_card(facts_of(task, method=method), wish)
        head = head_of(card)
        assert complaints(card, "model") == []
        read = ModelCard(card)
        assert read.data.to_dict() == head
        assert ModelCardData(**head).to_dict() == head
        assert head_of(str(read)) == head


def test_it_passes_the_hub_s_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    with PushHub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        for task in TASKS:
            ModelCard(model_card(facts_of(task), WISH)).validate()
        with pytest.raises(ValueError, match="library_name"):
            ModelCard("---\npipeline_tag: fill-mask\nlibrary_name: sklearn\n---\n").validate()
        assert hub.asked == [("POST", "/api/validate-yaml")] * (len(TASKS) + 1)


@pytest.mark.parametrize(
    ("method", "library", "relation"), [("full", "transformers", "finetune"), ("lora", "peft", "adapter")]
)
def test_its_head_says_what_the_model_is_and_was_made_from(method: str, library: str, relation: str) -> None:
    head = head_of(model_card(facts_of(MOODS, method=method)))
    assert head["pipeline_tag"] == "text-classification"
    assert head["library_name"] == library
    assert (head["base_model"], head["base_model_relation"]) == (
        "sentence-transformers/all-MiniLM-L6-v2",
        relation,
    )
    assert head["license"] == "apache-2.0"
    assert "language" not in head and "datasets" not in head
    assert ("lora" in head["tags"]) == (method == "lora")


def test_its_scores_come_with_rows_and_intervals_where_the_hub_and_where_people_read() -> None:
    card = model_card(facts_of(MOODS))
    [result] = head_of(card)["model-index"][0]["results"]
    assert result["metrics"][0] == {
        "type": "macro_f1", "value": 0.75, "name": "Macro-F1", "args": {"rows": 150, "interval_95": [0.7, 0.8]},
    }  # fmt: skip
    assert result["dataset"] == {"name": "moods", "type": "private", "split": "test"}
    assert "## Scores on 150 test rows" in card
    assert "| Macro-F1 | 0.750 | 0.700 to 0.800 |" in card
    assert "always the commonest label Macro-F1 0.250" in card
    assert "only 150 test rows" in card
    assert "800 rows" in card and "100 validation rows" in card
    assert "300,000 of its 22,700,000 parameters learned, in 30 min on CPU." in card


def test_a_score_that_is_no_number_is_left_out_of_the_head() -> None:
    facts = facts_of(MOODS)
    test = facts.result["scores"]["test"] | {"mcc": float("nan")}
    card = model_card(replace(facts, result=facts.result | {"scores": {"test": test}}))
    names = [one["type"] for one in head_of(card)["model-index"][0]["results"][0]["metrics"]]
    assert "mcc" not in names and "accuracy" in names


def test_emissions_are_hours_times_watts_times_grams() -> None:
    # Half an hour at 65 W is 0.0325 kWh; at 473 g a kWh, 15.4 g.
    said = emissions(1800, "cpu")
    assert said.grams == pytest.approx(15.3725)
    assert "0.5 h × 65 W (assumed) × 473 g/kWh" in said.source and "not measured" in said.source
    assert emissions(3600, "cuda:0,cuda:1").grams == pytest.approx(2 * 350 * 0.473)
    head = head_of(model_card(facts_of(MOODS)))
    assert head["co2_eq_emissions"]["emissions"] == 15.0
    assert head["co2_eq_emissions"]["source"] == said.source


@pytest.mark.parametrize("part", ["title", "description"])
def test_what_is_typed_can_neither_break_the_head_nor_act_in_the_text(part: str) -> None:
    card = model_card(facts_of(MOODS), CardWish(**{part: HOSTILE}))  # type: ignore[arg-type]
    head = head_of(card)
    assert head["license"] == "apache-2.0"
    assert complaints(card, "model") == []
    body = card.partition("\n---\n")[2]
    assert "<script>" not in body.replace("\\<", "") and "](javascript" not in body
    assert r"\<script\>alert\(1\)\</script\>" in body


def test_hostile_labels_names_and_options_stay_text() -> None:
    facts = facts_of(MOODS, name=HOSTILE, data_name=HOSTILE)
    target = facts.brief.target | {"labels": ["<img src=x onerror=y>", "a|b", "# c", "happy"]}
    spec = facts.spec.changed(name="```\n# not a heading", options={"prefix": "````\n# neither"})
    card = model_card(replace(facts, brief=facts.brief.changed(target=target), spec=spec))
    assert complaints(card, "model") == []
    assert head_of(card)["license"] == "apache-2.0"
    assert "<img" not in card.replace("\\<img", "")
    headings = [line for line in card.splitlines() if line.startswith("#")]
    fences = [line for line in card.splitlines() if line.startswith("`````")]
    assert len(fences) == 2 and not any("neither" in line or "not a heading" in line for line in headings)


def test_no_path_of_this_machine_is_in_it() -> None:
    spec = Spec(
        task="text-classification",
        data=DataSpec(file="/home/ada/secret/moods.csv", columns={"text": "t", "label": "l"}),
        model="folder:/home/ada/secret/bert",
        method={"name": "distill", "teacher": "folder:/home/ada/secret/large"},
        options={"max_length": 128},
    )
    card = model_card(facts_of(MOODS, spec=spec, lineage=lineage_of(spec), data_name="moods.csv"))
    assert "secret" not in card
    assert "model: folder:bert" in card and "teacher: folder:large" in card
    assert "base_model" not in head_of(card)


def test_a_widget_shows_neutral_sentences_and_none_in_a_language_that_nobody_wrote_them_in() -> None:
    assert head_of(model_card(facts_of(find_task("question-answering"))))["widget"][0]["context"]
    assert "[MASK]" in head_of(model_card(facts_of(find_task("fill-mask"))))["widget"][0]["text"]
    assert head_of(model_card(facts_of(find_task("chat"))))["widget"][0]["messages"]
    assert head_of(model_card(facts_of(find_task("image-classification"))))["widget"][0]["src"]
    assert "widget" not in head_of(model_card(facts_of(MOODS), CardWish(languages=("de",))))


@pytest.mark.parametrize(
    ("stated", "known"),
    [
        ("Apache-2.0", "apache-2.0"), ("Apache License 2.0", "apache-2.0"), ("apache 2.0", "apache-2.0"),
        ("MIT", "mit"), ("MIT License", "mit"), ("CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("not stated", ""), ("your own", ""), ("", ""),
        ("qwen-research", "other"), ("other", "other"),
    ],
)  # fmt: skip
def test_a_licence_is_called_as_the_hub_calls_it(stated: str, known: str) -> None:
    assert licence_id(stated) == known


def test_a_licence_that_the_hub_does_not_know_keeps_its_name() -> None:
    assert licence_metadata("Qwen Research: v1") == {"license": "other", "license_name": "qwen-research-v1"}
    assert licence_metadata("not stated") == {}
    assert all(licence_metadata(one) == {"license": one} for one in LICENCES)


def test_a_merged_adapter_is_said_to_be_whole_and_on_which_weights_its_scores_are() -> None:
    facts = facts_of(MOODS, method="lora", is_adapter=False)
    card = model_card(facts)
    assert head_of(card)["library_name"] == "transformers" and "added into the weights" in card
    assert "few bits" not in card and "needs its base model" not in card
    quantised = facts.spec.changed(method={"name": "qlora", "bits": 4})
    assert "few bits" in model_card(replace(facts, spec=quantised))


def test_a_chosen_licence_stands_above_the_base_model_s_and_both_are_said() -> None:
    card = model_card(facts_of(MOODS), CardWish(licence="mit"))
    assert head_of(card)["license"] == "mit"
    assert "This model: MIT." in card and "sentence-transformers/all-MiniLM-L6-v2: Apache-2.0." in card


def test_a_model_from_scratch_has_no_base_and_no_licence_until_one_is_chosen() -> None:
    card = model_card(facts_of(MOODS, model="scratch:bert-tiny"))
    assert not {"license", "base_model"} & set(head_of(card))
    assert "## Licence" not in card
    assert "an untrained bert-tiny, fine-tuned to" in card


def test_a_run_that_went_on_from_a_run_is_traced_to_the_first_model(home: Any) -> None:
    def made(model: str, method: dict[str, Any]) -> Spec:
        return Spec(task=MOODS.slug, data=DataSpec(file="x.csv"), model=model, method=method)

    first = create_run(made("hub:google/tiny@" + "a" * 40, {"name": "full"}))
    second = create_run(made(f"run:{first.id}", {"name": "lora"}))
    student = made("cut:2", {"name": "distill", "teacher": f"run:{second.id}"})
    for spec in (second.spec, student):
        found = lineage_of(spec)
        assert (found.hub, found.revision, found.exact) == ("google/tiny", "a" * 40, True)
    gone = lineage_of(made("run:no-such-run", {"name": "full"}))
    assert (gone.hub, gone.licence, gone.words) == ("", "not stated", "an earlier model")


@pytest.mark.parametrize(
    ("wish", "codes"),
    [
        (CardWish(), []),
        (WISH, []),
        (CardWish(licence="beer"), ["card-licence"]),
        (CardWish(languages=("english", "de")), ["card-language"]),
        (CardWish(title="x" * 200, description="y" * 6_000), ["card-length", "card-length"]),
    ],
)
def test_what_is_wrong_with_a_wish_is_said_at_once(wish: CardWish, codes: list[str]) -> None:
    assert [problem.code for problem in wish.problems()] == codes


def test_languages_may_be_written_with_commas_or_spaces() -> None:
    assert languages_in(" en, de;fr en ") == ("en", "de", "fr")


def test_text_is_made_harmless_and_still_reads_the_same() -> None:
    assert plain("- a\n b") == r"\- a b"
    assert plain("1. first") == r"1\. first"
    assert plain("2026 was & is <b>") == r"2026 was \& is \<b\>"
    assert paragraphs("one\ntwo\n\n \n# three") == ["one two", "", r"\# three", ""]
    assert fenced("a ```` b", "text")[0] == "`````text"


@pytest.mark.parametrize("path", ["/a/b/c.csv", r"C:\a\b\c.csv", "c.csv", "~/c.csv"])
def test_of_a_path_only_the_name_is_said(path: str) -> None:
    assert last_part(path) == "c.csv"
