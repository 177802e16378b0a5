#!/usr/bin/env python3
"""The shapes of coroutines that g++ 12 miscompiles, or that the design forbids:

- co_await in the condition of an if, while, for or switch, or in a ?: (but "if (auto x = co_await f())" is fine);
- co_await in an expression together with a lambda that captures, or with a braced aggregate;
- a lambda that is a coroutine;
- std::coroutine_… outside src/event.

It reads text, not syntax: whatever it takes for a shape and is none is better written otherwise too.
"""

import re
from sources import *

KEYWORD = re.compile(r"\bco_(?:await|return|yield)\b")
AWAIT = re.compile(r"\bco_await\b")
LAMBDA = re.compile(r"(?<![\w\])])\[(?!\[)([^\[\]]*)\]\s*(?:\([^;{}]*?\)\s*)?(?:mutable\s*|noexcept\s*|->\s*[\w:<>*&, ]+)*\{")


def statement(code, position):
    """(start, end) of the statement around a position. Blocks end statements; the braces of an expression, which
    follow a name, an operator, a comma or a bracket, are part of it."""
    def is_block(brace):
        before = code[:brace].rstrip()
        return not before or before[-1] in ';{}:"' or bool(re.search(
            r"(\)|->\s*[\w:<>*&, ]+|\b(else|do|try|const|noexcept|override|final|mutable))\s*$|\b(struct|class|enum|union|namespace)\b[^;{}()]*$",
            before[-200:]))
    start, depth = position, 0
    while start > 0:
        c = code[start - 1]
        if c in ")]":
            depth += 1
        elif c in "([":
            depth -= 1
        elif c == "}":
            opening = _opening(code, start - 1)
            if depth <= 0 and is_block(opening) and not _is_lambda_body(code, opening):
                break
            start = opening
            continue
        elif c == "{" and is_block(start - 1):
            break
        elif c == ";" and depth >= 0:
            break
        start -= 1
    end, depth = position, 0
    while end < len(code):
        c = code[end]
        if c == ";" or (c == "}" and depth <= 0) or (c == "{" and is_block(end) and not _is_lambda_body(code, end)):
            break
        if c in "{":
            end = closing(code, end)
        end += 1
    return start, end


def _opening(code, position):
    depth = 0
    for i in range(position, -1, -1):
        depth += {"}": 1, "{": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return 0


def _is_lambda_body(code, brace):
    return any(m.end() - 1 == brace for m in LAMBDA.finditer(code, max(0, brace - 300), brace + 1))


def conditions(code):
    for match in re.finditer(r"\b(if(?:\s+constexpr)?|while|switch|for)\s*\(", code):
        start = match.end() - 1
        end = closing(code, start)
        inside = code[start + 1:end]
        word = match[1]
        if word == "for":
            if inside.count(";") != 2:  # a range: "for (x : co_await y)" binds it, which is sound
                continue
            inside = inside.split(";")[1]
        else:
            # What an initialiser or a declaration binds is sound: only the tested expression matters.
            head, semicolon, tested = inside.rpartition(";")
            inside = tested
            if re.match(r"\s*(?:const\s+)?(?:auto|[\w:]+(?:<[^;=]*>)?)[\s&*]+\w+\s*=(?!=)", inside) and not semicolon:
                continue
            if re.match(r"\s*(?:const\s+)?auto[\s&*]+\w+\s*=(?!=)", inside):
                continue
        if AWAIT.search(inside):
            yield match.start(), "co_await in the condition of %s: bind its result to a variable first" % word


def lambdas(code):
    for match in LAMBDA.finditer(code):
        brace = match.end() - 1
        yield match.start(), match[1].strip(), brace, closing(code, brace)


def check(path, text):
    code = blank(text)
    yield from ((line_of(code, at), words) for at, words in conditions(code))
    for at, captures, brace, end in lambdas(code):
        if KEYWORD.search(code, brace, end):
            yield line_of(code, at), "a lambda that is a coroutine: make it a function"
    for match in AWAIT.finditer(code):
        start, end = statement(code, match.start())
        whole = code[start:end]
        line = line_of(code, match.start())
        if any(captures for _, captures, _, _ in lambdas(whole)):
            yield line, "co_await together with a lambda that captures: bind the lambda to a variable first"
        without = re.sub(r"^[^{}]*?\b(?:if|while|switch|for)\s*\(", "", whole)
        for brace in re.finditer(r"(?:[\w>]|[(,=]|\breturn)\s*\{", without):
            if not _is_lambda_body(without, brace.end() - 1):
                yield line, "co_await together with a braced aggregate: bind the aggregate to a variable first"
                break
        if "?" in whole and re.search(r"\?[^;]*:", whole):
            yield line, "co_await together with ?:: write an if"
    if not path.startswith("src/event/"):
        for match in re.finditer(r"\bstd::(?:coroutine_\w+|noop_coroutine|suspend_\w+)|#\s*include\s*<coroutine>", code):
            yield line_of(code, match.start()), "%s outside src/event" % match[0]


if __name__ == "__main__":
    report([(path, line, words) for path in files("src", "t") for line, words in check(path, read(path))
            if not (path.startswith("t/unit/event/") and "outside src/event" in words)])
