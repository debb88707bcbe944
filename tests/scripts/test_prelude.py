"""What scripts find beside the language: helpers, underscore, moment, HTTP, URL."""

from typing import Any

import pytest

from strongback.scripts.contract import Fetch, Fetched, FetchError
from strongback.scripts.globals import named, read
from tests.scripts.conftest import RunScript

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("class Script {}", []),
        ("console.log(1)", ["console"]),
        ("global.Store.get('a')", ["Store"]),
        ("await HTTP('GET', u)", ["fetch", "HTTP"]),
        ("new URLSearchParams(), new URL(u)", ["URL"]),
        ("const { trim } = s; _.map(a, moment)", ["console", "s", "_", "moment"]),
        (
            "fetch(u); moment(); Store; console; s.trim(t); _(a); new URL(u)",
            ["console", "Store", "fetch", "URL", "s", "_", "moment"],
        ),
        ("it's, class, $s, _this, s_, prefetch, consoles, {'s': 1}, \"_\"", []),
        ("s", ["console", "s"]),
    ],
)
async def test_only_what_is_named_is_there(source: str, names: list[str]) -> None:
    assert named(source) == names


async def test_what_is_not_named_is_not_there(run: RunScript) -> None:
    answer = await run(
        "go() { return ['cons' + 'ole', 'mo' + 'ment', 'UR' + 'L'].map((n) => typeof globalThis[n]); }"
    )
    assert answer.value == ["undefined"] * 3


async def test_vendored_files_carry_their_licence() -> None:
    for name in ("moment", "underscore", "underscore.string"):
        licence = read(f"vendor/{name}.LICENSE")
        assert "Copyright" in licence
        assert "Permission is hereby granted" in licence


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("s.trim('  a ')", "a"),
        ("s.capitalize('abc')", "Abc"),
        ("s.startsWith('abc', 'ab')", True),
        ("s.endsWith('abc', 'bc')", True),
        ("s.include('abc', 'd')", False),
        ("s.words(' a b  c ')", ["a", "b", "c"]),
        ("s.slugify('Un éléphant à Zürich!')", "un-elephant-a-zurich"),
        ("s.humanize('the_quick-brown')", "The quick brown"),
        ("s.titleize('my name')", "My Name"),
        ("s.isBlank(' \\n')", True),
        ("s.escapeHTML('<a&\"')", "&lt;a&amp;&quot;"),
        ("s.unescapeHTML('&lt;a&amp;')", "<a&"),
        ("s.stripTags('a <b>b</b>')", "a b"),
        ("s.truncate('Hello world', 5)", "Hello..."),
        ("s.lines('a\\nb\\r\\nc')", ["a", "b", "c"]),
        ("s.repeat('ab', 2, '-')", "ab-ab"),
        ("s.replaceAll('a.a', 'a', 'b')", "b.b"),
        ("s.camelize('moz-transform')", "mozTransform"),
        ("s.underscored('MozTransform')", "moz_transform"),
        ("s.dasherize('MozTransform')", "-moz-transform"),
        ("[s.lpad('1', 3, '0'), s.rpad('1', 3, '0'), s.lrpad('1', 3, '0')]", ["001", "100", "010"]),
        ("[s.strLeft('a=b=c', '='), s.strRight('a=b=c', '=')]", ["a", "b=c"]),
        ("[s.strLeftBack('a=b=c', '='), s.strRightBack('a=b=c', '=')]", ["a=b", "c"]),
        ("s.toSentence(['a', 'b', 'c'])", "a, b and c"),
        ("s.clean('  a   b ')", "a b"),
        ("s.chop('abcde', 2)", ["ab", "cd", "e"]),
        ("s.reverse('abc')", "cba"),
        ("s.contains('abc', 'b')", True),
        ("s('  abc ').trim().capitalize().value()", "Abc"),
        ("s.sprintf('%s has %d', 'ada', 3)", "ada has 3"),
        ("_.map({ a: 1, b: 2 }, (value, key) => key + value)", ["a1", "b2"]),
        ("_.pluck([{ a: 1 }, { a: 2 }], 'a')", [1, 2]),
        ("_.chain([3, 1, 2]).sortBy().last().value()", 3),
        ("_.groupBy(['one', 'two', 'three'], 'length')", {"3": ["one", "two"], "5": ["three"]}),
        ("_.isEqual({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })", True),
        ("_.template('Hello <%= name %>')({ name: 'Ada' })", "Hello Ada"),
        ("moment.utc('2024-02-28T23:00:00Z').add(1, 'day').format('YYYY-MM-DD dddd')", "2024-02-29 Thursday"),
        ("moment('2024-03-10 12:00').toISOString()", "2024-03-10T12:00:00.000Z"),
        ("moment(0).from(moment(86400000))", "a day ago"),
        ("moment.duration(90, 'minutes').humanize()", "2 hours"),
        ("global === globalThis && global.s === s", True),
    ],
)
async def test_helpers(run: RunScript, expression: str, value: Any) -> None:
    assert (await run(f"go() {{ return {expression}; }}")).value == value


async def test_the_legacy_call_answers_a_promise(run: RunScript) -> None:
    seen: list[Fetch] = []

    async def fetch(request: Fetch) -> Fetched:
        seen.append(request)
        if request.url == "http://down/":
            raise FetchError("http://down/ does not answer.")
        status = 404 if request.url == "http://none/" else 200
        return Fetched(status, {"x-a": "b"}, '{"a":1}' if request.method == "POST" else "plain")

    answer = await run(
        """async go() {
            const posted = await HTTP('POST', 'http://h/?x=1', {
                params: { 'a b': 'ü' }, data: { n: 1 }, auth: 'ada:secret', headers: { 'X-B': 'c' }, timeout: 500 });
            const plain = await HTTP('GET', 'http://h/');
            const sent = await HTTP('PUT', 'http://h/', { content: 'raw' });
            const none = await HTTP('GET', 'http://none/');
            const down = await HTTP('GET', 'http://down/');
            return [posted, plain, Object.keys(sent), none.error.message, none.error.response.statusCode,
                down.error.message];
        }""",
        None,
        fetch,
    )
    assert answer.value == [
        {"result": {"statusCode": 200, "headers": {"x-a": "b"}, "content": '{"a":1}', "data": {"a": 1}}},
        {"result": {"statusCode": 200, "headers": {"x-a": "b"}, "content": "plain", "data": None}},
        ["result"],
        "failed [404] plain",
        404,
        "http://down/ does not answer.",
    ]
    assert seen[0] == Fetch(
        "http://h/?x=1&a%20b=%C3%BC",
        "POST",
        {"X-B": "c", "Authorization": "Basic YWRhOnNlY3JldA==", "Content-Type": "application/json"},
        '{"n":1}',
        500,
    )
    assert seen[2] == Fetch("http://h/", "PUT", {}, "raw", None)


@pytest.mark.parametrize(
    ("url", "base", "href"),
    [
        ("HTTP://EXAMPLE.com:80/a/../b/./c?x=1#f", None, "http://example.com/b/c?x=1#f"),
        ("https://u:p@h:8443/p a?q=a b&c='#x y", None, "https://u:p@h:8443/p%20a?q=a%20b&c=%27#x%20y"),
        ("http://h/é/\U0001f600?é#é", None, "http://h/%C3%A9/%F0%9F%98%80?%C3%A9#%C3%A9"),
        ("http://0x7f.1/", None, "http://127.0.0.1/"),
        ("http://2130706433/", None, "http://127.0.0.1/"),
        ("http://[::1]:80/", None, "http://[::1]/"),
        ("http://h/%2E%2e/a/.", None, "http://h/a/"),
        ("http:\\\\h\\a", None, "http://h/a"),
        ("  http://h/\ta\n ", None, "http://h/a"),
        ("http://a@b@c/", None, "http://a%40b@c/"),
        ("../x?y", "http://h/a/b/c", "http://h/a/x?y"),
        ("?y", "http://h/a?b#c", "http://h/a?y"),
        ("#y", "http://h/a?b#c", "http://h/a?b#y"),
        ("", "http://h/a?b#c", "http://h/a?b"),
        ("//o/p", "https://h/a", "https://o/p"),
        ("/p", "https://h/a/b", "https://h/p"),
        ("https:p", "http://h/a/b", "https://p/"),
        ("http://1.2.3.256", None, None),
        ("http://h:99999", None, None),
        ("http://a b/", None, None),
        ("http://h|x/", None, None),
        ("http:///", None, None),
        ("http://zürich.example/", None, None),
        ("ftp://h/", None, None),
        ("/p", None, None),
    ],
)
async def test_urls(run: RunScript, url: str, base: str | None, href: str | None) -> None:
    """Each as Node's URL gives it, but that other schemes and hosts outside ASCII are refused."""
    body = "go([url, base]) { try { return new URL(url, base ?? undefined).href; } catch (e) { return e.name; } }"
    assert (await run(body, [url, base])).value == (href or "TypeError")


async def test_the_parts_of_a_url(run: RunScript) -> None:
    answer = await run(
        """go() {
            const url = new URL('https://ada:pw@Chat.example:8443/a/b?x=1&y=2#top');
            const parts = [url.origin, url.protocol, url.username, url.password, url.host, url.hostname, url.port,
                url.pathname, url.search, url.hash, `${url}`, JSON.stringify({ url })];
            url.searchParams.append('z', 'ü &');
            url.searchParams.delete('x');
            url.pathname = '/c d';
            url.hash = '';
            url.port = '443';
            url.password = '';
            return [parts, url.href, URL.canParse('x'), URL.canParse('x', 'http://h')];
        }"""
    )
    href = "https://ada:pw@chat.example:8443/a/b?x=1&y=2#top"
    assert answer.value == [
        [
            "https://chat.example:8443",
            "https:",
            "ada",
            "pw",
            "chat.example:8443",
            "chat.example",
            "8443",
            "/a/b",
            "?x=1&y=2",
            "#top",
            href,
            f'{{"url":"{href}"}}',
        ],
        "https://ada@chat.example/c%20d?y=2&z=%C3%BC+%26",
        False,
        True,
    ]


async def test_search_parameters(run: RunScript) -> None:
    answer = await run(
        """go() {
            const params = new URLSearchParams([['a', '1'], ['b', '2'], ['a', '3']]);
            const seen = [params.size, params.get('a'), params.get('c'), params.getAll('a'), params.has('b', '3')];
            params.set('a', 'x y');
            params.append("é~!*'", '&=');
            params.delete('b', '9');
            seen.push(`${params}`);
            params.sort();
            return [...seen, [...params.keys()], Object.fromEntries(params), `${new URLSearchParams({ n: 1 })}`,
                `${new URLSearchParams('?a=%E4x%C3%A4%zz+b&&c')}`];
        }"""
    )
    assert answer.value == [
        3,
        "1",
        None,
        ["1", "3"],
        False,
        "a=x+y&b=2&%C3%A9%7E%21*%27=%26%3D",
        ["a", "b", "é~!*'"],
        {"a": "x y", "b": "2", "é~!*'": "&="},
        "n=1",
        "a=%EF%BF%BDx%C3%A4%25zz+b&c=",
    ]
