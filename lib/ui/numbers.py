"""Numbers as a person reads them: counts, shares, times, sizes, scores with their interval and rows."""

import math
from datetime import UTC, datetime

_NONE = "–"


def count(value: float | None, noun: str = "", plural: str = "") -> str:
    """A whole number with thousands separators, and its noun: "1,421 test rows"."""
    if value is None:
        return _NONE
    text = f"{int(value):,}"
    if not noun:
        return text
    return f"{text} {noun if int(value) == 1 else plural or noun + 's'}"


def significant(value: float | None, digits: int = 2) -> str:
    """A number with so many significant digits, never in exponent form between 0.0001 and a million."""
    if value is None or math.isnan(value):
        return _NONE
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    # Rounding first: 0.999 is 1.0, not 1.00.
    size = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if size < -4 or size > 14:
        mantissa, exponent = f"{value:.{max(digits - 1, 0)}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return f"{round(value, digits - 1 - size):,.{max(digits - 1 - size, 0)}f}".replace("-", "−")


def score(value: float | None) -> str:
    """A score as scores are read: a share with two decimals ("0.78"), an error or perplexity with three digits."""
    if value is None or math.isnan(value):
        return _NONE
    if value == 0 or 0.005 <= abs(value) <= 1:
        return f"{value:.2f}".replace("-", "−")
    return significant(value, 3 if abs(value) > 1 else 2)


def score_with_interval(
    value: float | None, interval: tuple[float, float] | None, *, rows: int | None = None
) -> str:
    """A score, half the width of its 95 % interval, and the rows it stands on: "0.78 ± 0.02 on 1,421 rows"."""
    if value is None:
        return _NONE
    text = score(value)
    if interval is not None:
        half = (interval[1] - interval[0]) / 2
        if value == 0 or 0.005 <= abs(value) <= 1:
            text += f" ± {half:.2f}" if half >= 0.005 else " ± <0.01"
        else:
            text += f" ± {significant(half)}"
    return text if rows is None else f"{text} on {count(rows, 'row')}"


def share(part: float, whole: float) -> str:
    """A share in per cent: "12 %", "<1 %", "–" of nothing."""
    if not whole:
        return _NONE
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "<1 %"
    if 99 < percent < 100:
        return ">99 %"
    return f"{percent:.0f} %"


def duration(seconds: float | None) -> str:
    """A time as it is spoken: "under a second", "40 s", "2 min", "1 h 5 min", "2 days"."""
    if seconds is None or math.isnan(seconds):
        return _NONE
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"


def about(seconds: float | None) -> str:
    """A time that is only estimated: "about 2 minutes"."""
    if seconds is None or math.isnan(seconds):
        return _NONE
    if seconds < 10:
        return "a few seconds"
    if seconds < 50:
        return f"about {max(10, round(seconds / 10) * 10)} seconds"
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"about {count(minutes, 'minute')}"
    return f"about {count(round(minutes / 60), 'hour')}"


def size(number_of_bytes: float | None) -> str:
    """A size in bytes, with two significant digits: "1.4 GB"."""
    if number_of_bytes is None:
        return _NONE
    value = float(number_of_bytes)
    if value < 1000:
        return f"{value:.0f} B"
    power = min(3, 1 + (value >= 999_500) + (value >= 999_500_000))
    value /= 1000**power
    return f"{significant(value, 2 if value < 99.5 else 3)} {('kB', 'MB', 'GB')[power - 1]}"


def ago(when: datetime | float | None, *, now: datetime | None = None) -> str:
    """How long ago: "just now", "5 min ago", "yesterday", then the date. Floats are Unix time."""
    if when is None:
        return _NONE
    moment = datetime.fromtimestamp(when, UTC) if isinstance(when, int | float) else when
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 86400:
        return f"{seconds // 3600:.0f} h ago"
    if seconds < 2 * 86400:
        return "yesterday"
    return f"{moment.day} {moment:%b %Y}"
