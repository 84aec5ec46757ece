// SPDX-License-Identifier: BSL-1.0
// The program, with where its tasks stand.

class ProgramText {
    constructor(pane) {
        this.pane = pane;
        this.walk = pane.walk;
        this.lines = new Map();  // "routine:statement" -> {line, badge}
        this.marked = [];
        const {program} = this.walk;
        this.element = make("div.program", {tabindex: "0", role: "group", "aria-label": "The program"});
        if (!program) {
            this.element.append(make("p.none", "There is no program beside this trace; `galley picture --scenario FILE` brings it."));
            return;
        }
        program.routines.forEach((routine, r) => {
            this.element.append(make("h4", `routine ${r} `, nameElement(routine.name)));
            routine.body.forEach((statement, s) => this.element.append(this.line(`${r}:${s}`, statement.text)));
            if (routine.body.length === 0) this.element.append(make("p.none", "does nothing"));
        });
        if (program.world.length > 0) this.element.append(make("h4", "world"));
        this.world = program.world.map(entry => make("div.line", make("bdi.code", `at ${durationText(BigInt(entry.at))}: ${entry.text}`)));
        this.element.append(...this.world);
    }

    line(place, text) {
        const badge = make("span.badge");
        const line = make("div.line", make("bdi.code", text), badge);
        badge.hidden = true;
        this.lines.set(place, {line, badge});
        return line;
    }

    show(state) {
        if (!this.walk.program) return;
        for (const {line, badge} of this.marked) {
            line.classList.remove("stands", "current");
            badge.hidden = true;
        }
        this.marked = [];
        for (const [place, n] of state.places) {
            const found = this.lines.get(place);
            if (!found) continue;
            this.marked.push(found);
            found.line.classList.add("stands");
            found.badge.textContent = count(n, "task");
            found.badge.hidden = false;
        }
        const current = this.lines.get(placeOf(state.task(state.actor?.task ?? 0).frames));
        current?.line.classList.add("current");
        this.showWorld(state);
        this.reveal(current?.line ?? this.acted);
    }

    showWorld(state) {
        const event = this.walk.events[state.at - 1];
        this.acted?.classList.remove("current");
        this.acted = event?.ev === "world" ? this.world[event.entry] : undefined;
        this.acted?.classList.add("current");
    }

    reveal(line) {
        if (!line || line === this.revealed) return;
        this.revealed = line;
        const box = this.element;
        const top = line.offsetTop;
        if (top < box.scrollTop || top + line.offsetHeight > box.scrollTop + box.clientHeight)
            box.scrollTop = top - box.clientHeight / 2;
    }
}
