"""A small picture of numbers as a PNG in a data URI, for figures with too many cells for a heatmap."""

import base64
import struct
import zlib

import numpy as np

from lib.charts.colours import SEQUENTIAL, Theme


def palette(theme: Theme) -> np.ndarray:
    """uint8[255, 3]: the one hue of the theme from little to much."""
    stops = SEQUENTIAL[theme]
    at = [float(place) for place, _ in stops]
    colours = np.array(
        [[int(str(colour)[start : start + 2], 16) for start in (1, 3, 5)] for _, colour in stops]
    )
    where = np.linspace(0, 1, 255)
    channels = [np.interp(where, at, colours[:, channel]) for channel in range(3)]
    return np.rint(np.column_stack(channels)).astype(np.uint8)


def png_uri(cells: np.ndarray, theme: Theme) -> str:
    """uint8[height, width] as a PNG: 0 to 254 are steps of the theme's hue, 255 is see-through.

    One byte a cell with a palette, see https://www.w3.org/TR/png-3/ (colour type 3).
    """
    height, width = cells.shape
    colours = np.vstack([palette(theme), [[0, 0, 0]]]).astype(np.uint8)
    lines = np.hstack([np.zeros((height, 1), np.uint8), cells.astype(np.uint8)])
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", colours.tobytes()),
        (b"tRNS", b"\xff" * 255 + b"\x00"),
        (b"IDAT", zlib.compress(lines.tobytes(), 6)),
        (b"IEND", b""),
    ]
    file = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    return "data:image/png;base64," + base64.b64encode(file).decode()
