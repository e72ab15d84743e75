"""Train: a search for better options and several seeds, from the choice to the queued runs."""

from lib.runs.folder import list_runs
from tests.pages.test_train_page import labelled, no_queue, open_page, store, words  # noqa: F401


def test_without_a_choice_one_run_without_a_search_is_queued() -> None:
    app = open_page(data=store().ref)
    app.button(key="start training").click().run()
    [run] = list_runs()
    assert run.spec.search is None


def test_a_search_is_part_of_the_run_its_sentence_its_time_and_its_spec() -> None:
    app = open_page(data=store().ref)
    labelled(app.button_group, "Look for better options").set_value(30).run()
    assert "after looking for better options in up to 40 trials and 30 minutes" in words(app)
    assert "minutes: 30" in words(app)
    assert any(item.label == "Search and repeat: search of 30 minutes" for item in app.expander)
    app.button(key="start training").click().run()
    [run] = list_runs()
    assert run.spec.search is not None
    assert (run.spec.search["trials"], run.spec.search["minutes"]) == (40, 30)
    assert list(run.spec.search["over"]) == ["learning_rate", "batch_size", "epochs"]


def test_the_options_that_are_tried_are_named_for_the_method() -> None:
    app = open_page(data=store().ref)
    assert "Tries other values of learning rate, batch size and epochs" in words(app)
    labelled(app.selectbox, "How it learns").set_value("lora").run()
    assert "Tries other values of learning rate, rank and epochs" in words(app)


def test_three_seeds_are_three_runs_that_differ_in_seed_and_name() -> None:
    app = open_page(data=store().ref)
    labelled(app.button_group, "Seeds").set_value(3).run()
    assert "3 times with another seed each" in words(app)
    assert "train run.yaml --seeds 3" in words(app)
    app.button(key="start training").click().run()
    runs = list_runs()
    assert sorted(run.spec.options["seed"] for run in runs) == [13, 14, 15]
    assert len({run.spec.name for run in runs}) == 3
    assert all(run.state().state == "queued" for run in runs)


def test_both_choices_survive_a_new_session() -> None:
    ref = store().ref
    app = open_page(data=ref)
    labelled(app.button_group, "Seeds").set_value(5).run()
    labelled(app.button_group, "Look for better options").set_value(15).run()
    again = open_page(data=ref)
    assert any(item.label == "Search and repeat: search of 15 minutes, 5 seeds" for item in again.expander)


def test_shares_of_the_rows_are_three_more_runs_of_the_same_recipe() -> None:
    app = open_page(data=store().ref)
    labelled(app.toggle, "Also on 12.5, 25 and 50 % of the training rows").set_value(True).run()
    assert any(item.label == "Search and repeat: shares of the rows" for item in app.expander)
    app.button(key="start training").click().run()
    assert sorted(run.spec.data.train_share or 1.0 for run in list_runs()) == [0.125, 0.25, 0.5, 1.0]


def test_a_search_is_not_repeated_on_shares_of_the_rows() -> None:
    app = open_page(data=store().ref)
    labelled(app.toggle, "Also on 12.5, 25 and 50 % of the training rows").set_value(True).run()
    labelled(app.button_group, "Look for better options").set_value(15).run()
    assert labelled(app.toggle, "Also on 12.5, 25 and 50 % of the training rows").disabled
    assert any(item.label == "Search and repeat: search of 15 minutes" for item in app.expander)
    app.button(key="start training").click().run()
    assert len(list_runs()) == 1
