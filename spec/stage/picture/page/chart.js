// SPDX-License-Identifier: BSL-1.0
// The flowchart of rules.md as a drawing, with what stands in each box now.

const BOXES = [["start", "Event loop starts"], ["pending", "Pending tasks?"], ["pick", "Pick the next ready task"],
               ["run", "Run it until it awaits"], ["save", "Save its state, return to the loop"],
               ["check", "Check which can now resume"], ["continue", "Continue"]];

// Every way from box to box; rules.md, "The flowchart", and scenario/README.md, "Boxes".
const EDGES = ["start-pending", "pending-pick", "pick-run", "run-save", "save-check", "check-continue",
               "continue-pending", "pick-check", "pending-over"];

class Chart {
    static WIDTH = 320;
    static LEFT = 44;
    static BOX = {width: 216, height: 46, gap: 18};

    constructor() {
        const {height, gap} = Chart.BOX;
        const tall = BOXES.length * (height + gap) - gap + 4;
        this.svg = makeSvg("svg", {viewBox: `0 0 ${Chart.WIDTH} ${tall}`, class: "chart", role: "img",
                                   "aria-label": "The flowchart of the event loop"});
        this.edges = new Map(EDGES.map(name => [name, this.edge(name)]));
        this.boxes = new Map(BOXES.map(([name, title], row) => [name, this.box(name, title, row)]));
        this.over = this.terminal();
    }

    static top(row) { return 2 + row * (Chart.BOX.height + Chart.BOX.gap); }

    box(name, title, row) {
        const {width, height} = Chart.BOX;
        const round = name === "start" || name === "continue" ? height / 2 : 9;
        const live = makeSvg("text", {class: "live", x: Chart.LEFT + width / 2, y: Chart.top(row) + 35});
        const group = makeSvg("g", {class: "box", "data-box": name},
            makeSvg("rect", {x: Chart.LEFT, y: Chart.top(row), width, height, rx: round}),
            makeSvg("text", {class: "title", x: Chart.LEFT + width / 2, y: Chart.top(row) + 19}), live);
        group.querySelector(".title").textContent = title;
        this.svg.append(group);
        return {group, live};
    }

    // Where `run` returns to: right of `pending`.
    terminal() {
        const middle = Chart.top(1) + Chart.BOX.height / 2;
        const text = makeSvg("text", {class: "title", x: 300, y: middle, transform: `rotate(90 300 ${middle})`});
        text.textContent = "returns";
        const group = makeSvg("g", {class: "box over"},
            makeSvg("rect", {x: 286, y: middle - 46, width: 28, height: 92, rx: 9}), text);
        this.svg.append(group);
        return {group, text};
    }

    edge(name) {
        const {width, height, gap} = Chart.BOX;
        const [left, right, centre] = [Chart.LEFT, Chart.LEFT + width, Chart.LEFT + width / 2];
        const middle = row => Chart.top(row) + height / 2;
        const row = BOXES.findIndex(([box]) => name.startsWith(box + "-"));
        const path = name === "pending-over" ? `M${right} ${middle(1)} H284`
            : name === "continue-pending" ? `M${left} ${middle(6)} H20 Q12 ${middle(6)} 12 ${middle(6) - 8} ` +
                                            `V${middle(1) + 8} Q12 ${middle(1)} 20 ${middle(1)} H${left - 2}`
            : name === "pick-check" ? `M${right} ${middle(2) + 8} H276 Q284 ${middle(2) + 8} 284 ${middle(2) + 16} ` +
                                      `V${middle(5) - 8} Q284 ${middle(5)} 276 ${middle(5)} H${right + 2}`
            : `M${centre} ${Chart.top(row) + height} v${gap - 2}`;
        const tip = name === "pending-over" ? [284, middle(1), 0] : name === "continue-pending" ? [left - 1, middle(1), 0]
                  : name === "pick-check" ? [right + 1, middle(5), 180] : [centre, Chart.top(row + 1) - 1, 90];
        const group = makeSvg("g", {class: "edge", "data-edge": name}, makeSvg("path", {d: path}),
            makeSvg("path", {class: "tip", d: "M0 0 L-7 -4 V4 Z", transform: `translate(${tip[0]} ${tip[1]}) rotate(${tip[2]})`}));
        this.svg.append(group);
        return group;
    }

    show(state, walk) {
        // A trace of level P has no boxes; but a step is in `run`.
        const box = walk.hasLevelL ? state.box : state.actor ? "run" : null;
        for (const [name, {group, live}] of this.boxes) {
            group.classList.toggle("lit", state.inRun && name === box);
            live.textContent = shortened(this.live(name, state, walk), 34);
            group.classList.toggle("bare", live.textContent === "");
        }
        for (const [name, group] of this.edges) group.classList.toggle("lit", name === state.edge);
        this.over.group.classList.toggle("lit", !state.inRun && state.verdict !== null);
        this.over.text.textContent = state.inRun || state.verdict === null ? "returns" : state.verdict;
    }

    live(name, s, walk) {
        const called = entry => entry === undefined ? "" : "post" in entry ? "a callback" : `${entry.task} ${isolated(walk.name(entry.task))}`;
        if (!walk.hasLevelL && !["start", "pending", "run"].includes(name)) return "";
        switch (name) {
            case "start": return s.runs > 1 ? `run ${s.runs}` : "";
            case "pending": return `${count(s.live.length, "task")}${s.stop ? ", stop requested" : ""}`;
            case "pick": return s.left > 0 ? "next: " + called(s.queue[0]) : "nothing left of the round";
            case "run": return s.actor ? ("post" in s.actor ? "a callback" : called(s.actor)) : "–";
            case "save": return `${count(s.live.length - (s.actor?.task ? 1 : 0), "task")} kept`;
            case "check": return `${count(s.timers.length, "timer")} · ${s.operations.length} I/O · ${count(s.inbox.length, "post")}`;
            default: return s.round > 0 ? `round ${s.round}` : "";
        }
    }
}

// A name in a text, whose direction must not leak.
const isolated = name => name === "" ? "" : `\u2068${shortened(name, 24)}\u2069`;
const shortened = (text, most) => [...text].length > most ? [...text].slice(0, most - 1).join("") + "…" : text;
