"""`gesso label install | serve | invite | push | predict | pull`: a Label Studio, questions out and answers back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.crawl_options import DEFAULT_HOME, AsJson, Home
from pipelines.curate_commands import example

if TYPE_CHECKING:
    from annotations.client import Client
    from annotations.items import Items
    from annotations.pictures import Pictures

app = typer.Typer(rich_markup_mode="markdown")
DATASET = typer.Argument(help="Name, name@version or folder of a dataset version.")
TASK = typer.Option(help="critique, pairwise, best_of_n, elements or caption_check.")
SHOWN = typer.Option(help="Of best_of_n: how many screens are put in order.", min=3, max=9)


@app.command("install", epilog=example("gesso label install"))
def label_install() -> None:
    """Install Label Studio into an environment of its own and prepare its database, once."""
    from annotations.server.install import install
    from pipelines import terminal

    done = install(terminal.note)
    terminal.made("Label Studio is ready", done.folder)


@app.command("serve", epilog=example("gesso label serve --port 8080"))
def label_serve(
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8080,
    external: Annotated[str, typer.Option(help="Address of a server that is there already; none is started.")] = "",
    token: Annotated[str, typer.Option(help="Of the external server.", envvar="GESSO_LABEL_TOKEN")] = "",
    backend_port: Annotated[int, typer.Option(help="Of our own side: webhooks, pictures, predictions.", min=0)] = 8091,
    home: Home = DEFAULT_HOME,
) -> None:
    """Serve labelling pages on 127.0.0.1 until Ctrl-C; what is labelled is pulled as it comes."""
    import signal

    from annotations.server.install import install
    from annotations.server.process import server_folder, start, use_external
    from pipelines import terminal

    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    if external:
        name = use_external(home, external, token)
        terminal.console.print(f"labels go to [accent]{external}[/] as {name}", highlight=False)
        with _backend(home, backend_port):
            terminal.made("listening for labels; Ctrl-C stops", external)
            signal.pause()
        return
    installed = install(terminal.note)
    with terminal.progress_lines() as progress:
        server = start(home, port, installed=installed, progress=progress)
    with server, _backend(home, backend_port):
        where = server_folder(home) / "credentials.json"
        terminal.console.print(f"user {server.account.username}, password in {where}", style="quiet", soft_wrap=True)
        terminal.made("labelling pages; Ctrl-C stops", server.url)
        code = server.wait()
    if code:
        from annotations.server.process import StartError

        raise StartError(f"Label Studio ended with {code}: see {server_folder(home) / 'server.log'}")


@app.command("invite", epilog=example("gesso label invite ada@example.org"))
def label_invite(
    emails: Annotated[list[str] | None, typer.Argument(help="Make these accounts; none: print the link.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Print the link with which people make an account, or make accounts and print their passwords once."""
    from dataclasses import asdict

    from annotations.server.access import invitation, invite
    from annotations.server.process import connect
    from pipelines import terminal

    with connect(home) as client:
        link = f"{client.url}{invitation(client)}"
        people = [invite(client, email) for email in emails or []]
    if as_json:
        terminal.print_json({"link": link, "people": [asdict(one) for one in people]})
        return
    if people:
        terminal.table("Accounts", ("who", "password"), [(one.email, one.password) for one in people])
        terminal.made(f"{len(people)} accounts", link.split("?")[0])
        return
    terminal.made("whoever has this link can make an account", link)


@app.command("push", epilog=example("gesso label push landing --task pairwise --count 500 --by uncertainty"))
def label_push(
    dataset: Annotated[str, DATASET],
    task: Annotated[str, TASK] = "critique",
    count: Annotated[int, typer.Option(help="How many questions.", min=1)] = 100,
    by: Annotated[str, typer.Option(help="uncertainty, diversity, disagreement or random.")] = "uncertainty",
    more: Annotated[bool, typer.Option("--more", help="Ask so many beyond what the same command asked.")] = False,
    blind: Annotated[float, typer.Option(help="Share that never shows the model's opinion.", min=0.1, max=1)] = 0.1,
    gold: Annotated[Path | None, typer.Option(help="JSON lines of questions with known answers.")] = None,
    raters: Annotated[int, typer.Option(help="How many people answer a question.", min=1, max=99)] = 3,
    shown: Annotated[int, SHOWN] = 4,
    score: Annotated[str, typer.Option(help="Column that is the model's opinion; a trained head goes first.")] = "",
    seed: Annotated[int, typer.Option(help="Of what is drawn by lot.")] = 7,
    ml: Annotated[bool, typer.Option("--ml", help="Also connect the backend for live predictions.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Ask what is worth asking. The same command again asks nothing twice, whatever ended it."""
    from dataclasses import asdict

    from annotations.backend import known_backend, register
    from annotations.configs import label_task
    from annotations.gold import read_gold
    from annotations.ledger import Ledger
    from annotations.push import push
    from pipelines import terminal

    kind = label_task(task, shown)
    items = _items(dataset, home, score)
    with _server(home) as (client, name), terminal.progress_lines(quiet=as_json) as progress:
        done = push(
            home, client, name, items, kind, count, _pictures(home), by=by, blind=blind,
            gold=read_gold(gold, kind) if gold else None, seed=seed, more=more, raters=raters, progress=progress,
        )  # fmt: skip
        backend = known_backend(home)
        with Ledger(home) as ledger:
            projects = [one for one in ledger.projects(name) if one.project_id == done.project_id]
        if backend and projects:
            register(client, projects[0], backend, predict=ml)
    if as_json:
        terminal.print_json(asdict(done))
        return
    cohort = f"{done.blind} blind, {done.gold} gold"
    terminal.made(f"{done.new:,} new questions, {done.there:,} there before ({cohort} in all)", done.url)


@app.command("predict", epilog=example("gesso label predict landing --task pairwise"))
def label_predict(
    dataset: Annotated[str, DATASET],
    task: Annotated[str, TASK] = "critique",
    shown: Annotated[int, SHOWN] = 4,
    score: Annotated[str, typer.Option(help="Column that is the model's opinion; a trained head goes first.")] = "",
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Show the newest model's opinion on the questions that are there, and serve the most doubtful first."""
    from annotations.configs import label_task
    from annotations.push import predict
    from pipelines import terminal

    kind = label_task(task, shown)
    items = _items(dataset, home, score)
    with _server(home) as (client, name), terminal.progress_lines(quiet=as_json) as progress:
        number = predict(home, client, name, items, kind, progress)
    if as_json:
        terminal.print_json({"predictions": number, "model_version": items.version})
        return
    terminal.made(f"{number:,} questions have the opinion of {items.version}", items.dataset.name)


@app.command("pull", epilog=example("gesso label pull"))
def label_pull(
    full: Annotated[
        bool, typer.Option("--full", help="Read everything again, also what no cursor would show.")
    ] = False,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Take in what was labelled since the last pull, and what was deleted. Answers that are none are listed."""
    from dataclasses import asdict

    from annotations.events import events_folder
    from annotations.pull import pull
    from pipelines import terminal

    with _server(home) as (client, name), terminal.progress_lines(quiet=as_json) as progress:
        done = pull(home, client, name, full=full, progress=progress)
    if as_json:
        terminal.print_json(asdict(done))
        return
    for problem in done.problems[:20]:
        terminal.note(f"annotation {problem.annotation_id} of task {problem.task_id}: {problem.reason}")
    if len(done.problems) > 20:
        terminal.note(f"… and {len(done.problems) - 20} more")
    counts = f"{done.annotations:,} annotations new or changed, {done.deleted:,} deleted"
    terminal.made(f"{counts}: {done.events:,} label events", events_folder(home))


def _items(dataset: str, home: Path, score: str) -> Items:
    """A column that was named, else the head that this home's labels trained, else the dataset's own `aesthetic`."""
    from annotations.items import SCORE, read_items, trained_head

    found = None if score else trained_head(dataset, home)
    if found:
        return read_items(dataset, home, head=found[0], version=found[1])
    return read_items(dataset, home, score=score or SCORE)


@contextmanager
def _server(home: Path) -> Iterator[tuple[Client, str]]:
    """(client, name of the server in ledger and events), closed at the end."""
    from annotations.server.identity import server_name
    from annotations.server.process import connect, connection

    found = connection(home)
    with connect(home) as client:
        yield client, server_name(home, found)


def _pictures(home: Path) -> Pictures:
    from annotations.backend import backend_secret, known_backend
    from annotations.pictures import LocalPictures, SignedPictures
    from annotations.server.process import StartError, connection, pictures_folder

    if connection(home).own:
        return LocalPictures(pictures_folder(home))
    backend = known_backend(home)
    if backend is None:
        raise StartError(
            "an external server needs somebody to show it the pictures: run gesso label serve --external URL"
        )
    return SignedPictures(pictures_folder(home), backend.url, backend_secret(home).encode())


@contextmanager
def _backend(home: Path, port: int) -> Iterator[None]:
    """Our side, running while the context lasts: it pulls at once and whenever a webhook asks."""
    from annotations.backend import backend_secret
    from annotations.backend_server import running
    from annotations.pull import pull
    from pipelines import terminal

    def take_in() -> None:
        with _server(home) as (client, name):
            done = pull(home, client, name)
        if done.events:
            terminal.console.print(f"{done.annotations} annotations, {done.deleted} deleted", style="quiet")

    with running(home, backend_secret(home), port, take_in, terminal.note):
        yield
