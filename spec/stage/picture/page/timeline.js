// SPDX-License-Identifier: BSL-1.0
// A row for each task: what it did, over virtual time or over events. What each task did comes from the program that
// made the page (trace/history.hpp); the signs are those of `galley run --timeline`.

const ROW = 24;
const RULER = 26;
const MOST_ROWS = 14;  // in sight; further ones are scrolled to

// The order of a tree: each task below the one that spawned it, in the order of their ids.
function treeOf(tasks) {
    const children = new Map();
    tasks.forEach((t, i) => {
        const by = t.by <= i ? t.by : 0;
        if (!children.has(by)) children.set(by, []);
        children.get(by).push(i + 1);
    });
    const rows = [];
    const open = (children.get(0) ?? []).map(id => ({id, depth: 0})).reverse();
    while (open.length > 0) {
        const row = open.pop();
        rows.push(row);
        for (const id of (children.get(row.id) ?? []).toReversed()) open.push({id, depth: row.depth + 1});
    }
    return rows;
}

class Timeline {
    constructor(pane) {
        this.pane = pane;
        this.walk = pane.walk;
        this.rows = treeOf(this.walk.side.tasks);
        this.rowOf = new Map(this.rows.map((row, place) => [row.id, place]));
        this.axes = {events: new Axis(this.walk.length, 12), time: new Axis(this.walk.end, 1)};
        this.axes.time.least = Math.max(1, this.walk.end / 1e5);
        this.width = 0;  // of the plot
        this.top = 0;    // where it is scrolled to
        this.canvas = make("canvas", {"aria-hidden": "true"});
        this.labels = make("div.labels");
        this.future = make("div.future");
        this.head = make("div.playhead");
        this.spacer = make("div.spacer");
        this.plot = make("div.plot", this.canvas, this.future, this.head);
        this.view = make("div.view", this.labels, this.plot);
        this.scroll = make("div.rows", {tabindex: "0", role: "group", "aria-label": "Timeline of the tasks"}, this.view, this.spacer);
        this.legend = make("p.legend");
        this.element = make("div.timeline", this.scroll, this.legend);
        this.height = RULER + Math.max(2, Math.min(this.rows.length, MOST_ROWS)) * ROW + 6;
        this.scroll.style.height = this.height + "px";
        this.view.style.height = this.height + "px";
        this.spacer.style.height = Math.max(0, this.rows.length - MOST_ROWS) * ROW + "px";
        this.listen();
        this.drawLegend();
    }

    get inTime() { return this.pane.app.axis === "time"; }
    get axis() { return this.inTime ? this.axes.time : this.axes.events; }
    // Where on the axis it stands when so many events have happened.
    place(at) { return this.inTime ? this.walk.times[Math.min(at, this.walk.length)] : at; }
    x(at) { return this.axis.place(this.place(at), this.width); }
    // After how many events it stands there.
    eventsAt(x) {
        const at = this.axis.at(x, this.width);
        if (!this.inTime) return Math.round(at);
        return countUpTo(this.walk.times, at) - 1;
    }

    listen() {
        this.scroll.addEventListener("scroll", () => {
            if (this.scroll.scrollTop === this.top) return;
            this.top = this.scroll.scrollTop;
            this.draw();
        });
        this.scroll.addEventListener("wheel", e => {
            if (!e.ctrlKey && !e.metaKey && !e.shiftKey) return;
            e.preventDefault();
            const turned = e.deltaY || e.deltaX;
            if (e.shiftKey) this.axis.pan(this.axis.seen * turned / 1500);
            else this.axis.zoom(Math.exp(turned / 400), this.axis.at(e.clientX - this.plot.getBoundingClientRect().left, this.width));
            this.redraw();
        }, {passive: false});
        this.plot.addEventListener("pointerdown", e => this.grab(e));
        new ResizeObserver(() => {
            this.width = this.plot.clientWidth;
            this.redraw();
        }).observe(this.plot);
    }

    // The ruler is for scrubbing. Rows are dragged along, if there is more than is seen; a mere click goes there.
    grab(down) {
        if (down.button !== 0) return;
        const box = this.plot.getBoundingClientRect();
        const scrubs = down.clientY - box.top < RULER || this.axis.whole;
        const go = e => this.pane.app.go(this.eventsAt(Math.max(0, Math.min(e.clientX - box.left, this.width))));
        let [last, moved] = [down.clientX, false];
        const move = e => {
            if (scrubs) return go(e);
            moved ||= Math.abs(e.clientX - down.clientX) > 4;
            this.axis.pan((last - e.clientX) / this.width * this.axis.seen);
            last = e.clientX;
            this.redraw();
        };
        const stop = e => {
            this.plot.removeEventListener("pointermove", move);
            if (!scrubs && !moved && e.type === "pointerup") go(e);
        };
        if (scrubs) go(down);
        this.plot.setPointerCapture(down.pointerId);
        this.plot.addEventListener("pointermove", move);
        this.plot.addEventListener("pointerup", stop, {once: true});
        this.plot.addEventListener("pointercancel", stop, {once: true});
    }

    zoom(factor) {
        const head = this.place(this.pane.at);
        const seen = head >= this.axis.from && head <= this.axis.to;
        this.axis.zoom(factor, seen ? head : (this.axis.from + this.axis.to) / 2);
        this.redraw();
    }

    redraw() {
        this.draw();
        this.showHead();
    }

    // Only the head moves from event to event; the rows are drawn anew only if another part of them is seen.
    show(state) {
        const before = this.axis.from;
        this.axis.reveal(this.place(this.pane.at));
        const event = this.walk.events[state.at - 1];
        const scrolled = event?.task > 0 && this.revealRow(event.task);
        if (scrolled || before !== this.axis.from || this.marked !== this.pane.app.chosen) this.draw();
        this.showHead();
    }
    showHead() {
        const x = Math.round(this.x(this.pane.at));
        const seen = x >= -1 && x <= this.width + 1;
        this.head.style.transform = `translateX(${Math.max(1, Math.min(x, this.width - 1))}px)`;
        this.future.style.left = Math.max(0, x) + "px";
        this.head.hidden = !seen;
    }
    revealRow(task) {
        const top = (this.rowOf.get(task) ?? 0) * ROW;
        const before = this.top;
        if (top < before) this.top = top;
        if (top + ROW > before + MOST_ROWS * ROW) this.top = top - (MOST_ROWS - 1) * ROW;
        if (this.top !== before) this.scroll.scrollTop = this.top;
        return this.top !== before;
    }

    draw() {
        if (this.width === 0) return;
        const pixels = window.devicePixelRatio || 1;
        this.canvas.width = this.width * pixels;
        this.canvas.height = this.height * pixels;
        const c = this.canvas.getContext("2d");
        c.scale(pixels, pixels);
        this.colors = this.pane.app.colors;
        this.marked = this.pane.app.chosen;
        this.first = Math.floor(this.top / ROW);
        this.drawRounds(c);
        this.drawRuler(c);
        const shown = this.rows.slice(this.first, this.first + MOST_ROWS + 1);
        this.labels.replaceChildren(...shown.map((row, n) => this.label(row, n)));
        shown.forEach((row, n) => this.drawRow(c, row, RULER + n * ROW + ROW / 2));
        this.drawMarks(c);
    }

    label({id, depth}, n) {
        const name = this.walk.name(id);
        const button = make("button.label", {type: "button", title: `task ${id} ${name}`, "data-task": id},
                            make("span.number", String(id)), nameElement(name));
        button.style.top = RULER + n * ROW + "px";
        button.style.paddingInlineStart = 16 + Math.min(depth, 6) * 12 + "px";
        button.classList.toggle("chosen", id === this.marked);
        return button;
    }

    drawRounds(c) {
        const {rounds} = this.walk;
        if (this.inTime || rounds.length === 0 || this.axis.seen / this.width * 8 > this.walk.length / rounds.length) return;
        c.fillStyle = this.colors.band;
        rounds.forEach((from, n) => {
            if (n % 2 === 1) return;
            const x = this.x(from);
            c.fillRect(x, RULER, this.x(rounds[n + 1] ?? this.walk.length) - x, this.height);
        });
    }

    drawRuler(c) {
        c.font = "11px system-ui, sans-serif";
        c.textBaseline = "middle";
        for (const at of this.axis.ticks(this.width, this.inTime)) {
            const x = Math.round(this.axis.place(at, this.width)) + 0.5;
            const text = this.inTime ? durationText(BigInt(Math.round(at))) : String(at);
            c.strokeStyle = this.colors.line;
            c.beginPath();
            c.moveTo(x, RULER - 6);
            c.lineTo(x, this.height);
            c.stroke();
            c.fillStyle = this.colors.soft;
            const half = c.measureText(text).width / 2;
            c.fillText(text, Math.max(2, Math.min(x - half, this.width - 2 * half - 2)), RULER / 2 - 1);
        }
    }

    drawRow(c, {id}, y) {
        const {spans, end, ended_at} = this.walk.side.tasks[id - 1];
        if (id === this.marked) {
            c.fillStyle = this.colors.chosen;
            c.fillRect(0, y - ROW / 2, this.width, ROW);
        }
        let drawn = -1;  // many spans may lie on one pixel
        for (let n = this.firstSpan(spans); n < spans.length; n += 3) {
            const what = ACTIVITIES[spans[n]];
            const from = this.x(spans[n + 1] + 1);
            const to = this.x(spans[n + 2] + 1);
            if (from > this.width) break;
            if (what === "running" ? from + 2 < drawn : to - from < 0.5 || to < drawn) continue;
            this.drawSpan(c, what, from, to, y);
            drawn = Math.max(drawn, what === "running" ? Math.max(to, from + 2) : to);
        }
        if (end !== "") this.drawEnding(c, end, this.x(ended_at + 1), y);
    }
    // The first one that reaches into what is seen.
    firstSpan(spans) {
        let low = 0;
        for (let high = spans.length / 3; low < high;) {
            const middle = (low + high) >> 1;
            if (this.x(spans[3 * middle + 2] + 1) >= 0) high = middle;
            else low = middle + 1;
        }
        return 3 * low;
    }

    drawSpan(c, what, from, to, y) {
        const [left, right] = [Math.max(from, -20), Math.min(to, this.width + 20)];
        c.fillStyle = c.strokeStyle = this.colors[what];
        if (what === "running") {
            c.beginPath();
            c.roundRect(left, y - 7, Math.max(right - left, 2.5), 14, Math.min(3, Math.max(right - left, 2) / 2));
            c.fill();
            return;
        }
        c.lineWidth = what === "sleeping" ? 3 : what === "io" ? 1.5 : 2;
        c.setLineDash(what === "waiting" ? [5, 4] : what === "queued" ? [1.5, 4] : []);
        c.lineDashOffset = left - from;
        c.beginPath();
        for (const dy of what === "io" ? [-2, 2] : [0]) {
            c.moveTo(left, y + dy);
            c.lineTo(right, y + dy);
        }
        c.stroke();
        c.setLineDash([]);
        c.lineWidth = 1;
    }

    drawEnding(c, end, x, y) {
        if (x < -8 || x > this.width + 8) return;
        x = Math.max(6, Math.min(x, this.width - 6));
        c.fillStyle = c.strokeStyle = this.colors[end];
        c.beginPath();
        c.lineWidth = 2.5;
        if (end === "value" || end === "cancelled") {
            c.arc(x, y, 4.5, 0, 7);
            if (end === "cancelled") c.fillStyle = this.colors.surface;
            c.fill();
            if (end === "cancelled") c.stroke();
        } else {
            for (const [dx, dy] of [[4, 4], [4, -4]]) {
                c.moveTo(x - dx, y - dy);
                c.lineTo(x + dx, y + dy);
            }
            c.stroke();
            if (end === "destroyed") c.strokeRect(x - 5.5, y - 5.5, 11, 11);
        }
        c.lineWidth = 1;
    }

    // What the rule checker found, and where two traces part.
    drawMarks(c) {
        for (const after of this.pane.marks) {
            const x = Math.round(this.x(after)) + 0.5;
            c.fillStyle = c.strokeStyle = this.colors.bad;
            c.setLineDash([3, 3]);
            c.beginPath();
            c.moveTo(x, RULER - 4);
            c.lineTo(x, this.height);
            c.stroke();
            c.setLineDash([]);
            c.beginPath();
            c.moveTo(x - 5, RULER - 12);
            c.lineTo(x + 5, RULER - 12);
            c.lineTo(x, RULER - 4);
            c.fill();
        }
    }

    // Only what is in it.
    drawLegend() {
        const used = new Set();
        for (const task of this.walk.side.tasks) {
            for (let n = 0; n < task.spans.length; n += 3) used.add(ACTIVITIES[task.spans[n]]);
            used.add(task.end);
        }
        const meanings = {running: "runs", sleeping: "sleeps", io: "I/O", waiting: "waits for others", queued: "ready, not yet run",
                          value: "ended with a value", exception: "failed", cancelled: "cancelled",
                          destroyed: "destroyed by the loop’s end"};
        for (const [what, meaning] of Object.entries(meanings))
            if (used.has(what)) this.legend.append(make("span", make(`i.sign.${what}`), meaning));
        if (this.rows.length === 0) this.legend.append("No task was ever started.");
    }
}
