"""Renders mapping templates with airspeed: one case a line in, one answer a line out, all in one process.

A line is `{"template": TEXT, "body": TEXT, "path": {...}, "query": {...}}`, an answer `{"text": TEXT, "status": NUMBER or null}` or
`{"error": TEXT}`.

airspeed is Velocity's language in Python; Java's methods and API Gateway's variables are the classes below. Where airspeed itself is known
to differ from Velocity 1.7, on which API Gateway is built:

1. It reads `\\n`, `\\\\` and the like in text literals as escapes; Velocity has none there, and a pattern of `replaceAll` would be another one.
   They are turned off.
2. It computes both sides of `&&` and `||`. Velocity stops at the first, so that `$item && $item.size() > 0` is no error where there is no item.
   What has no value is then compared: false here, as in Velocity.
3. It looks for a member of a map before it looks for a method, so that an attribute named `get` or `size` would be called. Velocity finds methods
   first. `Object` has no members in Python's sense.
4. It prints Python's `True`, and numbers as Python does; Java's are `true`, and doubles with an exponent from 10^7 on. Flags are texts here, and
   numbers are kept as they were written: the cases have only such as Java writes in the same way.
5. It takes an empty text, map or list for false; Velocity only what is null or false. The templates ask for the size or the text as well.
6. It prints a reference without a value as it stands. API Gateway prints nothing: the templates have `$!` there.
7. It eats other blanks around directives. Between the tokens of JSON they mean nothing, and the test does not compare them.
8. `#foreach` has no end. API Gateway's is after 1,000 rounds: no case has as many.
9. What `#set` makes within `#foreach` is gone after the round; in Velocity it stays. The templates set before the loop what they read after it.
"""

import base64
import json
import operator
import re
import sys
import urllib.parse

import airspeed

for literal in (airspeed.StringLiteral, airspeed.InterpolatedStringLiteral):
    literal.ESCAPED_CHAR = re.compile("(?!)")


def valued(compare):
    return lambda one, other: one is not None and other is not None and compare(one, other)


airspeed.BinaryOperator.OPERATORS[">"] = valued(operator.gt)


class Number(str):
    """A number as it was written."""


class Object:
    """A map of Java's."""

    def __init__(self, members):
        self._members = members

    def __getattr__(self, name):
        return java(self._members.get(name))

    def containsKey(self, name):
        return name in self._members

    def get(self, name):
        return java(self._members.get(name))

    def keySet(self):
        return list(self._members)

    def size(self):
        return len(self._members)


def java(value):
    if isinstance(value, dict):
        return Object(value)
    if isinstance(value, list):
        return [java(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value


def written(value):
    """JSON, with numbers as they were."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(name) + ":" + written(one) for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\['([^']*)'\]|\[([0-9]+)\]")
MISSING = object()


class Input:
    def __init__(self, body, path, query):
        self.body = body or "{}"
        self.parsed = json.loads(body, parse_int=Number, parse_float=Number) if body else None
        self.parameters = Object({"path": path, "querystring": query, "header": {}})

    def params(self):
        return self.parameters

    def find(self, path):
        assert path[0] == "$", path
        value, at = self.parsed, 1
        while at < len(path):
            step = STEP.match(path, at)
            assert step, path
            name, quoted, index = step.groups()
            if index:
                value = value[int(index)]
            else:
                value = value.get(name or quoted, MISSING) if isinstance(value, dict) else MISSING
            if value is MISSING:
                return MISSING
            at = step.end()
        return value

    def path(self, path):
        found = self.find(path)
        return None if found is MISSING else java(found)

    def json(self, path):
        found = self.find(path)
        return '""' if found is MISSING else written(found)


SHORT = {"\b": "\\b", "\n": "\\n", "\t": "\\t", "\f": "\\f", "\r": "\\r", "'": "\\'", '"': '\\"', "\\": "\\\\", "/": "\\/"}


class Util:
    def escapeJavaScript(self, text):
        def escaped(letter):
            units = letter.encode("utf-16-be")
            long = "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))
            return SHORT.get(letter) or (letter if " " <= letter <= "\x7f" else long)

        return "".join(map(escaped, text))

    def urlDecode(self, text):
        return urllib.parse.unquote_plus(text)

    def base64Encode(self, text):
        return base64.b64encode(text.encode()).decode()

    def base64Decode(self, text):
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode(errors="replace")


TEMPLATES = {}


def rendered(case):
    text = case["template"]
    template = TEMPLATES.setdefault(text, airspeed.Template(text))
    context = {"responseOverride": {}}
    names = {"input": Input(case["body"], case["path"], case["query"]), "util": Util(), "context": context}
    return {"text": template.merge(names), "status": context["responseOverride"].get("status")}


def answer(line):
    try:
        return rendered(json.loads(line))
    except Exception as error:  # every case gets its answer, and the test says which one failed
        return {"error": f"{error!r}, because of {error.__cause__!r}"}


# Bytes, because a text of a case may hold what Python takes for the end of a line.
for answered in [answer(line) for line in sys.stdin.buffer.read().split(b"\n") if line]:
    print(json.dumps(answered))
