"""The report as one HTML page with inline SVG; it asks nothing of any other host."""

from collections.abc import Sequence
from html import escape

from nlu.report.measures import Outcome, Row, bins, confusions, coverage_curve

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem
auto;padding:0 1rem}table{border-collapse:collapse}td,th{padding:.2rem .6rem;text-align:right;
border-bottom:1px solid #8884}td:first-child,th:first-child{text-align:left}svg{max-width:100%;
height:auto}text{font:12px system-ui;fill:currentColor}.low{color:#c0392b;font-weight:600}
"""
_COLOURS = ("#2a6f97", "#e07a5f", "#81b29a", "#f2cc8f", "#6d597a", "#b56576", "#3d405b", "#888")
_BAR, _HEIGHT, _LEFT = 9, 220, 40


def page(rows: Sequence[Row], results: Sequence[Outcome], heading: str) -> str:
    """Return the whole page: table, bars, calibration, coverage, confusions."""
    parts = [
        f"<h1>{escape(heading)}</h1>",
        _table(rows),
        "<h2>Accuracy by language and noise</h2>",
        _bars(rows),
        "<h2>Calibration</h2><p>On the line, a confidence of 0.8 is right 8 times of 10.</p>",
        _curve([(c, a) for c, a, _ in bins(results)], "confidence", "accuracy", dots=True),
        "<h2>Coverage against error</h2>",
        _curve(coverage_curve(results), "share answered", "share wrong", top=0.2),
        "<h2>Most frequent mistakes</h2>",
        _confusions(results),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(heading)}</title><style>{_STYLE}</style><body><main>"
        + "\n".join(parts)
        + "</main></body></html>\n"
    )


def _table(rows: Sequence[Row]) -> str:
    names = ("set", "noise", "phrases", "accuracy", "answered", "sure and wrong",
             "out of scope found", "wrongly refused", "calibration error")  # fmt: skip
    head = "".join(f"<th>{name}</th>" for name in names)
    body = []
    for row in rows:
        shares = (row.accuracy, row.coverage, row.wrong, row.rejected, row.false_rejection)
        low = ' class="low"' if row.accuracy < 0.9 else ""
        cells = "".join(
            f"<td{low if i == 0 else ''}>{100 * v:.1f}</td>" for i, v in enumerate(shares)
        )
        body.append(
            f"<tr><td>{escape(row.name)}</td><td>{escape(row.noise)}</td><td>{row.size}</td>"
            f"{cells}<td>{row.error:.3f}</td></tr>"
        )
    return f"<table><tr>{head}</tr>{''.join(body)}</table>"


def _bars(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(row.name for row in rows))
    noises = list(dict.fromkeys(row.noise for row in rows))
    values = {(row.name, row.noise): row.accuracy for row in rows}
    group = _BAR * len(noises) + 16
    width = _LEFT + group * len(names)
    shapes = [_line(_LEFT, _y(v), width, _y(v), str(round(100 * v))) for v in (0, 0.5, 0.9, 1)]
    for place, name in enumerate(names):
        left = _LEFT + group * place
        shapes.append(f'<text x="{left}" y="{_HEIGHT + 34}">{escape(name)}</text>')
        for number, noise in enumerate(noises):
            value = values.get((name, noise))
            if value is None:
                continue
            shapes.append(
                f'<rect x="{left + _BAR * number}" y="{_y(value):.1f}" width="{_BAR - 1}" '
                f'height="{_y(0) - _y(value):.1f}" fill="{_COLOURS[number % 8]}">'
                f"<title>{escape(name)}, {escape(noise)}: {100 * value:.1f}</title></rect>"
            )
    legend = "".join(
        f'<span style="color:{_COLOURS[i % 8]}">&#9632;</span> {escape(n)} &nbsp; '
        for i, n in enumerate(noises)
    )
    return f"{_svg(width, _HEIGHT + 44, shapes, 'Accuracy by language and noise')}<p>{legend}</p>"


def _y(value: float, top: float = 1.0) -> float:
    return 20 + _HEIGHT * (1 - value / top)


def _line(x1: float, y1: float, x2: float, y2: float, label: str = "") -> str:
    text = f'<text x="2" y="{y1 + 4:.1f}">{label}</text>' if label else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#8886"/>{text}'


def _curve(
    points: Sequence[tuple[float, float]], across: str, up: str, *, top: float = 1.0,
    dots: bool = False,
) -> str:  # fmt: skip
    width = 420
    placed = [(_LEFT + (width - _LEFT) * x, _y(min(y, top), top)) for x, y in points]
    shapes = [_line(_LEFT, _y(v * top, top), width, _y(v * top, top), f"{v * top:g}")
              for v in (0, 0.25, 0.5, 0.75, 1)]  # fmt: skip
    if dots:
        shapes.append(_line(_LEFT, _y(0), width, _y(1)))
        shapes += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_COLOURS[0]}"/>'
                   for x, y in placed]  # fmt: skip
    else:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        shapes.append(f'<polyline points="{path}" fill="none" stroke="{_COLOURS[0]}"/>')
    shapes.append(f'<text x="{_LEFT}" y="{_HEIGHT + 38}">{across} (across), {up} (up)</text>')
    return _svg(width, _HEIGHT + 44, shapes, f"{up} by {across}")


def _confusions(results: Sequence[Outcome]) -> str:
    rows = "".join(
        f"<tr><td>{escape(expected)}</td><td>{escape(said)}</td><td>{count}</td></tr>"
        for expected, said, count in confusions(results)
    )
    return f"<table><tr><th>meant</th><th>said</th><th>times</th></tr>{rows}</table>"


def _svg(width: int, height: int, shapes: Sequence[str], label: str) -> str:
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">{"".join(shapes)}</svg>'
    )
