"""The little CSS that a theme cannot say: word mark, path strip, measure, tabular figures, focus, narrow screens."""

from lib.charts.colours import INK, MUTED

_STYLE = """
/* Streamlit sets color-scheme with its theme, so light-dark() follows the theme that is on, at once. */
:root {
  --atelier-accent: light-dark(#0b5c66, #3f97a2);
  --atelier-line: light-dark(#dcd4c5, #36424f);
  --atelier-hover: light-dark(#f1ece2, #1e2630);
  --atelier-muted: light-dark(#5c626a, #a9b3be);
}
/* The dark theme's accent is light enough to be read as text, so what stands on it is dark. */
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primary"]:hover {
  color: light-dark(#ffffff, #0b1115);
}

/* Prose stays within a comfortable measure; tables and charts use the whole width. */
[data-testid="stMarkdownContainer"] > p,
[data-testid="stMarkdownContainer"] > ul,
[data-testid="stMarkdownContainer"] > ol,
[data-testid="stCaptionContainer"] p { max-width: 75ch; }
[data-testid="stMarkdownContainer"] > p { line-height: 1.6; }
[data-testid="stMain"] { font-variant-numeric: tabular-nums; }
[data-testid="stMainBlockContainer"] { max-width: 1180px; }

/* The path strip. */
.st-key-path-strip {
  border-bottom: 1px solid var(--atelier-line);
  padding-bottom: 0.25rem;
  row-gap: 0;
}
.st-key-path-strip [data-testid="stPageLink-NavLink"] {
  padding: 0.1rem 0.45rem;
  margin: 0;
  min-height: 2rem;
  background: transparent;
}
.st-key-path-strip [data-testid="stPageLink-NavLink"]:hover { background: var(--atelier-hover); }
.st-key-path-strip p { white-space: nowrap; }
.st-key-path-strip [data-testid="stIconMaterial"] { color: var(--atelier-muted); }
.st-key-word-mark [data-testid="stPageLink-NavLink"] { padding-left: 0; margin-right: 0.9rem; }
.st-key-word-mark [data-testid="stPageLink-NavLink"]:hover { background: transparent; }
.st-key-word-mark p { font-family: "Source Serif", serif; font-size: 1.2rem; font-weight: 600; }
[class*="st-key-step-here"] [data-testid="stPageLink-NavLink"] {
  box-shadow: inset 0 -2px 0 var(--atelier-accent);
  border-radius: 0;
}
[class*="st-key-step-here"] p { font-weight: 600; }
[class*="st-key-step-later"] p { color: var(--atelier-muted); }
.st-key-path-words { margin-top: -0.7rem; margin-bottom: -0.9rem; }
.st-key-path-words [data-testid="stCaptionContainer"] p { max-width: none; }
.st-key-page-lead, .st-key-page-subject { margin-top: -0.9rem; }
[data-testid="stHeadingIcon"] { color: var(--atelier-muted); font-size: 0.8em; }
[data-testid="stCaptionContainer"] { color: var(--atelier-muted) !important; opacity: 1; }
[data-testid="stAlert"] ul { margin-top: 0; margin-bottom: 0; padding-left: 0.6rem; }
[data-testid="stAlert"] li { margin-bottom: 0.15rem; }
.st-key-figures { row-gap: 0.6rem; }

/* A part of a page: its heading stands on a thin line. */
[class*="st-key-section-"] { border-bottom: 1px solid var(--atelier-line); padding-bottom: 0.1rem; margin-top: 1.5rem; }

/* Focus is always seen. */
:is(a, button, input, textarea, summary, [role="tab"], [role="radio"], [tabindex="0"]):focus-visible {
  outline: 2px solid var(--atelier-accent) !important;
  outline-offset: 2px;
}

/* On wide screens the strip uses the room of Streamlit's own, nearly empty header. */
@media (min-width: 1000px) {
  [data-testid="stHeader"] { background: transparent; pointer-events: none; }
  [data-testid="stHeader"] :is(button, a) { pointer-events: auto; }
  .st-key-path-strip { margin-top: -2.2rem; }
}
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding-left: 1rem; padding-right: 1rem; }
  [class*="st-key-step-"] [data-testid="stPageLink-NavLink"] { padding: 0.1rem 0.25rem; }
  .st-key-path-strip { column-gap: 0.15rem; row-gap: 0.3rem; }
  .st-key-path-strip > :nth-child(2) { margin-left: -0.25rem; }
  .st-key-path-strip > :first-child { flex-basis: 100%; }
}
@media (prefers-reduced-motion: reduce) {
  * { transition: none !important; animation-duration: 0.01ms !important; }
}
"""


def _figure_text() -> str:
    """Rules that give the text of a figure the tone of the theme that is on.

    A figure is drawn for one theme. When the theme changes, the page is not run again, so until then its
    text is recognised by its tone and gets that of the other theme.
    """
    rules = []
    for tone in (INK, MUTED):
        for colour in tone.values():
            red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
            written = (f"fill: rgb({red}, {green}, {blue})", f"fill:{colour}")
            places = ", ".join(
                f'[data-testid="stPlotlyChart"] :is(text, tspan)[style*="{fill}" i]' for fill in written
            )
            rules.append(f"{places} {{ fill: light-dark({tone['light']}, {tone['dark']}) !important; }}")
    return "\n".join(rules)


STYLE = f"<style>{_STYLE}{_figure_text()}</style>"
