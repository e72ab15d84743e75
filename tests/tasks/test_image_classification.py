"""Image classification: pictures of all kinds decoded, sizes that fit the model, random changes that repeat, checks."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lib.data.examples import load_example
from lib.data.store import open_rows, save
from lib.errors import UserError
from lib.tasks import find_task
from lib.tasks.augmenting import augmented
from lib.tasks.base import Brief
from lib.tasks.colours import colour_logistic_regression
from lib.tasks.image_classification import top_accuracy
from lib.tasks.images import Recipe, Shelf, fitting_side, load_picture, picture_tokens
from tests.models.tiny import tiny_checkpoint

TASK = find_task("image-classification")
COLUMNS = {"image": "image", "label": "label"}
QUICK_MODEL = "scratch:vit-tiny"
QUICK_OPTIONS = {"epochs": 6, "learning_rate": 5e-4, "image_size": 48}
LEARNED = {"majority": 0.3, "colour_histogram": 0.1}


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    from PIL import Image
    from transformers import pipeline

    classify = pipeline("image-classification", model=model)
    return [classify(Image.open(row["image"]), top_k=1)[0]["label"] for row in rows]


def saved(picture: Image.Image, path: Path, **settings: Any) -> Path:
    picture.save(path, **settings)
    return path


def colours(size: tuple[int, int] = (8, 6)) -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", size, (200, 0, 0))
    picture.paste((0, 0, 200), (size[0] // 2, 0, size[0], size[1]))
    return picture


RED, BLUE, WHITE, GREY = (200, 0, 0), (0, 0, 200), (255, 255, 255), (128, 128, 128)


def see_through() -> Image.Image:
    picture = colours().convert("RGBA")
    picture.putalpha(0)
    return picture


def palette_see_through() -> Image.Image:
    picture = Image.new("P", (8, 6), 0)
    picture.putpalette([0, 0, 0, 9, 9, 9])
    picture.info["transparency"] = 0
    return picture


@pytest.mark.parametrize(
    ("picture", "name", "settings", "corner"),
    [
        (colours(), "a.png", {}, RED),
        (colours(), "a.webp", {"lossless": True}, RED),
        (see_through(), "b.png", {}, WHITE),
        (palette_see_through(), "c.png", {}, WHITE),
        (Image.new("LA", (8, 6), (128, 255)), "d.png", {}, GREY),
        (Image.fromarray(np.full((6, 8), 128 * 257, dtype=np.uint16)), "e.png", {}, GREY),
        (Image.new("1", (8, 6), 1), "f.png", {}, WHITE),
        (Image.new("CMYK", (8, 6), (0, 0, 0, 0)), "g.jpg", {}, WHITE),
        (Image.new("F", (8, 6), 0.5), "h.tiff", {}, (127, 127, 127)),
    ],
)
def test_every_kind_of_picture_becomes_rgb(
    tmp_path: Path, picture: Image.Image, name: str, settings: dict[str, Any], corner: tuple[int, ...]
) -> None:
    found = load_picture(saved(picture, tmp_path / name, **settings))
    assert (found.mode, found.size, found.getpixel((0, 0))) == ("RGB", (8, 6), corner)


def test_the_camera_says_which_side_is_up(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    found = load_picture(saved(colours(), tmp_path / "turned.png", exif=exif))
    assert found.size == (6, 8)
    assert (found.getpixel((0, 0)), found.getpixel((0, 7))) == (RED, BLUE)


def test_an_animation_is_read_as_its_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "moving.gif"
    Image.new("RGB", (8, 6), RED).save(path, save_all=True, append_images=[Image.new("RGB", (8, 6), BLUE)])
    assert load_picture(path).getpixel((0, 0)) == RED


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_named_in_the_refusal(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.png").write_bytes(content)
    with pytest.raises(UserError, match=r"odd\.png"):
        load_picture(tmp_path / "odd.png")


def test_a_large_photo_is_decoded_small_enough_and_no_smaller(tmp_path: Path) -> None:
    path = saved(colours((1600, 1200)), tmp_path / "photo.jpg")
    assert load_picture(path).size == (1600, 1200)
    assert min(load_picture(path, at_least=200).size) in range(200, 400)


def test_the_shelf_gives_back_what_it_forgot_unchanged(tmp_path: Path) -> None:
    paths = [str(saved(colours((64 + n, 64)), tmp_path / f"{n}.png")) for n in range(3)]
    shelf = Shelf(32, most_bytes=2 * 3 * 32 * 33)
    first = [np.asarray(shelf.get(path)) for path in paths]
    again = [np.asarray(shelf.get(path)) for path in paths]
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert min(first[0].shape[:2]) == 32


@pytest.mark.parametrize(
    ("config", "own", "wanted", "side"),
    [
        ({"model_type": "dinov2", "patch_size": 14}, 224, 0, 224),
        ({"model_type": "dinov2", "patch_size": 14}, 224, 150, 140),
        ({"model_type": "vit", "patch_size": 16}, 224, 150, 144),
        ({"model_type": "vit", "patch_size": 16}, 224, 1, 64),
        ({"model_type": "convnext"}, 224, 100, 100),
        ({"model_type": "swin", "patch_size": 4}, 224, 100, 224),
        ({"model_type": "swin", "patch_size": 4}, 224, 257, 256),
        ({"model_type": "beit", "patch_size": 16}, 224, 100, 224),
    ],
)
def test_the_size_asked_for_is_made_to_fit_the_model(
    config: dict[str, Any], own: int, wanted: int, side: int
) -> None:
    assert fitting_side(config, wanted, own=own) == side


@pytest.mark.parametrize(("wanted", "tokens"), [(0, 257), (140, 101), (448, 1_025)])
def test_a_picture_becomes_a_token_for_each_patch_and_one_more(wanted: int, tokens: int) -> None:
    assert picture_tokens({"model_type": "dinov2", "patch_size": 14}, 257, wanted) == tokens


BRIEF = Brief(COLUMNS, {"labels": ["blue", "red"], "counts": {"blue": 1, "red": 1}}, 512, {})


@pytest.mark.parametrize("name", ["ViT", "DeiT", "DINOv2", "Swin", "ConvNeXt", "MobileNetV2"])
def test_a_model_set_to_another_size_keeps_it_in_plain_transformers(tmp_path: Path, name: str) -> None:
    import torch
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    folder = tiny_checkpoint(name, tmp_path / "tiny")
    processor, model = TASK.load_processor(folder), TASK.load_model(folder, BRIEF.target)
    brief = TASK.settled(model, processor, BRIEF.changed(options={"image_size": 48}))
    assert brief.options["image_size"] == 48
    model.save_pretrained(tmp_path / "saved")
    processor.save_pretrained(tmp_path / "saved")
    path = str(saved(colours((90, 70)), tmp_path / "a.png"))
    batch = TASK.collator(processor, brief, training=False)([{"image": path}])
    assert batch["pixel_values"].shape == (1, 3, 48, 48)
    alone = AutoImageProcessor.from_pretrained(tmp_path / "saved")(Image.open(path), return_tensors="pt")
    torch.testing.assert_close(alone["pixel_values"], batch["pixel_values"])
    again = AutoModelForImageClassification.from_pretrained(tmp_path / "saved").eval()
    assert again.config.id2label == {0: "blue", 1: "red"}
    with torch.inference_mode():
        torch.testing.assert_close(again(**alone).logits, model.eval()(**batch).logits)


def test_shrunk_positions_are_those_that_the_model_would_interpolate(tmp_path: Path) -> None:
    import torch

    folder = tiny_checkpoint("ViT", tmp_path / "tiny")
    processor, model = TASK.load_processor(folder), TASK.load_model(folder, BRIEF.target)
    model.eval()
    pixels = torch.rand(1, 3, 48, 48)
    with torch.inference_mode():
        expected = model(pixels, interpolate_pos_encoding=True).logits
    TASK.settled(model, processor, BRIEF.changed(options={"image_size": 48}))
    with torch.inference_mode():
        torch.testing.assert_close(model(pixels).logits, expected)


@pytest.mark.parametrize("name", ["ViT", "DINOv2", "ConvNeXt", "MobileNetV2"])
def test_what_is_shown_as_seen_is_what_the_processor_makes(tmp_path: Path, name: str) -> None:
    processor = TASK.load_processor(tiny_checkpoint(name, tmp_path / "tiny"))
    picture = load_example_picture()
    made = processor(picture, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"][0]
    shown = np.asarray(Recipe.of(processor.to_dict()).shown(picture)).transpose(2, 0, 1)
    assert np.abs(shown.astype(float) - made).max() <= 1


def load_example_picture() -> Image.Image:
    table = load_example("drawn-patterns")
    assert table.files is not None
    return load_picture(table.files / table.frame["image"][0])


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_the_same_draw_makes_the_same_picture_and_another_draw_another(strength: str) -> None:
    picture = load_example_picture()

    def made(draw: int) -> np.ndarray:
        return np.asarray(augmented(picture, 32, strength=strength, mirror=True, draw=draw))

    assert made(5).shape == (32, 32, 3)
    assert np.array_equal(made(5), made(5))
    assert not np.array_equal(made(5), made(6))


def test_pictures_are_mirrored_only_when_that_is_wanted() -> None:
    picture = colours((64, 64))

    def reds_left(mirror: bool) -> set[bool]:
        found = (augmented(picture, 32, strength="light", mirror=mirror, draw=n) for n in range(20))
        return {small.getpixel((0, 16))[0] > small.getpixel((0, 16))[2] for small in found}  # type: ignore[index]

    assert reds_left(False) == {True}
    assert reds_left(True) == {True, False}


def test_only_training_batches_are_changed_and_they_follow_the_draw_alone(tmp_path: Path) -> None:
    import torch

    processor = TASK.load_processor(tiny_checkpoint("ViT", tmp_path / "tiny"))
    path = str(saved(colours((64, 64)), tmp_path / "a.png"))
    train = TASK.collator(processor, BRIEF, training=True)
    torch.manual_seed(1)
    once = train([{"image": path, "labels": 1, "draw": 7}])
    torch.manual_seed(2)
    again = train([{"image": path, "labels": 1, "draw": 7}])
    other = train([{"image": path, "labels": 1, "draw": 8}])
    plainly = TASK.collator(processor, BRIEF, training=False)([{"image": path}])["pixel_values"]
    assert set(once) == {"pixel_values", "labels"}
    assert torch.equal(once["pixel_values"], again["pixel_values"])
    assert not torch.equal(once["pixel_values"], other["pixel_values"])
    unchanged = TASK.collator(processor, BRIEF.changed(options={"augmentation": "none"}), training=True)
    assert torch.equal(unchanged([{"image": path, "draw": 7}])["pixel_values"], plainly)


def table_of(tmp_path: Path, rows: list[tuple[str | None, str | None]]) -> pd.DataFrame:
    cells = [(None if name is None else str(tmp_path / name), label) for name, label in rows]
    return pd.DataFrame(cells, columns=["image", "label"]).astype("str")


def test_the_checks_say_what_is_wrong_with_pictures_and_labels(tmp_path: Path) -> None:
    for number in range(40):
        saved(Image.new("RGB", (32, 32), (number, 0, 0)), tmp_path / f"{number}.png")
    fine: list[tuple[str | None, str | None]] = [(f"{n}.png", ("red", "blue")[n % 2]) for n in range(40)]
    saved(Image.new("RGB", (9, 9)), tmp_path / "tiny.png")
    cases: list[tuple[list[tuple[str | None, str | None]], set[str]]] = [
        (fine, set()),
        ([*fine, (None, "red")], {"pictures-missing"}),
        ([*fine, ("gone.png", "red")], {"pictures-unreadable"}),
        ([(f"gone {name}", label) for name, label in fine], {"pictures-unreadable"}),
        ([(None, label) for _, label in fine], {"pictures-all-missing", "labels-all-missing"}),
        ([*fine, ("tiny.png", "red")], {"pictures-tiny"}),
        ([*fine, ("0.png", "blue")], {"pictures-two-labels"}),
        ([(name, "red") for name, _ in fine], {"one-label"}),
    ]
    for rows, codes in cases:
        assert {problem.code for problem in TASK.check(table_of(tmp_path, rows), COLUMNS)} == codes


def test_colours_alone_tell_red_pictures_from_blue_ones(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    paths, labels = [], []
    for number in range(40):
        colour = (
            (int(random.integers(150, 250)), 20, 20)
            if number % 2
            else (20, 20, int(random.integers(150, 250)))
        )
        paths.append(str(saved(Image.new("RGB", (40, 40), colour), tmp_path / f"{number}.png")))
        labels.append(("blue", "red")[number % 2])
    cells, truths = pd.Series(paths, dtype="str"), pd.Series(labels, dtype="str")
    found = colour_logistic_regression(cells[:30], truths[:30], cells[30:], ["blue", "red"])
    assert found["predicted"].tolist() == labels[30:]


def test_the_truth_is_looked_for_among_the_most_probable_labels() -> None:
    labels = list("abcdefg")
    scores = [np.array([0.3, 0.2, 0.15, 0.14, 0.11, 0.06, 0.04], dtype=np.float32)] * 4
    judged = pd.DataFrame({"gold": ["a", "e", "f", "unknown"], "scores": scores})
    assert top_accuracy(judged, labels) == 0.5
    assert top_accuracy(judged, labels, top=1) == 0.25


def test_the_snippet_runs_and_names_a_label(tmp_path: Path) -> None:
    folder = tiny_checkpoint("ViT", tmp_path / "tiny")
    TASK.load_model(folder, BRIEF.target).save_pretrained(tmp_path / "model")
    TASK.load_processor(folder).save_pretrained(tmp_path / "model")
    saved(colours(), tmp_path / "picture.jpg")
    done = subprocess.run(
        [sys.executable, "-c", TASK.usage(str(tmp_path / "model"), BRIEF)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "'label': 'red'" in done.stdout


def test_pictures_are_found_again_after_they_were_stored(home: Path) -> None:
    table = load_example("drawn-patterns")
    stored = save(table, name="shapes", columns=COLUMNS)
    assert open_rows(stored.ref, stored.fingerprint).image(table.frame["image"][0]).is_file()


def test_a_checkpoint_holds_the_weights_by_the_names_that_they_are_read_back_by(tmp_path: Path) -> None:
    """transformers saves vision models under older names, and a checkpoint is loaded without translating them."""
    from datasets import Dataset
    from safetensors import safe_open

    from lib.runs.options import TrainingOptions
    from lib.training.trainer import make_trainer, training_arguments

    folder = tiny_checkpoint("ViT", tmp_path / "tiny")
    processor, model = TASK.load_processor(folder), TASK.load_model(folder, BRIEF.target)
    path = str(saved(colours(), tmp_path / "a.png"))
    features = Dataset.from_dict(
        {"image": [path] * 4, "labels": [0, 1] * 2, "length": [1] * 4, "truncated": [False] * 4}
    )
    arguments = training_arguments(
        tmp_path / "checkpoints", TrainingOptions(epochs=1, batch_size=4, precision="fp32"),
        device="cpu", rows=4, main_score="macro_f1", higher_is_better=True,
    )  # fmt: skip
    trainer = make_trainer(
        model, arguments, task=TASK, processor=processor, brief=BRIEF, train=features,
        validate=lambda model: {"macro_f1": 1.0}, callbacks=[],
    )  # fmt: skip
    trainer.train()
    (weights,) = (tmp_path / "checkpoints").glob("*/model.safetensors")
    with safe_open(weights, "pt") as file:
        assert set(file.keys()) == set(model.state_dict())
