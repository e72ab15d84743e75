"""Downloads from the Hub: only what is needed, checked, resumed, stopped, and found again without a network."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lib.errors import UserError
from lib.models import hub_download
from lib.models.hub import describe
from lib.models.hub_cache import cache_folder, is_whole, snapshot_folder
from lib.models.hub_download import DownloadStopped, download
from lib.models.hub_token import Token
from lib.models.sources import find_model, list_models
from tests.models.conftest import NAME
from tests.models.hub_server import TOKEN, HubServer, Repo, files_of, sha_of
from tests.models.test_hub import code_of, forget

ROOT = Path(__file__).resolve().parents[2]


def big(hub: HubServer) -> int:
    return (hub.repos[NAME].folder / "model.safetensors").stat().st_size


def test_the_snapshot_equals_what_was_served_and_holds_no_pickle(hub: HubServer, served: Path) -> None:
    told: list[tuple[int, int]] = []
    folder = download(NAME, sha_of(served), lambda done, total: told.append((done, total)))
    assert folder == snapshot_folder(NAME, sha_of(served))
    wanted = {path.name for path in files_of(served) if path.parent == served}
    wanted -= {"pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "rust_model.ot", "optimizer.pt"}
    assert {path.name for path in folder.iterdir()} == wanted
    for name in wanted:
        assert (folder / name).read_bytes() == (served / name).read_bytes()
    assert told[-1] == (sum((served / name).stat().st_size for name in wanted),) * 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert not list(cache_folder().rglob("*.incomplete"))


def test_the_libraries_of_the_hub_find_the_same_files_without_a_network(hub: HubServer, served: Path) -> None:
    find_model(f"hub:{NAME}")
    folder = download(NAME, sha_of(served))
    hub.stop()
    code = (
        "import sys; from huggingface_hub import hf_hub_download, scan_cache_dir\n"
        "print(hf_hub_download(sys.argv[1], 'model.safetensors'))\n"
        "print(len(scan_cache_dir().warnings), [repo.repo_id for repo in scan_cache_dir().repos])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, NAME],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [str(folder / "model.safetensors"), f"0 ['{NAME}']"]


def test_what_huggingface_hub_downloaded_is_found_without_a_network(hub: HubServer, served: Path) -> None:
    """The other way round: its cache is ours."""
    (cache_folder() / f"models--{NAME.replace('/', '--')}" / "refs").mkdir(parents=True)
    (cache_folder() / f"models--{NAME.replace('/', '--')}" / "refs" / "main").write_text(sha_of(served))
    snapshot = snapshot_folder(NAME, sha_of(served))
    snapshot.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (snapshot / name).write_bytes((served / name).read_bytes())
    hub.stop()
    assert find_model(f"hub:{NAME}").revision == sha_of(served)


@pytest.mark.parametrize("ref", [NAME, f"{NAME}@main", f"{NAME}@SHA", f"{NAME}@SHORT"])
@pytest.mark.parametrize("how", ["no network", "offline"])
def test_a_downloaded_model_is_found_without_a_network(
    hub: HubServer, served: Path, monkeypatch: pytest.MonkeyPatch, ref: str, how: str
) -> None:
    sha = sha_of(served)
    find_model(f"hub:{NAME}")
    download(NAME, sha)
    forget()
    if how == "offline":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    else:
        hub.stop()
    info = find_model(f"hub:{ref.replace('SHA', sha).replace('SHORT', sha[:8])}")
    assert (info.ref, info.revision, info.is_downloaded) == (f"hub:{NAME}@{sha}", sha, True)
    assert (info.licence, info.kind) == ("apache-2.0", "encoder")


def test_downloaded_models_are_listed_with_their_licence(hub: HubServer, served: Path) -> None:
    assert not [model for model in list_models() if model.ref.startswith("hub:")]
    find_model(f"hub:{NAME}")  # only its settings are here now
    assert not [model for model in list_models() if model.ref.startswith("hub:")]
    download(NAME, sha_of(served))
    [listed] = [model for model in list_models() if model.ref.startswith("hub:")]
    assert (listed.ref, listed.licence, listed.is_downloaded) == (
        f"hub:{NAME}@{sha_of(served)}",
        "apache-2.0",
        True,
    )


def test_a_connection_that_breaks_is_taken_up_where_it_broke(
    hub: HubServer, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.cut_after, hub.cuts = big(hub) // 3, 2
    folder = download(NAME, sha_of(served))
    assert (folder / "model.safetensors").read_bytes() == (served / "model.safetensors").read_bytes()
    ranges = [asked.range for asked in hub.asked_for("model.safetensors") if asked.host == "files"]
    third = big(hub) // 3
    assert ranges == [None, f"bytes={third}-", f"bytes={2 * third}-"]


def test_half_a_download_is_kept_and_gone_on_with_another_time(
    hub: HubServer, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_download, "ATTEMPTS", 1)
    half = big(hub) // 2
    describe(NAME)
    hub.cut_after, hub.cuts = half, 1
    closing = threading.Event()

    def tell(done: int, total: int) -> None:
        # Once weights arrive, the Hub has a fault on whatever it is asked next.
        if hub.cuts == 0 and not closing.is_set():
            closing.set()
            hub.fail = 503

    with pytest.raises(UserError, match=r"fault of its own|broke off") as error:
        download(NAME, sha_of(served), tell)
    assert code_of(error) in ("hub-fault", "hub-broken-off")
    [partial] = cache_folder().rglob("*.incomplete")
    assert partial.stat().st_size == half
    assert not is_whole(snapshot_folder(NAME, sha_of(served)))
    hub.fail = None
    before = len(hub.asked)
    download(NAME, sha_of(served))
    assert [asked.range for asked in hub.asked[before:] if asked.host == "files"] == [f"bytes={half}-"]
    assert find_model(f"hub:{NAME}").is_downloaded


def test_a_download_that_is_stopped_keeps_what_has_arrived(hub: HubServer, served: Path) -> None:
    describe(NAME)
    hub.pause.clear()
    arrived = threading.Event()

    def tell(done: int, total: int) -> None:
        if done > big(hub) // 3:
            arrived.set()
            hub.pause.set()

    with pytest.raises(DownloadStopped):
        download(NAME, sha_of(served), tell, stop=arrived.is_set)
    assert list(cache_folder().rglob("*.incomplete")) or list(cache_folder().rglob("model.safetensors"))
    assert download(NAME, sha_of(served)).is_dir()
    assert is_whole(snapshot_folder(NAME, sha_of(served)))


def test_a_file_that_arrives_changed_is_thrown_away(hub: HubServer, served: Path) -> None:
    describe(NAME)
    hub.corrupt = True
    with pytest.raises(UserError, match="arrived damaged") as error:
        download(NAME, sha_of(served))
    assert code_of(error) == "hub-damaged"
    assert not list(cache_folder().rglob("*.incomplete"))
    hub.corrupt = False
    assert is_whole(download(NAME, sha_of(served)))


def test_half_a_file_of_something_else_does_no_harm(hub: HubServer, served: Path) -> None:
    model = describe(NAME)
    [weights] = [file for file in model.files if file.name == "model.safetensors"]
    blob = cache_folder() / f"models--{NAME.replace('/', '--')}" / "blobs" / f"{weights.etag}.incomplete"
    blob.write_bytes(b"\0" * (weights.size // 2))
    with pytest.raises(UserError, match="arrived damaged"):
        download(NAME, model.sha)
    assert is_whole(download(NAME, model.sha))


def test_two_at_once_download_the_weights_once(hub: HubServer, served: Path) -> None:
    describe(NAME)
    hub.pause.clear()
    threads = [threading.Thread(target=download, args=(NAME, sha_of(served))) for _ in range(2)]
    for thread in threads:
        thread.start()
    threads[0].join(0.7)
    hub.pause.set()
    for thread in threads:
        thread.join(30)
    assert len([asked for asked in hub.asked if asked.host == "files"]) == 1
    assert is_whole(snapshot_folder(NAME, sha_of(served)))


def test_a_disk_that_is_too_small_is_told_before_the_download(
    hub: HubServer, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe(NAME)
    monkeypatch.setattr(hub_download, "SPARE_BYTES", 10**18)
    monkeypatch.setattr(hub_download, "SMALL_BYTES", 1_000)
    with pytest.raises(UserError, match="GB are free") as error:
        download(NAME, sha_of(served))
    assert code_of(error) == "disk-full"


def test_a_disk_that_fills_up_is_told(hub: HubServer, served: Path) -> None:
    """A real write error: the process may write no file larger than a part of the weights."""
    code = (
        "import resource, signal, sys\n"
        "from lib.errors import UserError\n"
        "from lib.models.hub import describe\n"
        "from lib.models.hub_download import download\n"
        "describe(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    download(*sys.argv[1:])\n"
        "except UserError as error:\n    print(error.problems[0].code, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, NAME, sha_of(served)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("cannot-write")
    assert "File too large" in done.stdout


def test_the_token_goes_to_the_hub_and_not_on_to_the_host_of_the_weights(
    hub: HubServer, served: Path
) -> None:
    hub.repos["test/gated"] = Repo(served, gated="manual")
    download("test/gated", sha_of(served), token=Token(TOKEN))
    assert {asked.authorization for asked in hub.asked if asked.host == "hub"} == {f"Bearer {TOKEN}"}
    assert {asked.authorization for asked in hub.asked if asked.host == "files"} == {None}


def test_a_gated_model_without_a_token_is_not_downloaded(hub: HubServer, served: Path) -> None:
    hub.repos["test/gated"] = Repo(served, gated="manual")
    with pytest.raises(UserError) as error:
        download("test/gated", sha_of(served))
    assert code_of(error) == "hub-gated"
    assert not list(cache_folder().rglob("*.safetensors"))
