// SPDX-License-Identifier: BSL-1.0
// What the loop holds now: its ready queue, timers, operations, posts, and who is pending.

const MOST_CHIPS = 60;
const LIST_ROW = 26;

class Panels {
    constructor(pane) {
        this.pane = pane;
        this.walk = pane.walk;
        this.queue = make("div.queue");
        this.timers = new LongList("Timers", LIST_ROW, 5, n => this.timerRow(this.state.timers[n]));
        this.operations = new LongList("Operations in flight", LIST_ROW, 4, n => this.operationRow(this.state.operations[n]));
        this.posts = make("p.plain");
        this.pending = new LongList("Pending tasks", LIST_ROW, 8, n => this.pendingRow(this.state.live[n]));
        this.loop = make("p.plain");
        this.cards = new Map();
        this.element = make("div.panels",
            this.card("queue", "Ready queue", this.queue),
            this.card("timers", "Timers", this.timers.element, "No timer is started."),
            this.card("operations", "I/O in flight", this.operations.element, "No operation is in flight."),
            this.card("posts", "Posts in the inbox", this.posts, "The inbox is empty."),
            this.card("pending", "Pending tasks", this.pending.element, "No task is pending."),
            this.card("loop", "The loop", this.loop));
    }

    card(name, title, content, none) {
        const badge = make("span.badge");
        const empty = none ? make("p.none", none) : null;
        this.cards.set(name, {badge, empty, content});
        return make(`section.card.${name}`, make("h3", title, badge), empty, content);
    }
    fill(name, n) {
        const {badge, empty, content} = this.cards.get(name);
        badge.textContent = n;
        badge.hidden = n === 0;
        if (empty) empty.hidden = n > 0;
        content.hidden = empty !== null && n === 0;
    }

    show(state) {
        this.state = state;
        this.showQueue(state);
        for (const [name, list, n] of [["timers", this.timers, state.timers.length], ["pending", this.pending, state.live.length],
                                       ["operations", this.operations, state.operations.length]]) {
            this.fill(name, n);
            list.show(n);
        }
        this.fill("posts", state.inbox.length);
        this.posts.textContent = state.inbox.slice(0, 20).map(p => `post ${p.n}` + (p.callback ? "" : " (a wake)") +
            (p.by === 0 ? " of the world" : ` of task ${p.by}`)).join(", ") + (state.inbox.length > 20 ? ", …" : "");
        this.showLoop(state);
    }

    showQueue(state) {
        const {badge} = this.cards.get("queue");
        badge.textContent = state.queue.length;
        badge.hidden = state.queue.length === 0;
        const parts = [];
        if (!this.walk.hasLevelL) {
            parts.push(make("p.none", "This trace has only level P: what was ready is not in it."));
        } else {
            parts.push(make("h4", "this round"), this.chips(state.queue, 0, Math.min(state.left, state.queue.length), "nothing left of it"),
                       make("h4", "next round"), this.chips(state.queue, state.left, state.queue.length, "nothing yet"));
        }
        this.queue.replaceChildren(...parts);
    }
    chips(queue, from, to, none) {
        if (from >= to) return make("p.none", none);
        const chips = queue.slice(from, Math.min(to, from + MOST_CHIPS)).map(entry => this.chip(entry));
        if (to - from > MOST_CHIPS) chips.push(make("span.more", `and ${to - from - MOST_CHIPS} more`));
        return make("div.chips", ...chips);
    }
    chip(entry) {
        return "post" in entry ? make("span.chip.callback", `callback${entry.post ? " " + entry.post : ""}`)
                               : this.pane.taskElement(entry.task, "chip");
    }

    // May be cut short.
    said(words) { return make("span.soft", {title: words}, words); }

    timerRow(timer) {
        const key = timer.key;
        const away = key === null ? "" : key <= this.state.clock ? "due" : "in " + roughly(key - this.state.clock);
        return make("div.row", make("b.when", key === null ? "not told" : durationText(key)), this.pane.taskElement(timer.task),
                    this.said(`${timer.what === "timeout" ? "timeout" : "sleep"}${away ? ", " + away : ""}`));
    }
    operationRow(operation) {
        const [channel, bytes] = operation.arg.split(",");
        return make("div.row", make("b.when", operation.what), this.pane.taskElement(operation.task),
                    this.said(`channel ${channel}${bytes ? `, ${bytes} bytes` : ""}, number ${operation.n}`));
    }
    pendingRow(id) {
        const task = this.state.task(id);
        return make("div.row", make(`i.sign.${activityOf(task)}`), this.pane.taskElement(id),
                    this.said(statusWords(task, this.state)));
    }

    showLoop(state) {
        const facts = [state.runs === 0 ? "not run yet" : `run ${state.runs}`, `clock ${durationText(state.clock)}`];
        if (this.walk.hasLevelL) facts.splice(1, 0, `round ${state.round}`);
        if (state.inRun === false && state.verdict) facts.push(state.verdict);
        if (state.stop) facts.push("a stop is requested");
        if (state.keepAlives > 0) facts.push(count(state.keepAlives, "keep-alive"));
        if (state.remotes > 0) facts.push(count(state.remotes, "remote") + " held");
        if (state.closing) facts.push("being destroyed");
        this.loop.textContent = facts.join(" · ");
    }
}
