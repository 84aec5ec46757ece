// SPDX-License-Identifier: BSL-1.0
// One trace: what happens now, the flowchart, the timeline, what the loop holds, the program, the events.

const EVENT_ROW = 22;

class Pane {
    constructor(app, side) {
        this.app = app;
        this.side = side;
        this.walk = new Walk(side, app.data.program);
        this.marks = [...side.broken.map(b => b.event + 1), ...(app.data.difference === null ? [] : [app.data.difference + 1])]
            .map(after => Math.min(after, this.walk.length));
        this.at = 0;
        this.found = null;  // indexes of the events that the filter lets through; null: all
        this.chart = new Chart();
        this.timeline = new Timeline(this);
        this.panels = new Panels(this);
        this.program = new ProgramText(this);
        this.events = new LongList("Events", EVENT_ROW, 0, n => this.eventRow(this.found === null ? n : this.found[n]));
        this.build();
    }

    build() {
        this.number = make("p.number");
        this.sentence = make("p.sentence");
        this.notes = make("div.notes");
        this.rules = make("div.rules");
        this.filter = make("input", {type: "search", placeholder: "filter, such as \"task\":3", "aria-label": "Filter the events"});
        this.filter.addEventListener("input", () => this.sift());
        this.matches = make("span.soft");
        const twice = this.app.data.sides.length > 1;
        this.element = make("section.pane", {"aria-label": `Trace of ${this.side.name}`},
            twice ? make("h2", nameElement(this.side.name)) : null,
            make("div.parts",
                make("section.card.say", this.number, this.sentence, this.notes, this.rules),
                make("section.card.flow", this.chart.svg),
                make("section.card.time", make("h3", "Timeline"), this.timeline.element),
                this.panels.element,
                make("section.card.text", make("h3", "Program"), this.program.element),
                make("section.card.trace", make("h3", "Events", this.matches, this.filter), this.events.element)));
        this.element.addEventListener("click", e => {
            const task = e.target.closest("[data-task]");
            if (task) this.app.choose(Number(task.dataset.task), this);
            const event = e.target.closest("[data-event]");
            if (event) this.app.go(Number(event.dataset.event));
        });
    }

    // A task as a button that chooses it.
    taskElement(id, kind = "task") {
        const name = this.walk.name(id);
        const button = make(`button.${kind}`, {type: "button", "data-task": id, title: `task ${id} ${name}`},
                            make("span.number", name === "" ? `task ${id}` : String(id)), nameElement(name));
        button.classList.toggle("chosen", id === this.app.chosen);
        return button;
    }

    show(at) {
        this.at = Math.min(at, this.walk.length);
        const state = this.walk.seek(this.at);
        this.showSentence(state, at);
        this.chart.show(state, this.walk);
        this.timeline.show(state);
        this.panels.show(state);
        this.program.show(state);
        this.events.show(this.found === null ? this.walk.length : this.found.length);
        const row = this.found === null ? this.at - 1 : countUpTo(this.found, this.at - 1) - 1;
        this.events.reveal(Math.max(0, row));
    }

    showSentence(state, at) {
        const {pieces, rules} = sentenceOf(state, this.walk);
        this.said = plainText(pieces, this.walk);
        this.number.textContent = this.walk.length === 0 ? "This trace has no events." :
            `event ${this.at} of ${this.walk.length} · at ${durationText(state.clock)}` + (at > this.at ? " · its trace ends here" : "");
        this.sentence.replaceChildren(...pieces.map(p => typeof p === "string" ? p : this.taskElement(p.task)));
        this.notes.replaceChildren(...this.notesOf(this.at).map(note => make("p.bad", note)));
        this.rules.replaceChildren(...rules.map(id => make("p.rule", {title: this.app.data.rules[id] ?? ""}, make("b", id), " ",
                                                           firstSentence(this.app.data.rules[id] ?? ""))));
    }
    notesOf(at) {
        const notes = this.side.broken.filter(b => Math.min(b.event + 1, this.walk.length) === at)
            .map(b => `Breaks ${b.rule}: ${b.what}.`);
        const {difference} = this.app.data;
        if (difference !== null && at === difference + 1) notes.push("The traces differ here for the first time.");
        else if (difference !== null && at > difference) notes.push(`The traces parted at event ${difference + 1}.`);
        return notes;
    }

    sift() {
        const wanted = this.filter.value.trim().toLowerCase();
        this.found = wanted === "" ? null : this.walk.events.flatMap((e, n) => JSON.stringify(e).toLowerCase().includes(wanted) ? [n] : []);
        this.matches.textContent = this.found === null ? "" : count(this.found.length, "event");
        this.show(this.at);
    }

    eventRow(index) {
        const row = make("div.event", {"data-event": index + 1}, make("span.number", String(index + 1)),
                         make("code", JSON.stringify(this.walk.events[index])));
        row.classList.toggle("current", index + 1 === this.at);
        row.classList.toggle("marked", this.marks.includes(index + 1));
        return row;
    }
}
