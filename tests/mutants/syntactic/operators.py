# SPDX-License-Identifier: BSL-1.0
"""What an operator, a constant or a memory order may become."""

import re

BINARY = {
    "==": ["!="], "!=": ["=="], "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"],
    "&&": ["||"], "||": ["&&"],
    "&": ["|"], "|": ["&"], "^": ["&", "|"], "<<": [">>"], ">>": ["<<"],
    "+=": ["-="], "-=": ["+="], "*=": ["/="], "/=": ["*="], "&=": ["|="], "|=": ["&="], "^=": ["|="], "<<=": [">>="], ">>=": ["<<="],
}
KINDS = {
    "relational": ["==", "!=", "<", "<=", ">", ">="],
    "arithmetic": ["+", "-", "*", "/", "%"],
    "logical": ["&&", "||"],
    "bitwise": ["&", "|", "^", "<<", ">>"],
}
UNARY = [("++", "increment", "--"), ("--", "increment", "++"), ("!", "logical", "!!"), ("-", "arithmetic", "+"), ("~", "bitwise", "")]

INTEGER = re.compile(r"(0[xXbB])?([0-9a-fA-F']+?)([uUlLzZ]*)")
WEAKER = {"seq_cst": ["acq_rel"], "acq_rel": ["acquire", "release"], "acquire": ["relaxed"], "release": ["relaxed"]}
ONE_WAY = {"load": "acquire", "store": "release"}


def kind_of(operator):
    """Every operator that is none of KINDS is an assignment."""
    return next((kind for kind, those in KINDS.items() if operator in those), "assignment")


def other_constants(source):
    if source in ("true", "false"):
        return ["false" if source == "true" else "true"]
    parts = INTEGER.fullmatch(source)
    if not parts or parts[1]:
        return []
    n, suffix = int(parts[2].replace("'", "")), parts[3]
    return [f"{other}{suffix}" for other in ([1] if n == 0 else [0, 2] if n == 1 else [n + 1])]


def weaker_orders(source, call):
    """One step weaker; what only loads or only stores skips the order that it cannot have."""
    order = re.search(r"memory_order(?:_|::)(\w+)$", source)
    if not order:
        return []
    weaker = [ONE_WAY[call]] if order[1] == "seq_cst" and call in ONE_WAY else WEAKER.get(order[1], [])
    return [source[:order.start(1)] + other for other in weaker]


def weaker_than_default(call):
    """seq_cst is what a call without an order has."""
    name = re.search(r"(\w+)\([^()]*\)$", call)
    order = ONE_WAY.get(name[1], "acq_rel") if name else "acq_rel"
    return [f"{call[:-1]}{'' if call.endswith('()') else ', '}std::memory_order_{order})"]
