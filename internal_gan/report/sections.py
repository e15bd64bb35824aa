"""The words and numbers of a run's page, each a piece of HTML, empty with nothing to show."""

import shlex
from datetime import datetime
from html import escape

from internal_gan.evaluation.seams import told
from internal_gan.report.curves import loss_curves
from internal_gan.report.run_data import Run
from internal_gan.units import duration, memory

PROGRAM = "python -m internal_gan"


def header(run: Run) -> str:
    """Title, state, how far the run is, and the facts in numbers."""
    state = escape(run.state)
    parts = [
        f'<header class="{state}"><div class="top"><h1>{escape(run.title)}</h1>'
        f'<span class="badge">{state}</span></div>'
    ]
    if run.status.get("reason"):
        parts.append(f'<p class="reason">{escape(str(run.status["reason"]))}</p>')
    if run.state == "running" and run.stages:
        percent = 100 * run.seconds_spent / max(run.seconds_spent + run.seconds_left, 1e-9)
        parts.append(f'<div class="bar"><i style="width:{percent:.1f}%"></i></div>')
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in _facts(run)
    )
    return f'{"".join(parts)}<dl class="facts">{facts}</dl></header>'


def _facts(run: Run) -> list[tuple[str, str]]:
    facts = []
    if run.photo:
        name = "Trained at" if run.has_model else "Size"
        facts.append((name, f"{run.photo.height} × {run.photo.width} pixels"))
    if run.stages:
        done, count = sum(stage.done for stage in run.stages), len(run.stages)
        facts.append(("Stages", str(count) if done == count else f"{done} of {count}"))
        facts.append(("Steps", f"{sum(stage.steps for stage in run.stages):,}".replace(",", " ")))
    if run.seconds_spent:
        facts.append(("Training time", duration(run.seconds_spent)))
    if run.state == "running" and run.seconds_left:
        facts.append(("Time left", f"about {duration(run.seconds_left)}"))
    if run.memory_bytes:
        facts.append(("Memory, measured at the start", f"about {memory(run.memory_bytes)}"))
    for key, when in (("seams_before", ", before"), ("seams", "")):
        if run.status.get(key):
            name = f"Step over the border{when}, of the steps inside"
            facts.append((name, told(run.status[key])))
    if run.status.get("classical"):
        facts.append(("Classical inpainting", str(run.status["classical"])))
    if run.status.get("device"):
        facts.append(("Device", str(run.status["device"])))
    if run.status.get("started"):
        facts.append(("Started", _clock(str(run.status["started"]))))
    return facts


def curves(run: Run) -> str:
    """The losses of all stages."""
    charts = loss_curves(run.rows, [(stage.name, stage.steps) for stage in run.stages])
    if not charts:
        return ""
    cards = []
    for chart in charts:
        names = chart.names if len(chart.names) > 1 else []
        legend = "".join(
            f'<span><b class="c{number}"></b>{escape(name)}</span>'
            for number, name in enumerate(names)
        )
        cards.append(
            f'<div class="card"><div class="legend"><h3>{escape(chart.title)}</h3>{legend}</div>'
            f'<div class="scroll">{chart.svg}</div></div>'
        )
    return (
        '<section><h2>Losses</h2><p class="note">Every stage has a column. The line is the '
        "average of neighbouring steps, the shade their spread.</p>"
        f"{''.join(cards)}</section>"
    )


def times(run: Run) -> str:
    """Size, steps and time of each stage."""
    if not run.stages:
        return ""
    longest = max(stage.seconds for stage in run.stages) or 1.0
    rows = []
    for stage in run.stages:
        kind, about = ("done", "") if stage.done else ("todo", "about ")
        share = 100 * stage.seconds / longest
        rows.append(
            f'<tr class="{kind}"><td>{escape(stage.name)}</td>'
            f'<td class="num">{stage.size[0]} × {stage.size[1]}</td>'
            f'<td class="num">{stage.steps}</td>'
            f'<td class="num">{about}{duration(stage.seconds)}</td>'
            f'<td class="share"><i style="width:{share:.1f}%"></i></td></tr>'
        )
    return (
        '<section><h2>Time</h2><div class="card scroll"><table><tr><th>Stage</th>'
        '<th class="num">Size</th><th class="num">Steps</th><th class="num">Time</th>'
        f"<th></th></tr>{''.join(rows)}</table></div></section>"
    )


def commands(run: Run) -> str:
    """How to go on with the run and how to use its model."""
    found = _resume_command(run) + _model_commands(run)
    if not found:
        return ""
    lines = "".join(
        f'<h3>{escape(what)}</h3><pre class="command">{escape(command)}</pre>'
        for what, command in found
    )
    return f'<section><h2>Commands</h2><div class="card">{lines}</div></section>'


def _resume_command(run: Run) -> list[tuple[str, str]]:
    if run.task is None or run.checkpoint is not None or run.state == "finished":
        return []
    running = "If no process trains here any more, go on with"
    what = running if run.state == "running" else "Go on with the training"
    return [(what, f"{PROGRAM} resume={shlex.quote(str(run.folder))}")]


def _model_commands(run: Run) -> list[tuple[str, str]]:
    trained = (run.folder / "model.safetensors").is_file()
    model = str(run.folder) if trained else run.checkpoint
    if model is None:
        return []
    task = str(run.status.get("model_task", "sample"))
    start = f"{PROGRAM} task={task} checkpoint={shlex.quote(model)}"
    if task == "inpaint":
        return _inpaint_commands(start)
    return _retarget_commands(start) if task == "retarget" else _sample_commands(run, start)


def _retarget_commands(retarget: str) -> list[tuple[str, str]]:
    return [
        ("A size in pixels", f"{retarget} 'retarget.shape=[300,800]'"),
        ("Several at once", f"{retarget} 'retarget.scale=[[1,2],[1,0.5],[0.5,0.5]]'"),
        ("Another outline", f"{retarget} retarget.transform=bend"),
    ]


def _inpaint_commands(inpaint: str) -> list[tuple[str, str]]:
    return [
        ("Variants", f"{inpaint} inpaint.count=4"),
        ("Another hole", f"{inpaint} mask=other.png"),
        ("Edges of yours inside the hole", f"{inpaint} edges=drawn.png"),
    ]


def _sample_commands(run: Run, sample: str) -> list[tuple[str, str]]:
    found = [("More samples", f"{sample} sample.count=16 sample.seed=1")]
    if run.photo:
        size = f"[{run.photo.height},{2 * run.photo.width}]"
        found.append(("Twice as wide", f"{sample} 'sample.size={size}'"))
    if len(run.stages) > 2:
        what = "Keep the layout of the photo, vary the details"
        found.append((what, f"{sample} sample.start_scale={len(run.stages) // 3}"))
        found.append(("Some from every start scale", f"{sample} sample.start_scale=all"))
    animate = sample.replace("task=sample", "task=animate", 1)
    found.append(("The photo in motion", f"{animate} animate.loop=true"))
    return found


def config(run: Run) -> str:
    """The resolved configuration, folded."""
    if not run.config:
        return ""
    return (
        '<section><h2>Configuration</h2><div class="card"><details><summary>config.yaml</summary>'
        f"<pre>{escape(run.config)}</pre></details></div></section>"
    )


def footer(run: Run) -> str:
    """Where the run lies and when the page was written."""
    written = datetime.now().astimezone().isoformat(timespec="seconds")
    return f"{escape(str(run.folder))} · page written {_clock(written)}"


def _clock(time: str) -> str:
    """A time in ISO form as the local date and time; the text itself where it is none."""
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return time
