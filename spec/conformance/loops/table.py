# SPDX-License-Identifier: BSL-1.0
"""The table of real loops, in Markdown and as a page, from the figures and from what is known of each loop (matrix says of which)."""
import html
import re
import tomllib

RELAXES = {"timer_ties": ["TIME-4"], "ready_order": ["READY-1"], "rounds": ["READY-2"]}  # ../FEATURES.md; of others only a part
PROMISES = {"broken": ("breaks its own promise", "x"), "otherwise": ("its documentation says that it does otherwise", "o"),
            "silent": ("its documentation promises neither", "?"), "open": ("the rule leaves it open; the vector is stricter", "=")}
FAMILIES = ["LIFE", "READY", "WAIT", "TIME", "IO", "POST", "TASK", "CANCEL", "SYNC", "THREAD"]


def differences(loops, name):
    """Those of a loop's own, then those of the loop that it is like."""
    known = tomllib.loads((loops / name / "loop.toml").read_text())
    own = [{**one, "of": name} for one in known.get("difference", [])]
    return own + (differences(loops, known["like"]) if "like" in known else [])


def rules(loops):
    """Number and text of each rule, if ../../rules.md is there: the kit may have been taken alone."""
    path = loops.parent.parent / "rules.md"
    if not path.is_file():
        return {}
    found = re.findall(r"^\*\*([A-Z]+-\d+)\.\*\*\s+(.*?)(?=^- \*Reason)", path.read_text(), re.M | re.S)
    return {rule: " ".join(text.split()) for rule, text in found}


def sorted_rules(measured, loops):
    found = set(rules(loops)) | {rule for figure in measured.values() for rule in figure["by_rule"]}
    return sorted(found, key=lambda rule: (FAMILIES.index(rule.split("-")[0]), int(rule.split("-")[1])))


class View:
    """What both forms of the table show."""

    def __init__(self, loops, measured, order):
        self.loops, self.measured = loops, measured
        self.names = [name for name in order if name in measured]
        self.unmeasured = [name for name in order if name not in measured]
        self.rules = sorted_rules(measured, loops)
        self.differs = {name: [d for d in differences(loops, name) if d["name"] in measured[name]["differences"]] for name in self.names}

    def label(self, name):
        port = self.measured[name]["port"]
        return port["name"], port["version"]

    def found(self, name, difference):
        return self.measured[name]["differences"][difference["name"]]

    def count(self, name, promise):
        return sum(self.found(name, d)["count"] for d in self.differs[name] if d["promise"] == promise)

    def cell(self, name, rule):
        """Kept vectors, whether the rule is relaxed, and the differences that are the rule's."""
        figure = self.measured[name]
        relaxed = any(rule in RELAXES[one] for one in figure["port"]["relaxations"])
        return figure["by_rule"].get(rule, 0), relaxed, [d for d in self.differs[name] if d["rule"] == rule]


def anchor(name, difference):
    return re.sub(r"[^a-z0-9]+", "-", f"{name} {difference['name']}".lower()).strip("-")


def markdown(loops, measured, order):
    view = View(loops, measured, order)
    digests = sorted({measured[name]["vectors"] for name in view.names})
    out = ["# Real event loops before the vectors", "",
           "Written by `spec/conformance/loops/matrix` ([how](loops/README.md)), under virtual time; digest of the vectors: " +
           ", ".join(digests) + ".", "", (loops / "findings.md").read_text().strip(), "", "## How many", "",
           "Of the vectors that a loop has the means for. What is not kept is divided by what the loop's own documentation says:", ""]
    out += [f"- `{sign}` {text}" for text, sign in PROMISES.values()]
    out += ["", "| loop | version | asked | kept | " + " | ".join(f"`{sign}`" for _, sign in PROMISES.values()) + " | skipped | relaxed |",
            "|---|---|---|---|" + "---|" * len(PROMISES) + "---|---|"]
    for name in view.names:
        figure = measured[name]
        counts = " | ".join(str(view.count(name, promise)) for promise in PROMISES)
        out.append(f"| {figure['port']['name']} | {figure['port']['version']} | {figure['kept'] + figure['failed']} | {figure['kept']} | "
                   f"{counts} | {sum(figure['skipped'].values())} | {', '.join(figure['port']['relaxations']) or 'none'} |")
    if view.unmeasured:
        out += ["", "Not measured, as not installed: " + ", ".join(view.unmeasured) + "."]
    out += ["", "## Rule by rule", "",
            "The number of vectors that put the rule to the test (they may test others as well) and are kept; then the sign of each difference",
            "that is this rule's, with a link to the smallest program that shows it. `~` is relaxed by the loop, `-` was asked by no vector.", "",
            "| rule | " + " | ".join(view.label(name)[0] for name in view.names) + " |", "|---|" + "---|" * len(view.names)]
    for rule in view.rules:
        cells = []
        for name in view.names:
            kept, relaxed, found = view.cell(name, rule)
            signs = " ".join(f"[{PROMISES[d['promise']][1]}](#{anchor(name, d)})" for d in found)
            cells.append(" ".join(part for part in (str(kept) if kept else "" if found else "-", "~" if relaxed else "", signs) if part))
        out.append(f"| {rule} | " + " | ".join(cells) + " |")
    for name in view.names:
        out += ["", f"## {' '.join(view.label(name))}", ""]
        for difference in view.differs[name]:
            out += described(view, name, difference)
        out += skips(measured[name])
    return "\n".join(out) + "\n"


def described(view, name, difference):
    found = view.found(name, difference)
    smallest, words = found["smallest"], PROMISES[difference["promise"]][0]
    counted = f"{found['count']} {'vector' if found['count'] == 1 else 'vectors'}"
    out = [f'### <a id="{anchor(name, difference)}"></a>{difference["rule"]}: {difference["name"]}', ""]
    if difference["of"] != name:
        other = f"[{view.label(difference['of'])[0]}](#{anchor(difference['of'], difference)})"
        return out + [f"As {other}: {counted}, the smallest `{smallest['id']}`.", ""]
    out += [f"{difference['says'].strip()} *{words.capitalize()} ({counted}).*", ""]
    if "docs" in difference:
        out += [f"> {' '.join(difference['docs'].split())}", f"> ([source]({difference['where']}))", ""]
    out += [f"The smallest, `{smallest['id']}`:", "", "```", *smallest["program"].rstrip().split("\n")]
    if smallest["first"]:
        out += [f"line {smallest['first']['line']} of the trace: expected {smallest['first']['expected']}",
                f"{' ' * len('line ' + str(smallest['first']['line']) + ' of the trace:')} found    {smallest['first']['actual']}"]
    out += ["```", ""]
    if "program" in difference:
        out += ["As a program of its own:", "", f"```{difference.get('language', '')}", difference["program"].strip(), "```", ""]
    return out


def skips(figure):
    lines = sorted(figure["skipped"].items(), key=lambda item: (-item[1], item[0]))
    few = [f"{why} ({count})" for why, count in lines if not why.startswith("the port has no")]
    without = sum(count for why, count in lines if why.startswith("the port has no"))
    return [f"Skipped: {without} for features that it has not named" + ("; " if few else "") + "; ".join(few) + ".", ""]


STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:80em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse}td,th{padding:.15em .6em;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}
td:first-child,th:first-child{text-align:left}thead th{position:sticky;top:0;background:#fff}
.kept{background:#e6f3e6}.x{background:#f6c9c9}.o{background:#fbe6c4}.q{background:#eee3f5}.e{background:#dfeaf7}.none{color:#bbb}
pre{background:#f4f4f2;padding:.8em;overflow:auto}blockquote{border-left:3px solid #bbb;margin-left:0;padding-left:1em;color:#444}
section{margin-left:1em}details{margin:.6em 0}summary{cursor:pointer}"""
CLASSES = {"broken": "x", "otherwise": "o", "silent": "q", "open": "e"}


def page(loops, measured, order):
    view, e = View(loops, measured, order), html.escape
    out = ["<!doctype html>", '<html lang="en"><meta charset="utf-8"><title>Real event loops before the vectors</title>',
           f"<style>{STYLE}</style><h1>Real event loops before the vectors</h1>", prose(loops / "findings.md"), "<p>"]
    out += [f'<span class="{CLASSES[promise]}">&nbsp;{sign}&nbsp;</span> {text} &nbsp; ' for promise, (text, sign) in PROMISES.items()]
    out += ["~ relaxed &nbsp; - asked by no vector</p>", "<table><thead><tr><th>rule"]
    out += [f'<th title="{e(view.label(name)[1])}"><a href="#{name}">{e(view.label(name)[0])}</a>' for name in view.names]
    out += ["</thead><tr><th>kept of asked"]
    out += [f"<td><b>{measured[n]['kept']}</b> of {measured[n]['kept'] + measured[n]['failed']}" for n in view.names]
    text = rules(loops)
    for rule in view.rules:
        out.append(f'<tr><th title="{e(text.get(rule, ""))}">{rule}')
        for name in view.names:
            kept, relaxed, found = view.cell(name, rule)
            worst = next((CLASSES[p] for p in PROMISES if any(d["promise"] == p for d in found)), "kept" if kept else "none")
            links = "".join(f' <a href="#{anchor(name, d)}" title="{e(d["name"])}">{PROMISES[d["promise"]][1]}</a>' for d in found)
            out.append(f'<td class="{worst}">{kept or ("" if found else "-")}{" ~" if relaxed else ""}{links}')
    out.append("</table>")
    for name in view.names:
        out.append(f'<h2 id="{name}">{e(" ".join(view.label(name)))}</h2><section>')
        for difference in view.differs[name]:
            out.append(described_in_html(view, name, difference))
        out.append(f"<p>{e(skips(measured[name])[0])}</p></section>")
    return "\n".join(out) + "\n"


def described_in_html(view, name, difference):
    e, found = html.escape, view.found(name, difference)
    smallest, words = found["smallest"], PROMISES[difference["promise"]][0]
    heading = (f'<b>{difference["rule"]}</b>: {e(difference["name"])} '
               f'<span class="{CLASSES[difference["promise"]]}">{e(words)}</span>, {found["count"]}')
    if difference["of"] != name:
        other = view.label(difference["of"])[0]
        return (f'<p id="{anchor(name, difference)}">{heading}: as <a href="#{anchor(difference["of"], difference)}">{e(other)}</a>, '
                f'the smallest {e(smallest["id"])}</p>')
    out = [f'<details id="{anchor(name, difference)}" open><summary>{heading}</summary>', f"<p>{inline(difference['says'].strip())}</p>"]
    if "docs" in difference:
        out.append(f'<blockquote>{e(" ".join(difference["docs"].split()))} (<a href="{e(difference["where"])}">source</a>)</blockquote>')
    first = smallest["first"] and f"\nline {smallest['first']['line']}: expected {smallest['first']['expected']}\n" \
                                  f"{' ' * len(str(smallest['first']['line']))}       found    {smallest['first']['actual']}"
    out.append(f"<pre>{e(smallest['id'])}\n{e(smallest['program'].rstrip())}{e(first or '')}</pre>")
    if "program" in difference:
        out.append(f"<p>As a program of its own:</p><pre>{e(difference['program'].strip())}</pre>")
    return "".join(out) + "</details>"


def inline(text):
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text, quote=False))


def prose(path):
    """The findings: paragraphs and a numbered list, of which nothing but that is understood."""
    text = inline(path.read_text())
    items = re.split(r"^\d+\. ", text, flags=re.M)
    listed = "".join(f"<li>{item.strip()}" for item in items[1:])
    return f"<p>{items[0].strip()}</p><ol>{listed}</ol>"
