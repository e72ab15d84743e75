"""`chat`: talk to a run's model in the terminal, or through a pipe."""

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from lib.data.cells import whole_text
from lib.errors import Problem, UserError
from lib.inference.chat import Answer, Side, listen
from lib.runs.folder import RunFolder, open_run
from lib.runs.transcripts import as_jsonl, as_markdown
from lib.tasks import find_task
from lib.tasks.manner import Manner, manner_of

HELP = """\
/system TEXT   what the model is told before the conversation; without a text it is forgotten
/retry         answer the last message again, with the next seed
/reset         begin anew
/save FILE     keep the conversation: Markdown for a name that ends in .md, else a line of JSON
/help          these lines
Ctrl-C stops an answer, Ctrl-D ends."""
_SETTINGS = {item.name: item for item in fields(Manner)}


def add_commands(commands: Any) -> None:
    """Register the command."""
    command = commands.add_parser(
        "chat",
        help="talk to a run's model",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("id", metavar="RUN")
    command.add_argument("--system", default="", metavar="TEXT", help="what the model is told beforehand")
    command.add_argument("--before", action="store_true", help="talk to the model as it was before training")
    for name, item in _SETTINGS.items():
        command.add_argument(
            f"--{name.replace('_', '-')}", type=type(item.default), metavar="N", help=item.metadata["title"]
        )
    command.set_defaults(run=run_chat)


def run_chat(options: argparse.Namespace) -> int:
    """Answer line by line until the input ends; with `--json` the whole conversation as one object at the end."""
    talk = Talk(open_run(options.id), options)
    tty = sys.stdin.isatty()
    if tty:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - lets `input` edit the line and go back to earlier ones
    elif isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    if tty and not options.json:
        print(f"Talking to {talk.run.name}. /help tells what there is; Ctrl-D ends.")
    for line in _lines(tty=tty):
        if line.startswith("/"):
            _try(talk.command, line)
        elif line.strip():
            _try(talk.ask, line)
    if options.json:
        print(json.dumps({"run": talk.run.id, "messages": talk.messages}, ensure_ascii=False))
    return 0


def _try(do: Callable[[str], None], line: str) -> None:
    """One thing that goes wrong in front of a person does not end the conversation; in a pipe it does."""
    try:
        do(line)
    except UserError as error:
        if not sys.stdin.isatty():
            raise
        for problem in error.problems:
            print(problem, file=sys.stderr)


def _lines(*, tty: bool) -> Iterator[str]:
    while True:
        try:
            line = input("\n> ") if tty else sys.stdin.readline()
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()  # at the prompt there is no answer to stop
            continue
        if not tty and not line:
            return
        yield whole_text(line.rstrip("\r\n"))


class Talk:
    """The conversation in this terminal."""

    def __init__(self, run: RunFolder, options: argparse.Namespace) -> None:
        self.run, self._again = run, 0
        self.system: str = options.system
        self.turns: list[dict[str, str]] = []
        self._quiet = bool(options.json)
        self._side: Side = "untuned" if options.before else "tuned"
        given = {name: getattr(options, name) for name in _SETTINGS if getattr(options, name) is not None}
        task = find_task(run.spec.task)
        if task.model_kind != "causal":
            what = f"{task.title} does not go on with a text, so there is nobody to talk to."
            fix = "Use `predict`, or choose a run that learned to chat or to write."
            raise UserError(Problem(what, "RUN", fix, code="no-chat"))
        self._manner = manner_of((run.brief() or {}).get("options", {}), given)

    @property
    def messages(self) -> list[dict[str, str]]:
        """All that was said, the system's words first."""
        head = [{"role": "system", "content": self.system}] if self.system.strip() else []
        return [*head, *self.turns]

    def ask(self, text: str, *, again: int = 0) -> None:
        """Say something and print the answer as it comes; Ctrl-C keeps what is there by then."""
        self._again = again
        self.turns.append({"role": "user", "content": text})
        settings = self._manner.to_json() | {"seed": self._manner.seed + again}
        answer = Answer()
        asked = listen(f"run:{self.run.id}", self.messages, [answer], settings=settings, sides=(self._side,))
        started = False
        try:
            with contextlib.closing(asked):
                for heard in asked:
                    added = heard.added if started else heard.added.lstrip()
                    started = started or bool(added)
                    if heard.place == 0 and added and not self._quiet:
                        print(added, end="", flush=True)
        except KeyboardInterrupt:
            answer.finish = "stopped"
        except UserError:
            self.turns.pop()  # so that the next message stands where this one would have
            raise
        if not self._quiet:
            print(flush=True)
        self.turns.append({"role": "assistant", "content": answer.text.strip()})
        self._notes(answer)

    def command(self, line: str) -> None:
        """Do what a line that begins with a slash says."""
        name, _, rest = line[1:].partition(" ")
        match name:
            case "system":
                self.system = rest.strip()
                self._say("Told." if self.system else "Forgotten.")
            case "reset":
                self.turns = []
                self._say("A new conversation.")
            case "retry" if self.turns:
                text = self.turns[-2]["content"]
                del self.turns[-2:]
                self.ask(text, again=self._again + 1)
            case "save" if rest.strip():
                self._save(Path(rest.strip()).expanduser())
            case "help":
                self._say(HELP)
            case _:
                raise UserError(
                    Problem(f"“{line}” cannot be done here.", fix="/help tells what can.", code="no-command")
                )

    def _save(self, path: Path) -> None:
        text = as_markdown(self.messages, self.run.name) if path.suffix == ".md" else as_jsonl(self.messages)
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            what = f"The conversation could not be written: {error}."
            raise UserError(Problem(what, str(path), "Give another name.", code="cannot-write")) from error
        self._say(f"Wrote {len(self.turns)} messages to {path}.")

    def _notes(self, answer: Answer) -> None:
        """What a person at the terminal should know about an answer; nothing in a pipe."""
        if not sys.stderr.isatty() or self._quiet:
            return
        notes = []
        if dropped := answer.reading.get("dropped"):
            notes.append(
                f"the oldest {dropped} messages were left out, as the model reads {answer.reading['limit']} tokens"
            )
        if cut := answer.reading.get("cut"):
            notes.append(f"the first {cut} tokens were cut")
        if answer.finish == "length":
            notes.append("the answer ends at the most tokens allowed (--max-new-tokens)")
        if answer.finish == "stopped":
            notes.append("stopped")
        if notes:
            print(f"({'; '.join(notes)})", file=sys.stderr)

    def _say(self, words: str) -> None:
        if sys.stdin.isatty():
            print(words)
