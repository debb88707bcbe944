"""What a script may name beside the language itself; each part is evaluated only where the script names it."""

import os.path
import re

FILES = {
    "console": "globals/console.js",
    "Store": "globals/store.js",
    "fetch": "globals/fetch.js",
    "HTTP": "globals/http.js",
    "URL": "globals/url.js",
    "s": "vendor/underscore.string.js",
    "_": "vendor/underscore.js",
    "moment": "vendor/moment.js",
}
"""In the order in which they are evaluated."""

_NAME = re.compile(r"(?<![\w$])(console|Store|fetch|HTTP|URL|URLSearchParams|moment|(?<!')[s_])(?![\w$'\"])")
_NEEDS = {"HTTP": "fetch", "URLSearchParams": "URL", "s": "console"}


def named(source: str) -> list[str]:
    """The parts that a source names, in the order of evaluation."""
    found = set(_NAME.findall(source))
    found |= {_NEEDS[name] for name in found if name in _NEEDS}
    return [name for name in FILES if name in found]


def read(file: str) -> str:
    """The text of a JavaScript file of this package."""
    with open(os.path.join(os.path.dirname(__file__), "..", file), encoding="utf-8") as source:
        return source.read()
