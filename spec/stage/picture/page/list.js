// SPDX-License-Identifier: BSL-1.0
// A list of any length, of which only the rows in sight are elements.

class LongList {
    // `rowOf(n)` makes the element of a row. With mostRows 0 the style sheet says how high it is.
    constructor(label, rowHeight, mostRows, rowOf) {
        this.rowHeight = rowHeight;
        this.mostRows = mostRows;
        this.rowOf = rowOf;
        this.length = 0;
        this.top = 0;   // where it is scrolled to, and
        this.seen = 0;  // how much is seen: asking the browser would make it lay out the page at each event
        this.spacer = make("div.spacer");
        this.window = make("div.window");
        this.element = make("div.long-list", {tabindex: "0", role: "group", "aria-label": label}, this.spacer, this.window);
        this.element.addEventListener("scroll", () => {
            if (this.element.scrollTop === this.top) return;
            this.top = this.element.scrollTop;
            this.draw();
        });
        if (mostRows > 0) return;
        new ResizeObserver(() => {
            this.seen = this.element.clientHeight;
            if (this.wanted !== undefined) this.reveal(this.wanted);
            this.draw();
        }).observe(this.element);
    }

    show(length) {
        if (length !== this.length) {
            this.length = length;
            this.spacer.style.height = length * this.rowHeight + "px";
            if (this.mostRows > 0) this.seen = Math.min(length, this.mostRows) * this.rowHeight;
            if (this.mostRows > 0) this.element.style.height = this.seen + "px";
            this.top = Math.max(0, Math.min(this.top, length * this.rowHeight - this.seen));
        }
        this.draw();
    }

    draw() {
        const first = Math.floor(this.top / this.rowHeight);
        const after = Math.min(this.length, first + Math.ceil(this.seen / this.rowHeight) + 1);
        const rows = [];
        for (let n = first; n < after; ++n) rows.push(this.rowOf(n));
        this.window.style.transform = `translateY(${first * this.rowHeight}px)`;
        this.window.replaceChildren(...rows);
    }

    reveal(n) {
        this.wanted = n;
        const top = n * this.rowHeight;
        if (this.seen === 0 || (top >= this.top && top + this.rowHeight <= this.top + this.seen)) return;
        const last = this.length * this.rowHeight - this.seen;
        this.top = Math.floor(Math.max(0, Math.min(top - this.seen * 0.3, last)));
        this.element.scrollTop = this.top;
        this.draw();
    }
}
