// SPDX-License-Identifier: BSL-1.0
// The page: one position, in events, for all its traces; playing, keys, and the address, which tells where one is.

const SPEEDS = [1, 3, 10, 30, 100, 1000];  // events a second

class App {
    constructor(data) {
        this.data = data;
        this.at = 0;
        this.chosen = 0;  // a task
        this.speed = 3;
        this.playing = false;
        this.panes = data.sides.map(side => new Pane(this, side));
        this.length = Math.max(...this.panes.map(p => p.walk.length));
        // Where two traces part is an event, and many happen at the same time.
        this.axis = this.panes.length === 1 && this.panes[0].walk.end > 0 ? "time" : "events";
        this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        this.build();
        this.paint();
        this.followAddress();
    }

    build() {
        const find = id => document.getElementById(id);
        this.controls = Object.fromEntries(["play", "speed", "scrub", "where", "axis", "theme", "difference", "task", "keys"]
            .map(id => [id, find(id)]));
        find("title").replaceChildren(nameElement(this.data.title || "A scenario without a name"));
        find("summary").textContent = this.summary();
        const panes = find("panes");
        panes.classList.toggle("two", this.panes.length > 1);
        panes.append(...this.panes.map(p => p.element));
        const {speed, scrub, axis, difference} = this.controls;
        speed.append(...SPEEDS.map(n => make("option", {value: n}, `${n} / s`)));
        speed.value = this.speed;
        scrub.max = this.length;
        axis.hidden = this.panes.every(p => p.walk.end === 0);
        difference.hidden = this.panes.every(p => p.marks.length === 0);
        difference.textContent = this.data.difference !== null ? "First difference" : "Broken rule";
        this.listen();
    }

    summary() {
        const {walk, side} = this.panes[0];
        const verdict = walk.events.findLast(e => e.ev === "exit")?.verdict ?? "never run";
        if (this.panes.length > 1)
            return this.data.difference === null ? "Two traces, which are equal."
                 : `Two traces, which differ first at event ${this.data.difference + 1}.`;
        const failures = walk.events.filter(e => e.ev === "unobserved").length;
        return [verdict + ` on ${side.name}`, walk.end > 0 ? durationText(walk.clock) + " of virtual time" : "no time passed",
                count(side.tasks.length, "task"),
                count(walk.turns.length, "turn"), walk.hasLevelL ? count(walk.rounds.length, "round") : "",
                failures > 0 ? count(failures, "unobserved failure") : ""].filter(part => part !== "").join(" · ");
    }

    listen() {
        const {scrub, speed, keys, where} = this.controls;
        for (const button of document.querySelectorAll("[data-do]"))
            button.addEventListener("click", () => this[button.dataset.do]());
        scrub.addEventListener("input", () => this.go(Number(scrub.value)));
        speed.addEventListener("change", () => { this.speed = Number(speed.value); });
        where.addEventListener("change", () => this.go(Math.round(Number(where.value)) || 0));
        addEventListener("hashchange", () => this.followAddress());
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
        const commands = {" ": "toggle", ArrowRight: "forward", ArrowLeft: "back", Home: "first", End: "last", PageDown: "nextRound",
                          PageUp: "previousRound", n: "nextOfTask", p: "previousOfTask", "+": "zoomIn", "=": "zoomIn",
                          "-": "zoomOut", 0: "fit", a: "switchAxis", d: "nextMark", t: "switchTheme", "?": "help"};
        addEventListener("keydown", e => {
            // The range has keys of its own, but they mean the same; text fields need theirs.
            const types = e.target.matches("input:not([type=range]), select");
            const presses = e.key === " " && e.target.matches("button");
            if (types || presses || e.ctrlKey || e.metaKey || e.altKey || keys.open) return;
            const turn = e.shiftKey ? {ArrowRight: "nextTurn", ArrowLeft: "previousTurn"}[e.key] : undefined;
            const command = turn ?? commands[e.key];
            if (!command) return;
            e.preventDefault();
            this[command]();
        });
    }

    // --- Going somewhere

    go(at) {
        this.at = Math.max(0, Math.min(Math.round(at), this.length));
        for (const pane of this.panes) pane.show(this.at);
        const {scrub, where} = this.controls;
        scrub.value = this.at;
        if (!this.playing) {
            scrub.setAttribute("aria-valuetext", `event ${this.at}: ${this.panes[0].said}`);
            document.getElementById("spoken").textContent = this.panes[0].said;
        }
        if (document.activeElement !== where) where.value = this.at;
        this.tellAddress();
    }
    forward() { this.go(this.at + 1); }
    back() { this.go(this.at - 1); }
    first() { this.go(0); }
    last() { this.go(this.length); }

    // The nearest place after this one, or before it, in what `listOf` gives for each pane.
    hop(listOf, nearest, choose) {
        const places = this.panes.map(p => nearest(listOf(p), this.at)).filter(place => place !== undefined);
        if (places.length > 0) this.go(choose(...places));
    }
    nextTurn() { this.hop(p => p.walk.turns, firstAfter, Math.min); }
    previousTurn() { this.hop(p => p.walk.turns, lastBefore, Math.max); }
    nextRound() { this.hop(p => p.walk.rounds, firstAfter, Math.min); }
    previousRound() { this.hop(p => p.walk.rounds, lastBefore, Math.max); }
    nextOfTask() { this.hop(p => p.walk.ofTask[this.chosen - 1] ?? [], firstAfter, Math.min); }
    previousOfTask() { this.hop(p => p.walk.ofTask[this.chosen - 1] ?? [], lastBefore, Math.max); }
    nextMark() {
        const marks = [...new Set(this.panes.flatMap(p => p.marks))].sort((a, b) => a - b);
        if (marks.length > 0) this.go(firstAfter(marks, this.at) ?? marks[0]);
    }

    choose(task) {
        this.chosen = this.chosen === task ? 0 : task;
        this.controls.task.hidden = this.chosen === 0;
        const {walk} = this.panes[0];
        document.getElementById("task-name").replaceChildren(`task ${this.chosen} `, nameElement(walk.name(this.chosen)));
        this.go(this.at);
    }

    // --- Playing

    toggle() {
        this.playing = !this.playing;
        if (this.playing && this.at === this.length) this.at = 0;
        const {play} = this.controls;
        play.textContent = this.playing ? "Pause" : "Play";
        play.classList.toggle("on", this.playing);
        if (!this.playing) return this.go(this.at);
        let owed = 0;
        let last = performance.now();
        const frame = now => {
            if (!this.playing) return;
            owed = Math.min(owed + (now - last) / 1000 * this.speed, this.speed);
            last = now;
            if (owed >= 1) this.go(this.at + Math.floor(owed));
            owed %= 1;
            if (this.at === this.length) return this.toggle();
            requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
    }

    // --- How it is seen

    zoomIn() { for (const pane of this.panes) pane.timeline.zoom(0.6); }
    zoomOut() { for (const pane of this.panes) pane.timeline.zoom(1 / 0.6); }
    fit() {
        for (const pane of this.panes) {
            pane.timeline.axis.fit();
            pane.timeline.redraw();
        }
    }
    switchAxis() {
        if (this.controls.axis.hidden) return;
        this.axis = this.axis === "time" ? "events" : "time";
        this.showAxis();
        for (const pane of this.panes) pane.timeline.redraw();
        this.tellAddress();
    }
    showAxis() { this.controls.axis.textContent = this.axis === "time" ? "Axis: time" : "Axis: events"; }
    switchTheme() {
        const root = document.documentElement;
        const dark = (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
        root.dataset.theme = dark ? "light" : "dark";
        this.paint();
    }
    // The canvas has no style sheet: it is told the colours.
    paint() {
        const style = getComputedStyle(document.documentElement);
        const names = [...ACTIVITIES, "value", "exception", "cancelled", "destroyed", "band", "line", "soft", "surface", "chosen", "bad"];
        this.colors = Object.fromEntries(names.map(name => [name, style.getPropertyValue("--" + name).trim()]));
        for (const pane of this.panes) pane.timeline.redraw();
    }
    help() { this.controls.keys.showModal(); }
    closeHelp() { this.controls.keys.close(); }

    // --- The address: #event=12&axis=events

    followAddress() {
        const wanted = new URLSearchParams(location.hash.slice(1));
        if (["time", "events"].includes(wanted.get("axis")) && !this.controls.axis.hidden) this.axis = wanted.get("axis");
        this.showAxis();
        const first = this.panes.flatMap(p => p.marks).sort((a, b) => a - b)[0] ?? 0;
        this.go(wanted.has("event") ? Number(wanted.get("event")) || 0 : first);
    }
    // Browsers limit how often it may change.
    tellAddress() {
        clearTimeout(this.telling);
        this.telling = setTimeout(() => {
            const axis = this.controls.axis.hidden ? "" : `&axis=${this.axis}`;
            history.replaceState(null, "", `#event=${this.at}${axis}`);
        }, 250);
    }
}
