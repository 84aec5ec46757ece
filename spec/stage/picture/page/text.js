// SPDX-License-Identifier: BSL-1.0
"use strict";
// Texts and elements. Whatever comes from a scenario goes through textContent: it is never markup.

const LAST_TIME = 2n ** 63n - 1n;

// Nanoseconds as people say them, exactly; as duration_text in form/print.cpp.
function durationText(ns) {
    if (ns === 0n) return "0";
    if (ns === LAST_TIME) return "forever";
    const size = ns < 0n ? -ns : ns;
    const units = [["h", 3600000000000n], ["m", 60000000000n], ["s", 1000000000n], ["ms", 1000000n], ["us", 1000n]];
    for (const [name, unit] of units) {
        const finest = name === "h" || name === "m" ? unit : unit / 1000n;
        if (size < unit || size % finest !== 0n) continue;
        const thousandths = size % unit / (unit / 1000n);
        const fraction = thousandths === 0n ? "" : "." + String(thousandths).padStart(3, "0").replace(/0+$/, "");
        return (ns < 0n ? "-" : "") + String(size / unit) + fraction + name;
    }
    return String(ns) + "ns";
}

// About how long, for people: `4m 45s`.
function roughly(ns) {
    const seconds = ns / 1000000000n;
    if (seconds < 60n || ns === LAST_TIME) return durationText(ns);
    const [hours, minutes] = [seconds / 3600n, seconds / 60n % 60n];
    if (hours > 99n) return `${hours}h`;
    return [[hours, "h"], [minutes, "m"], [seconds % 60n, "s"]].filter(([n]) => n > 0n).slice(0, 2).map(p => p.join("")).join(" ");
}

// The number with which a text begins. A trace that makes no sense may have something else there.
const leading = text => BigInt(text.match(/^\d+/)?.[0] ?? 0);

const count = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;

// An element: make("p.note", "text"), make("button", {type: "button", title: "..."}, child, "text").
function make(what, ...parts) {
    const [tag, ...classes] = what.split(".");
    const element = document.createElement(tag);
    element.classList.add(...classes);
    for (const part of parts) {
        if (part === null || part === undefined) continue;
        if (typeof part === "object" && !(part instanceof Node))
            for (const [key, value] of Object.entries(part)) element.setAttribute(key, value);
        else
            element.append(part);
    }
    return element;
}

// A name stands for itself, whatever direction its script has.
const nameElement = name => make("bdi", name);

function makeSvg(tag, attributes, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
}

const IO_KINDS = new Set(["read", "write", "accept", "connect", "readable", "writable"]);
const CHILDREN_KINDS = new Set(["all", "any", "group"]);
