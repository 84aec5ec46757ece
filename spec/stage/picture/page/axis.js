// SPDX-License-Identifier: BSL-1.0
// A horizontal axis: which part of it is seen, and where its ticks are. Places are numbers of events, or ns.

const NICE_TIMES = [];  // people count in sixties above a second
for (let ten = 1; ten < 1e9; ten *= 10) NICE_TIMES.push(ten, 2 * ten, 5 * ten);
for (const s of [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400]) NICE_TIMES.push(s * 1e9);

class Axis {
    constructor(end, least) {
        this.end = Math.max(end, least);
        this.least = least;  // never less than so much is seen
        this.fit();
    }
    fit() { [this.from, this.to] = [0, this.end]; }
    get seen() { return this.to - this.from; }
    get whole() { return this.seen >= this.end; }

    place(at, width) { return (at - this.from) / this.seen * width; }
    at(x, width) { return this.from + x / width * this.seen; }

    zoom(factor, around) {
        const seen = Math.min(this.end, Math.max(this.least, this.seen * factor));
        const share = (around - this.from) / this.seen;
        this.show(around - share * seen, seen);
    }
    pan(by) { this.show(this.from + by, this.seen); }
    // What is asked for is kept in sight: nothing before the beginning or after the end.
    show(from, seen) {
        this.from = Math.max(0, Math.min(from, this.end - seen));
        this.to = this.from + seen;
    }
    reveal(at) {
        if (at < this.from || at > this.to) this.show(at - this.seen * 0.35, this.seen);
    }

    step(least, inTime) {
        const nice = inTime ? NICE_TIMES.find(n => n >= least) : undefined;
        if (nice) return nice;
        const ten = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
        return [1, 2, 5, 10].map(n => n * ten).find(n => n >= least);
    }
    ticks(width, inTime) {
        const step = this.step(this.seen / Math.max(1, width / 90), inTime);
        const list = [];
        for (let n = Math.ceil(this.from / step); n * step <= this.to && list.length < 200; ++n) list.push(n * step);
        return list;
    }
}
