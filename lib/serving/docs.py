"""The documentation as a page that needs no network: every address with its form and an example to copy."""

import html
import json
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  background: light-dark(#faf7f1, #151b22); color: light-dark(#22262c, #e6e4df); }
h1 { font-size: 1.6rem; }
h2 { font-size: 1.1rem; margin-top: 2.2rem; padding-top: 1rem; border-top: 1px solid light-dark(#dcd4c5, #36424f); }
code, pre { font: 0.85rem/1.5 ui-monospace, monospace; }
pre { background: light-dark(#f1ece2, #1e2630); padding: 0.8rem 1rem; border-radius: 0.4rem; overflow-x: auto; }
details summary { cursor: pointer; } .muted { color: light-dark(#5c626a, #a9b3be); }
a { color: light-dark(#0b5c66, #7fc6cd); }
"""


def docs_page(schema: dict[str, Any], examples: dict[str, Any], address: str) -> str:
    """HTML for an OpenAPI document; `examples` are bodies by path, `address` where the server is reached."""
    info = schema["info"]
    parts = [f"<h1>{html.escape(info['title'])}</h1>", f"<p>{html.escape(info.get('description', ''))}</p>"]
    parts.append('<p class="muted">The same for programs: <a href="/openapi.json">openapi.json</a></p>')
    for path, methods in schema["paths"].items():
        for method, about in methods.items():
            parts.append(_operation(path, method, about, examples.get(path), address))
    forms = json.dumps(schema.get("components", {}).get("schemas", {}), indent=2, ensure_ascii=False)
    parts.append(
        f"<h2>Forms</h2><details><summary>JSON schemas</summary><pre>{html.escape(forms)}</pre></details>"
    )
    title = html.escape(info["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _operation(path: str, method: str, about: dict[str, Any], example: Any, address: str) -> str:
    said = html.escape(about.get("description") or about.get("summary") or "").replace("\n\n", "</p><p>")
    call = f"curl {address}{path}"
    if example is not None:
        body = json.dumps(example, ensure_ascii=False).replace("'", "'\\''")
        call += f" -H 'Content-Type: application/json' -d '{body}'"
    replies = "".join(
        f"<li><code>{html.escape(status)}</code> {html.escape(reply.get('description', ''))}</li>"
        for status, reply in about.get("responses", {}).items()
    )
    return (
        f"<h2><code>{html.escape(method.upper())} {html.escape(path)}</code></h2><p>{said}</p>"
        f"<pre>{html.escape(call)}</pre><ul>{replies}</ul>"
    )
