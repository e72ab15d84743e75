"""What is asked before an export starts: its options, where it should go, and a token where one is needed."""

import streamlit as st

from lib.errors import Problem, UserError
from lib.export.base import Export
from lib.export.job import create_job, start_job
from lib.export.source import Source
from lib.models.hub_token import as_token
from lib.option import options_of
from lib.ui.drafts import Draft
from lib.ui.export_hub import is_asked_now, known_account, show_account, show_preview
from lib.ui.frame import guarded_callback, hold_back
from lib.ui.option_changes import OptionChanges
from lib.ui.words import escape_markdown

_TOKEN = "export token typed"


def show_form(source: Source, export: Export) -> None:
    """The chosen format's sentence, options, place and the one button."""
    draft = _draft(source, export)
    changes = _changes(export, draft)
    st.markdown(escape_markdown(export.summary))
    if export.takes_token:
        _ask_token()
    first = export.makes == "address"  # who and where decide about all the rest
    place = _place(source, export, draft) if first else ""
    _options(source, export, changes)
    place = place if first else _place(source, export, draft)
    draft.keep()
    show_preview(source, export, place, changes.values())
    waits = export.makes == "address" and not place
    pushes = f"Push to {escape_markdown(place)}" if place else "Push"
    st.button(
        pushes if export.makes == "address" else f"Make the {_noun(export)}",
        type="primary",
        icon=export.icon,
        key="export now",
        disabled=waits,
        on_click=_start,
        args=(source, export),
    )


def _noun(export: Export) -> str:
    return export.title[:1].lower() + export.title[1:] if not export.title.isupper() else export.title


def _options(source: Source, export: Export, changes: OptionChanges) -> None:
    known = options_of(export.option_class)
    chosen = changes.values()
    items = [known[name] for name in export.asked(source) if is_asked_now(name, chosen)]
    of_card = [item for item in items if item.metadata["group"] == "card"]
    for number, group in enumerate(([item for item in items if item not in of_card], of_card)):
        if number and group:
            st.markdown("**What people will read there**")
        for pair in (group[start : start + 2] for start in range(0, len(group), 2)):
            for column, item in zip(st.columns(2, vertical_alignment="bottom"), pair, strict=False):
                with column:
                    changes.ask(item, item.default, chosen)


def _place(source: Source, export: Export, draft: Draft) -> str:
    """Where it should go: an address, a path on this machine, or nothing for the run's own folder."""
    if export.makes == "address":
        account, problem = known_account(str(st.session_state.get(_TOKEN) or ""))
        show_account(account, problem)
        return str(
            st.text_input(
                "Namespace and name",
                key=draft.key(
                    "to", f"{account.name}/{export.suggested(source)}" if account else "", valid=bool
                ),
                placeholder=f"your-name/{export.suggested(source)}",
                help="Your user name or organisation, a slash, and the name of the new page.",
                max_chars=200,
            )
            or ""
        ).strip()
    kind = "file" if export.makes == "file" else "folder"
    with st.expander("Write it somewhere else", icon=":material/drive_file_move:"):
        return str(
            st.text_input(
                f"Path of the new {kind} on this machine",
                key=draft.key("to", ""),
                placeholder=f"/home/you/{export.suggested(source)}",
                help=f"Left empty, the {kind} lies in the run's folder, from where it can be downloaded.",
                max_chars=1_000,
            )
            or ""
        ).strip()


def _ask_token() -> None:
    st.text_input(
        "Access token, for this once",
        type="password",
        key=_TOKEN,
        max_chars=300,
        autocomplete="off",
        help="Needed with the right to write. It is given to this one export and never stored; left empty, "
        "HF_TOKEN or your login is used. Press Enter to have it looked at.",
    )


@guarded_callback
def _start(source: Source, export: Export) -> None:
    """Start the export; the token leaves the form's memory whatever comes of it.

    The choices are read here: a path that was typed just before the click is newer than the page that was drawn.
    """
    typed = str(st.session_state.pop(_TOKEN, "") or "").strip() if export.takes_token else ""
    draft = _draft(source, export)
    place, options = str(draft.get("to") or "").strip(), _changes(export, draft).values()
    try:
        token = as_token(typed) if typed else None
        job = create_job(source, export.name, to=place or None, options=options)
        start_job(job, token=token)
    except UserError as error:
        hold_back(error.problems)
        return
    except OSError as error:
        hold_back((Problem(f"The export could not be started: {error.strerror or error}."),))
        return
    st.query_params["job"] = job.id


def _draft(source: Source, export: Export) -> Draft:
    return Draft("export", f"{source.run.id} {export.name}")


def _changes(export: Export, draft: Draft) -> OptionChanges:
    return OptionChanges(draft, "changed options", export.option_class)
