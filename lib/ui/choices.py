"""The form that says what to learn from a table: task, columns by role, split; guessed, and to be corrected."""

import streamlit as st

from lib.data.label_cells import as_choice, columns_named
from lib.data.profile import ColumnProfile, Profile, find_split_column
from lib.data.split import SplitPlan
from lib.plan.columns import choose_columns, suggested_task
from lib.tasks import TASKS, find_task
from lib.tasks.base import Role, Task
from lib.ui.drafts import Draft
from lib.ui.numbers import count
from lib.ui.subject import Choice, Subject
from lib.ui.words import escape_markdown, shorten, term

_NONE = "(none)"
_BY_COLUMN, _BY_SHARES, _BY_TIME = "column", "shares", "time"
_HOW = {_BY_SHARES: "Divide anew", _BY_TIME: "Latest rows for testing"}
_KINDS = {
    "text": "text",
    "label": "few values",
    "number": "numbers",
    "date": "dates",
    "id": "an id",
    "split": "a split",
    "list": "lists",
    "image": "images",
}


def choose(subject: Subject, draft: Draft) -> Choice:
    """Ask what to learn, with everything guessed, and return what is chosen now."""
    profile = subject.profile()
    slugs = [task.slug for task in TASKS]
    slug = st.selectbox(
        "What should a model learn?",
        slugs,
        format_func=lambda slug: find_task(slug).title,
        key=draft.key("task", suggested_task(profile).slug, allowed=slugs),
        help="  \n".join(f"**{task.title}**: {escape_markdown(task.summary)}" for task in TASKS),
    )
    task = find_task(slug)
    st.caption(escape_markdown(task.summary))
    guessed, _ = choose_columns(task, profile)
    layout = _choose_layout(task, guessed, draft)
    # An optional part is asked for up front only when a column speaks for it.
    first = [role for role in layout if role.required or role.name in guessed]
    rest = [role for role in layout if role not in first]
    columns = _choose_columns(task, first, profile, guessed, draft)
    kind, recognised = _kind_of_split(subject, profile, draft)
    about = "split" if not rest else f"{', '.join(role.title.lower() for role in rest)}, split"
    with st.expander(f"Advanced: {about}", icon=":material/tune:"):
        columns |= _choose_columns(task, rest, profile, guessed, draft)
        split = _choose_split(kind, recognised, profile, draft)
    return Choice(
        task.slug, {role.name: columns[role.name] for role in task.roles if role.name in columns}, split
    )


def _choose_layout(task: Task, guessed: dict[str, str], draft: Draft) -> list[Role]:
    """The roles to find columns for; asked only where a table may be laid out in more than one way."""
    layouts = task.all_layouts()
    if len(layouts) == 1:
        return layouts[0]
    fits = [number for number, layout in enumerate(layouts) if set(guessed) <= {role.name for role in layout}]
    numbers = list(range(len(layouts)))
    number = st.segmented_control(
        "How the table is laid out",
        numbers,
        format_func=lambda number: ", ".join(role.title for role in layouts[number] if role.required),
        required=True,
        key=draft.key(f"{task.slug} layout", fits[0] if fits else 0, allowed=numbers),
    )
    return layouts[number or 0]


def _choose_columns(
    task: Task, roles: list[Role], profile: Profile, guessed: dict[str, str], draft: Draft
) -> dict[str, str]:
    named = {column.name: column for column in profile.columns}
    chosen = {}
    for role in roles:
        if role.kind == "labels":
            if said := _choose_several(task, role, named, guessed, draft):
                chosen[role.name] = said
            continue
        options = list(named) if role.required else [_NONE, *named]
        start = guessed.get(role.name) or (None if role.required else _NONE)
        column: str | None = st.selectbox(
            role.title if role.required else f"{role.title} (optional)",
            options,
            format_func=lambda name: _described(named.get(name)),
            key=draft.key(f"{task.slug} {role.name}", start, allowed=[*options, None]),
            placeholder="Choose a column",
            help=_role_help(role, guessed),
        )
        if column and column != _NONE:
            chosen[role.name] = str(column)
    return chosen


def _choose_several(
    task: Task, role: Role, named: dict[str, ColumnProfile], guessed: dict[str, str], draft: Draft
) -> str:
    """One column of labels, or a column for each label; as the names with commas between."""
    name = f"{task.slug} {role.name}"
    if isinstance(kept := draft.get(name), str):  # a stored choice, as it was written down
        draft.set(name, columns_named(kept, named))
    columns: list[str] = st.multiselect(
        role.title,
        list(named),
        format_func=lambda column: _described(named.get(column)),
        key=draft.key(name, columns_named(guessed.get(role.name, ""), named), allowed=list(named)),
        placeholder="Choose a column, or one for each label",
        help=_role_help(role, guessed),
    )
    return as_choice(columns)


def _role_help(role: Role, guessed: dict[str, str]) -> str:
    by = " Recognised from its name and content; change it if it is wrong." if role.name in guessed else ""
    return escape_markdown(role.explanation) + by


def _described(column: ColumnProfile | None) -> str:
    if column is None:
        return "None"
    if column.kind == "empty":
        return f"{shorten(column.name, 40)} · empty"
    return f"{shorten(column.name, 40)} · {_KINDS[column.kind]}, {count(column.distinct)} different"


def _kind_of_split(subject: Subject, profile: Profile, draft: Draft) -> tuple[str, str | None]:
    """How the rows are divided, and the column that says so; asked only where there is more than one way."""
    recognised = None
    if any(column.kind == "split" for column in profile.columns):
        recognised = find_split_column(subject.table().frame)
    ways = [
        *([_BY_COLUMN] if recognised else []),
        _BY_SHARES,
        *([_BY_TIME] if _time_columns(profile) else []),
    ]
    if len(ways) == 1:
        return _BY_SHARES, None
    asked = st.segmented_control(
        "Split",
        ways,
        format_func=lambda kind: f"By “{shorten(recognised, 24)}”" if kind == _BY_COLUMN else _HOW[kind],
        required=True,
        key=draft.key("split kind", ways[0], allowed=ways),
        help=f"{term('split')} {_ways_words(recognised, ways)}",
    )
    return asked or ways[0], recognised


def _ways_words(recognised: str | None, ways: list[str]) -> str:
    said = ["This table has a column that says so for each row."] if recognised else []
    if _BY_TIME in ways:
        said.append("Where the world changes, testing on the latest rows shows how well a model ages.")
    return " ".join(said)


def _time_columns(profile: Profile) -> list[str]:
    """Columns that put rows in an order of time: dates first, then numbers that may be years or counters."""
    return [column.name for column in profile.columns if column.kind == "date"]


def _choose_split(kind: str, recognised: str | None, profile: Profile, draft: Draft) -> SplitPlan:
    time = None
    if kind == _BY_TIME:
        dates = _time_columns(profile)
        time = st.selectbox(
            "Column with the time",
            dates,
            format_func=lambda name: shorten(name, 40),
            key=draft.key("time", dates[0], allowed=dates),
            help="The latest rows are for testing, those before them for validation, the oldest for training.",
        )
    if kind in (_BY_SHARES, _BY_TIME):
        validation = st.slider(
            "Validation rows, %", 5, 40, step=5, key=draft.key("validation", 10), help=term("validation rows")
        )
        test = st.slider("Test rows, %", 5, 40, step=5, key=draft.key("test", 10), help=term("test rows"))
        st.caption(f"The remaining {100 - validation - test} % are for training.")
    else:
        validation = test = 10
        st.caption(
            "What the column leaves open is taken from the training rows: 10 % each for validation and test."
        )
    stratify = kind == _BY_TIME or st.toggle(
        "Same label proportions everywhere", key=draft.key("stratify", True), help=term("stratified")
    )
    names = [_NONE, *(column.name for column in profile.columns)]
    group = st.selectbox(
        "Rows that belong together share a value in",
        names,
        format_func=lambda name: "No such column" if name == _NONE else shorten(name, 40),
        key=draft.key("group", _NONE, allowed=names),
        help=term("group"),
    )
    seed = st.number_input("Seed", 0, 2**31 - 1, step=1, key=draft.key("seed", 13), help=term("seed"))
    rest: dict[str, object] = {
        "stratify": stratify,
        "group": None if group == _NONE else group,
        "seed": int(seed),
    }
    if kind == _BY_COLUMN:
        return SplitPlan.from_json({"column": recognised, **rest})
    shares = {"train": (100 - validation - test) / 100, "validation": validation / 100, "test": test / 100}
    return SplitPlan.from_json({**shares, **rest, **({"time": time} if time else {})})


def put_split(draft: Draft, split: SplitPlan) -> None:
    """Fill the form in with a split that was chosen before."""
    if split.column is not None:
        draft.set("split kind", _BY_COLUMN)
    else:
        draft.set("split kind", _BY_TIME if split.time else _BY_SHARES)
        if split.time:
            draft.set("time", split.time)
        draft.set("validation", _percent(split.validation))
        draft.set("test", _percent(split.test))
    draft.set("stratify", split.stratify)
    draft.set("group", split.group or _NONE)
    draft.set("seed", split.seed)


def _percent(share: float) -> int:
    return min(40, max(5, 5 * round(20 * share)))


def split_words(split: SplitPlan) -> str:
    """The split as words that follow "split": "by the column “split”" or "80 / 10 / 10, stratified, seed 13"."""
    if split.column is not None:
        return f"by the column “{split.column}”"
    shares = " / ".join(f"{100 * share:.0f}" for share in (split.train, split.validation, split.test))
    if split.time:
        return f"{shares}, the latest by “{split.time}” for testing"
    extras = [
        *(["stratified"] if split.stratify else []),
        *([f"“{split.group}” together"] if split.group else []),
    ]
    return ", ".join([shares, *extras, f"seed {split.seed}"])
