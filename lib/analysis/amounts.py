"""Numbers with a unit, with as many digits as their spread makes meaningful."""

import math

from lib.analysis.intervals import number


def amount(value: float, unit: str = "", *, spread: float = 0.0) -> str:
    """A number and its unit: "1,254 €", "3.4 stars", "12.5 %"; not escaped.

    Shown to less than a tenth of the `spread` of such numbers if that is known, else with three significant digits.
    """
    if spread > 0 and math.isfinite(value):
        decimals = min(8, max(0, 2 - math.ceil(math.log10(spread))))
        said = f"{value:,.{decimals}f}".replace("-", "−")
    else:
        said = number(value, digits=3)
    return f"{said} {unit}".rstrip()
