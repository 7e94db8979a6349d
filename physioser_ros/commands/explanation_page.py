"""The page of `physioser explain`: one HTML file that needs nothing else."""

from base64 import b64encode
from html import escape

from physioser_ros.commands.explanation import Explanation, LIMITS, MEANING
from physioser_ros.inference import COMPONENTS, SAMPLE_RATE

STYLE = """\
body { font-family: sans-serif; color: #222; max-width: 90rem; margin: 1rem auto;
  padding: 0 1rem; line-height: 1.4 }
img { width: 100%; height: auto }
.tables { display: flex; flex-wrap: wrap; gap: 2rem }
table { border-collapse: collapse }
caption { text-align: left; font-weight: bold; padding: 0.3rem 0 }
th, td { text-align: left; padding: 0.15rem 1rem 0.15rem 0; border-bottom: 1px solid #ccc }
td { text-align: right; font-variant-numeric: tabular-nums }"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: {label}</title>
<style>
{style}
</style>
</head>
<body>
<h1>{title}: {label}</h1>
<p>{summary}</p>
<p>{meaning} {limits}</p>
<img alt="{description}" src="data:image/png;base64,{picture}">
<div class="tables">
{tables}
</div>
</body>
</html>
"""

_DESCRIPTION = (
    'Waveform with the frame weights of both branches; four planes of the quartet over time and '
    'frequency; bars of branch weights, component saliency and label probabilities, whose '
    'numbers stand in the tables below.')


def page(explanation: Explanation, picture: bytes) -> bytes:
    """
    Return the page in UTF-8.

    :param explanation: what to show
    :param picture: the bytes of its PNG file
    """
    result = explanation.result
    heard_s = len(explanation.waveform) / SAMPLE_RATE
    summary = (f'{explanation.model} heard {heard_s:.2f} s and answers {result.labels[0]} with '
               f'a probability of {result.probabilities[0]:.3f}')
    summary += (f', which is below {explanation.threshold:.2f} and so counts as uncertain.'
                if result.probabilities[0] < explanation.threshold else '.')
    if result.skipped_samples:
        summary += (f' The first {result.skipped_samples / SAMPLE_RATE:.2f} s of the recording '
                    f'were not heard, for it is longer than the model takes.')
    tables = (
        _table('Probability', zip(result.labels, result.probabilities), '{:.3f}'),
        _table('Weight of the branches', zip(('vocal (vap)', 'latent (ssl)'),
                                             result.branch_weights), '{:.3f}'),
        _table('Saliency in nat', zip(COMPONENTS, result.component_saliency), '{:+.4f}'))
    return _PAGE.format(
        style=STYLE, title=escape(explanation.title),
        label=escape(result.label), summary=escape(summary), meaning=escape(MEANING),
        limits=escape(LIMITS), description=escape(_DESCRIPTION),
        picture=b64encode(picture).decode('ascii'), tables='\n'.join(tables)).encode('utf-8')


def _table(caption: str, rows, form: str) -> str:
    body = '\n'.join(f'<tr><th scope="row">{escape(name)}</th><td>{form.format(value)}</td></tr>'
                     for name, value in rows)
    return f'<table>\n<caption>{escape(caption)}</caption>\n{body}\n</table>'
