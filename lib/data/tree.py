"""Works out labels and splits from the folders that images lie in."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.data.profile import SPLIT_VALUES


@dataclass(frozen=True)
class Places:
    """For each image its label and its split, None where the folders do not say; and whether they say any."""

    labels: tuple[str | None, ...]
    splits: tuple[str | None, ...]

    @property
    def labelled(self) -> bool:
        """Whether any image lies in a class folder."""
        return any(self.labels)

    @property
    def split(self) -> bool:
        """Whether the folders divide the images into training and other ones."""
        return any(self.splits)


def places_of(paths: Sequence[tuple[str, ...]]) -> Places:
    """Labels and splits of images, given by the folders they lie in and their own names.

    Folders that all images share say nothing. Folders named as splits (train and another one) on top of
    everything divide the rows; below them the first folder is the label, however deep the image lies.
    """
    folders = [path[:-1] for path in paths]
    while folders and all(folders) and len({folder[0] for folder in folders}) == 1:
        folders = [folder[1:] for folder in folders]
    splits: list[str | None] = [None] * len(folders)
    parts = [SPLIT_VALUES.get(folder[0].strip().casefold()) if folder else None for folder in folders]
    if folders and None not in parts and "train" in parts and len(set(parts)) > 1:
        splits, folders = parts, [folder[1:] for folder in folders]
        below = [folder for folder in folders if folder]
        while (
            below and all(len(folder) > 1 for folder in below) and len({folder[0] for folder in below}) == 1
        ):
            below = [folder[1:] for folder in below]
            folders = [folder[1:] for folder in folders]
    labels = [folder[0].strip() or None if folder else None for folder in folders]
    return Places(tuple(labels), tuple(splits))
