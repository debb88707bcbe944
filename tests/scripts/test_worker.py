"""What a script may do and what becomes of it, through real workers."""

import asyncio
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongback.scripts.contract import Fetch, Fetched, FetchError, Script
from strongback.scripts.pool import Pool
from tests.scripts.conftest import FailScript, RunScript, script

pytestmark = pytest.mark.anyio

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters()), inner, max_size=5),
    max_leaves=30,
)


def doubled(value: Any) -> Any:
    """A value as JavaScript and UTF-8 hold it: numbers are doubles, lone surrogates are U+FFFD."""
    match value:
        case bool() | None:
            return value
        case int():
            return float(value)
        case str():
            return re.sub("[\ud800-\udfff]", "\ufffd", value)
        case list():
            return [doubled(item) for item in value]
        case dict():
            return {doubled(name): doubled(item) for name, item in value.items()}
    return value


@given(value=VALUES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_value_survives(run: RunScript, value: Any) -> None:
    echo = script("go(value) { return value; }", "echo")
    assert doubled((await run(echo, value)).value) == doubled(value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("undefined", None),
        ("null", None),
        ("NaN", None),
        ("-0", 0),
        ("9007199254740993", 9007199254740992),
        ("1e21", 1e21),
        ("() => 1", None),
        ("Symbol('x')", None),
        ("{ a: undefined, b: () => 1, c: [() => 1] }", {"c": [None]}),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("new Map([[1, 2]])", {}),
        ("{ toJSON: () => 'mine' }", "mine"),
        ("'\\u0000\\ud83d\\ude00\\ud800'", "\0\U0001f600\ufffd"),
        ("'\\\\ud800'", "\\ud800"),
        ("Promise.resolve([Promise.resolve(1)])", [{}]),
        ("({ then(resolve) { resolve('late'); } })", "late"),
        ('JSON.parse(\'{"__proto__": {"x": 1}}\')', {"__proto__": {"x": 1}}),
    ],
)
async def test_results(run: RunScript, expression: str, value: Any) -> None:
    assert (await run(f"go() {{ return {expression}; }}")).value == value


@pytest.mark.parametrize(
    "source",
    [
        "class Script { go() { return 'mine'; } }",
        "function Script() {} Script.prototype.go = function () { return 'mine'; };",
        "Script = class { go() { return 'mine'; } };",
        "global.Script = class { async go() { return 'mine'; } }",
        "var Script = function () { this.go = () => 'mine'; }; // a comment to the end",
        "'use strict'; const Script = class { go() { return 'mine'; } }",
        "exported = {}; class Base { go() { return 'mine'; } } class Script extends Base {}",
    ],
)
async def test_ways_to_define_the_class(run: RunScript, source: str) -> None:
    assert (await run(Script(source, "1", source))).value == "mine"


async def test_a_method_that_is_missing(run: RunScript) -> None:
    for body in ("other() {}", "constructor() { this.go = 5; }"):
        answer = await run(body)
        assert answer.absent
        assert answer.value is None
    assert not (await run("go() {}")).absent


async def test_a_run_tells_what_it_cost(run: RunScript) -> None:
    small = await run("go() {}")
    large = await run("go() { this.kept = new Array(100000).fill(1); for (let i = 0; i < 1e6; i++); }")
    assert 0 < small.cpu_ms < large.cpu_ms < 500
    assert 50_000 < small.memory < 1_000_000 < large.memory


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("class Script {", "The script does not evaluate: SyntaxError: "),
        ("class Other {}", "The script does not evaluate: it defines no class named Script."),
        ("", "The script does not evaluate: it defines no class named Script."),
        ("const Script = 5", "The script does not evaluate: it defines no class named Script."),
        ("throw new TypeError('no')", "The script does not evaluate: TypeError: no."),
        (
            "class Script { constructor() { missing(); } }",
            "The script does not evaluate: ReferenceError: missing",
        ),
        ("Script = () => 1", "The script does not evaluate: TypeError: "),
    ],
)
async def test_a_script_that_does_not_evaluate(fail: FailScript, source: str, text: str) -> None:
    error = await fail(Script(source, "1", source))
    assert error.kind == "evaluating"
    assert str(error).startswith(text)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("throw new TypeError('no')", "TypeError: no."),
        ("throw new Error('Stop!')", "Error: Stop!"),
        ("throw 'text'", "text."),
        ("throw null", "null."),
        ("throw Symbol('x')", "Symbol(x)."),
        ("throw { code: 5 }", '{"code":5}.'),
        ("throw { message: 'm' }", "Error: m."),
        ("return Promise.reject(new RangeError('far'))", "RangeError: far."),
        ("return new Promise(() => {})", "it waits for a promise that nothing settles."),
        ("return (function f() { return f(); })()", "RangeError: Maximum call stack size exceeded."),
        ("throw new Proxy({}, { get() { throw 1; } })", "something that cannot be shown."),
        ("throw { get message() { throw 1; } }", "something that cannot be shown."),
        ("throw { name: { toString() { throw 1; } }, message: 'm' }", "something that cannot be shown."),
        ("throw new Error('x'.repeat(5000))", "Error: " + "x" * 993 + "…."),
        ("return import('os')", "ReferenceError: could not load module 'os'."),
        (
            "return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
            "TypeError: cannot block in this thread.",
        ),
    ],
)
async def test_a_script_that_throws(fail: FailScript, statement: str, text: str) -> None:
    error = await fail(f"go() {{ {statement}; }}")
    assert (error.kind, str(error)) == ("running", f"The script failed: {text}")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("1n", "TypeError: BigInt"),
        ("(() => { const a = []; a.push(a); return a; })()", "TypeError: circular reference"),
        ("{ get a() { throw new Error('hidden'); } }", "Error: hidden"),
        ("{ toJSON() { throw new Error('hidden'); } }", "Error: hidden"),
        ("new Proxy({}, { ownKeys() { throw new Error('hidden'); } })", "Error: hidden"),
        ("'x'.repeat(1024 * 1024)", "Error: it is longer than 1048576 characters of JSON"),
    ],
)
async def test_a_result_that_cannot_be_used(fail: FailScript, expression: str, text: str) -> None:
    error = await fail(f"go() {{ return {expression}; }}")
    assert error.kind == "result"
    assert str(error).startswith(f"The result of the script cannot be used: {text}")


async def test_deep_nesting_is_bounded(run: RunScript, fail: FailScript) -> None:
    nest = "go(depth) { let value = 1; while (depth--) value = [value]; return value; }"
    assert str((await run(nest, 500)).value) == "[" * 500 + "1" + "]" * 500
    error = await fail(nest, 5000)
    assert error.kind == "result"
    assert (await fail(nest, 100_000)).kind == "result"

    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    error = await fail("go(value) { return 1; }", value)
    assert error.kind == "running"


@pytest.mark.parametrize(
    "body",
    [
        "go() { while (true); }",
        "async go() { while (true) await null; }",
        "async go() { for (;;) { try { await (async () => { while (true); })(); } catch {} } }",
        "go() { try { while (true); } catch {} finally { return 1; } }",
        "go() { const later = () => { Promise.resolve().then(later); }; later(); return 1; }",
        "go() { return { toJSON() { while (true); } }; }",
        "go() { throw { get message() { while (true); } }; }",
        "go() { return /^(a+)+$/.test('a'.repeat(40) + 'b'); }",
        "constructor() { while (true); }",
    ],
)
async def test_processor_time_is_bounded(fail: FailScript, run: RunScript, body: str) -> None:
    error = await fail(body)
    assert (error.kind, str(error)) == ("timeout", "The script used more than 0.5 s of processor time.")
    assert (await run("go() { return 1; }")).value == 1


@pytest.mark.parametrize(
    "body",
    [
        "go() { const all = []; while (true) all.push(new Array(10000).fill(1)); }",
        "go() { let text = 'x'; while (true) text = `${text}${text}`.replace('y', ''); }",
        "go() { return new ArrayBuffer(1024 * 1024 * 1024); }",
        "async go() { const all = []; while (true) { all.push(new Uint8Array(1e6)); await null; } }",
        "constructor() { const all = []; while (true) all.push({ a: all.length }); }",
    ],
)
async def test_memory_is_bounded(fail: FailScript, run: RunScript, body: str) -> None:
    error = await fail(body)
    assert (error.kind, str(error)) == ("memory", "The script used more than 32 MB of memory.")
    assert (await run("go() { return 1; }")).value == 1


async def test_the_console_is_kept(run: RunScript) -> None:
    answer = await run(
        """go(value) {
            console.log('a', 1, null, undefined, true, 10n, Symbol('s'), () => 1);
            console.info({ a: [1] }, new TypeError('no'), [undefined]);
            console.warn('two\\nlines'); console.error(value); console.debug();
            console.log({ toJSON() { throw 1; } }, new Proxy({}, { get() { throw 1; } }));
            const loop = {}; loop.loop = loop; console.log(loop);
        }""",
        {"x": "é"},
    )
    assert answer.console == (
        "a 1 null undefined true 10 Symbol(s) [function]",
        '{"a":[1]} TypeError: no [null]',
        "warn: two\nlines",
        'error: {"x":"é"}',
        "debug: ",
        "[cannot be shown] [cannot be shown]",
        "[cannot be shown]",
    )


async def test_the_console_is_bounded(run: RunScript) -> None:
    many = await run("go() { for (let i = 0; i < 1000; i++) console.log(i); }")
    assert many.console == tuple(str(number) for number in range(900, 1000))
    long = await run("go() { console.log('gone'); console.log('x'.repeat(100000)); console.log('yy'); }")
    assert long.console == ("yy",)
    fits = await run(
        "go() { console.log('gone'); console.log('x'.repeat(8000)); console.log('y'.repeat(192)); }"
    )
    assert fits.console == ("x" * 8000, "y" * 192)


async def test_the_console_of_a_failure_is_kept(fail: FailScript) -> None:
    for ending in ("throw new Error('x')", "while (true)", "return 1n", "return new ArrayBuffer(1e9)"):
        assert (await fail(f"go() {{ console.log('before'); {ending}; }}")).console == ("before",), ending


async def test_each_run_has_a_console_of_its_own(run: RunScript) -> None:
    talks = script("go(value) { console.log(value); }")
    assert (await run(talks, "one")).console == ("one",)
    assert (await run(talks, "two")).console == ("two",)


async def test_a_script_cannot_change_what_the_worker_uses(run: RunScript) -> None:
    """Every built-in that the prelude may call after the script is broken; the answer is not."""
    answer = await run(
        """async go(value) {
            const trap = () => { throw new Error('trapped'); };
            const { ownKeys } = Reflect;
            const kept = (name) => name === 'prototype' || name === 'then' || name === 'constructor';
            const { defineProperty } = Object;
            console.log('a', 'b'); Store.set('x', 1);
            const response = await fetch('http://h/');
            const owners = [Array, String, Object, Function, Map, Promise, Number, RegExp, JSON, Reflect, Math];
            for (let i = 0; i < owners.length * 2; i++) {
                const target = i % 2 ? owners[i >> 1] : owners[i >> 1].prototype;
                const names = target ? ownKeys(target) : [];
                for (let j = 0; j < names.length; j++) {
                    if (kept(names[j])) continue; // what `await` itself looks up
                    try { target[names[j]] = trap; } catch {}
                }
            }
            for (let i = 0; i < 3; i++) {
                defineProperty(Object.prototype, i, { set: trap, get: trap, configurable: true });
            }
            JSON = Promise = Object = Map = String = Error = Reflect = global.eval = trap;
            console.log('c', 'd'); Store.set('y', 2); Store.get('x');
            return { value, text: await response.text() };
        }""",
        "kept",
        answering(Fetched(200, {}, "body")),
    )
    assert answer.value == {"value": "kept", "text": "body"}
    assert answer.console == ("a b", "c d")


def answering(fetched: Fetched, seen: list[Fetch] | None = None) -> Any:
    async def fetch(request: Fetch) -> Fetched:
        if seen is not None:
            seen.append(request)
        return fetched

    return fetch


async def test_the_stack_gives_no_functions_away(run: RunScript) -> None:
    answer = await run(
        """go() {
            const seen = [];
            Error.prepareStackTrace = (error, sites) => { seen.push(sites); return sites; };
            try { null.x; } catch (error) { seen.push(typeof error.stack); }
            const object = {}; Error.captureStackTrace(object);
            const caller = function () { try { return caller.caller; } catch (error) { return error.name; } };
            return [seen, typeof object.stack, caller()];
        }"""
    )
    assert answer.value == [["string"], "string", "TypeError"]


async def test_there_is_nothing_but_the_language(run: RunScript) -> None:
    answer = await run(
        """go() {
            const names = ['process', 'require', 'os', 'std', 'ivm', 'setTimeout', 'Deno', 'Bun', 'scriptArgs', 'print',
                'WebAssembly', 'Worker', 'XMLHttpRequest', 'port', 'host', 'parts', 'run', 'module', 'exports'];
            return names.filter((name) => name in globalThis || typeof globalThis[name] !== 'undefined');
        }"""
    )
    assert answer.value == []


async def test_dates_are_utc(run: RunScript) -> None:
    assert (await run("go() { return [new Date().getTimezoneOffset(), `${new Date(0)}`]; }")).value == [
        0,
        "Thu Jan 01 1970 00:00:00 GMT+0000",
    ]


async def test_fetch_asks_the_parent(run: RunScript) -> None:
    seen: list[Fetch] = []
    answer = await run(
        """async go() {
            const response = await fetch('http://h/a', {
                method: 'put', headers: { 'X-A': 1 }, body: 'é', timeout: 1500.4, params: { q: 'a b' } }, true);
            return [response.status, response.ok, response.headers, response.headers.get('X-B'), response.headers.has('y'),
                Object.keys(response.headers), await response.text(), await response.json()];
        }""",
        None,
        answering(Fetched(201, {"x-b": "2"}, '{"a":1}'), seen),
    )
    assert answer.value == [201, True, {"x-b": "2"}, "2", False, ["x-b"], '{"a":1}', {"a": 1}]
    assert seen == [Fetch("http://h/a?q=a%20b", "PUT", {"X-A": "1"}, "é", 1500)]


@pytest.mark.parametrize(
    ("options", "request_"),
    [
        ("", Fetch("u", "GET", {}, None, None)),
        ("null", Fetch("u", "GET", {}, None, None)),
        ("{ body: { a: 1 } }", Fetch("u", "GET", {"Content-Type": "application/json"}, '{"a":1}', None)),
        ("{ data: [1] }", Fetch("u", "GET", {"Content-Type": "application/json"}, "[1]", None)),
        (
            "{ json: 1, headers: { 'content-TYPE': 'x' } }",
            Fetch("u", "GET", {"content-TYPE": "x"}, "1", None),
        ),
        (
            "{ body: new URLSearchParams({ a: 'b c' }) }",
            Fetch("u", "GET", {"Content-Type": "application/x-www-form-urlencoded"}, "a=b+c", None),
        ),
        ("{ timeout: 'long', method: undefined }", Fetch("u", "GET", {}, None, None)),
    ],
)
async def test_requests(run: RunScript, options: str, request_: Fetch) -> None:
    seen: list[Fetch] = []
    await run(f"async go() {{ await fetch('u', {options}); }}", None, answering(Fetched(200, {}, ""), seen))
    assert seen == [request_]


async def test_a_failing_request_rejects(run: RunScript) -> None:
    async def refuse(request: Fetch) -> Fetched:
        raise FetchError(f"{request.url} is refused.")

    answer = await run(
        """async go() {
            try { await fetch('http://h/'); } catch (error) { return [error instanceof Error, error.message]; }
        }""",
        None,
        refuse,
    )
    assert answer.value == [True, "http://h/ is refused."]


async def test_a_fetch_that_breaks_tells_the_script_nothing(run: RunScript) -> None:
    async def broken(_: Fetch) -> Fetched:
        raise KeyError("internal")

    answer = await run("async go() { return fetch('u').catch((error) => error.message); }", None, broken)
    assert answer.value == "The request failed."


async def test_requests_run_at_the_same_time(run: RunScript) -> None:
    both = asyncio.Barrier(2)

    async def fetch(request: Fetch) -> Fetched:
        await asyncio.wait_for(both.wait(), 10)
        return Fetched(200, {}, request.url)

    answer = await run(
        """async go() {
            const texts = (await Promise.all([fetch('a'), fetch('b')])).map((response) => response.text());
            return Promise.all(texts);
        }""",
        None,
        fetch,
    )
    assert answer.value == ["a", "b"]


async def test_answers_reach_the_script_as_they_come(run: RunScript) -> None:
    first = asyncio.Event()

    async def fetch(request: Fetch) -> Fetched:
        if request.url == "slow":
            await asyncio.wait_for(first.wait(), 10)
        elif request.url == "next":
            first.set()
        return Fetched(200, {}, request.url)

    answer = await run(
        """async go() {
            const order = [];
            const note = (response) => response.text().then((text) => order.push(text));
            await Promise.all([fetch('slow').then(note), fetch('quick').then(note).then(() => fetch('next').then(note))]);
            return order;
        }""",
        None,
        fetch,
    )
    assert sorted(answer.value) == ["next", "quick", "slow"]
    assert answer.value[0] == "quick"


async def test_requests_are_bounded(run: RunScript) -> None:
    seen: list[Fetch] = []
    answer = await run(
        """async go() {
            const all = await Promise.allSettled(Array.from({ length: 12 }, () => fetch('u')));
            return all.filter((one) => one.status === 'rejected').map((one) => one.reason.message);
        }""",
        None,
        answering(Fetched(200, {}, ""), seen),
    )
    assert answer.value == ["A run may make at most 10 requests"] * 2
    assert len(seen) == 10


async def test_what_requests_hold_is_bounded(run: RunScript) -> None:
    seen: list[Fetch] = []
    answer = await run(
        """async go() {
            const send = (size) => fetch('u', { body: 'x'.repeat(size) }).then(() => 'sent', (error) => error.message);
            return [await send(600000), await send(600000), await send(400000)];
        }""",
        None,
        answering(Fetched(200, {}, ""), seen),
    )
    assert answer.value == ["sent", "The requests of a run may hold at most 1048576 characters", "sent"]
    assert len(seen) == 2


async def test_hostile_options_reject_the_promise(run: RunScript) -> None:
    answer = await run(
        """async go() {
            const bad = [{ get method() { throw 1; } }, { headers: new Proxy({}, { ownKeys() { throw 2; } }) },
                { body: { toJSON() { throw 3; } } }, { method: { toString() { throw 4; } } }];
            return Promise.all(bad.map((options) => fetch('u', options).catch((reason) => reason)));
        }"""
    )
    assert answer.value == [1, 2, 3, 4]


async def test_a_request_left_open_is_cancelled(run: RunScript) -> None:
    cancelled = asyncio.Event()

    async def never(_: Fetch) -> Fetched:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    async def fetch(request: Fetch) -> Fetched:
        return await never(request) if request.url == "never" else Fetched(200, {}, "")

    leaves = script("async go() { fetch('never'); await fetch('u'); return 'done'; }")
    assert (await run(leaves, None, fetch)).value == "done"
    await asyncio.wait_for(cancelled.wait(), 10)
    assert (await run(leaves, None, fetch)).value == "done"


async def test_an_answer_that_comes_too_late_harms_nobody(run: RunScript) -> None:
    races = script("async go(n) { return [n, await (await Promise.race([fetch('a'), fetch('b')])).text()]; }")
    for number in range(30):
        answer = await run(races, number, answering(Fetched(200, {}, "x" * number)))
        assert answer.value == [number, "x" * number]


async def test_an_old_promise_settles_no_later_run(run: RunScript) -> None:
    keeps = script(
        """go(first) {
            if (first) return { then: (resolve) => { this.old = resolve; resolve('first'); } };
            this.old('forged');
            return 'second';
        }"""
    )
    assert (await run(keeps, True)).value == "first"
    assert (await run(keeps, False)).value == "second"


async def test_store_keeps_json(run: RunScript, pool: Pool) -> None:
    counts = script(
        """go() {
            const seen = Store.get('seen') ?? [];
            seen.push(seen.length);
            return [Store.set('seen', seen), Store.get('seen'), Store.get('none')];
        }""",
        "counts",
    )
    assert (await run(counts)).value == [[0], [0], None]
    assert (await run(counts)).value == [[0, 1], [0, 1], None]
    assert pool.store["counts"] == '{"seen":[0,1]}'
    odd = script(
        "go() { Store.set('__proto__', { 'é': 1 }); Store.set('gone', 1); Store.set('gone'); }", "odd"
    )
    await run(odd)
    assert pool.store["odd"] == '{"__proto__":{"é":1}}'
    assert (await run(script("go() { return Store.get('__proto__'); }", "odd", "2"))).value == {"é": 1}


async def test_store_is_bounded(run: RunScript, pool: Pool) -> None:
    fills = """go(size) {
        try { Store.set('a', 'x'.repeat(size)); } catch (error) { return error.message; }
        return Store.get('a').length;
    }"""
    full = 64 * 1024 - len('{"a":""}') - 1
    assert (await run(script(fills, "fills"), full)).value == full
    assert len(pool.store["fills"]) == 64 * 1024 - 1
    assert (
        await run(script(fills, "fills"), full + 2)
    ).value == "Store holds at most 65536 characters of JSON"
    assert (await run(script(fills, "fills"), full + 1)).value == full + 1


async def test_a_failed_run_leaves_store_as_it_was(run: RunScript, fail: FailScript, pool: Pool) -> None:
    fails = script("go(bad) { Store.set('n', bad); if (bad) throw 1; }", "fails")
    await run(fails, 0)
    await fail(fails, 1)
    assert pool.store["fails"] == '{"n":0}'
    assert (await run(script("go() { return Store.get('n'); }", "fails", "2"))).value == 0


async def test_store_is_not_shared(run: RunScript) -> None:
    await run(script("go() { Store.set('secret', 1); globalThis.secret = 1; }", "owner"))
    thief = "go() { return [Store.get('secret'), typeof secret, Object.keys(globalThis)]; }"
    for _ in range(4):
        assert (await run(thief)).value == [None, "undefined", ["performance"]]


async def test_a_context_is_kept_until_the_revision_changes(run: RunScript, fail: FailScript) -> None:
    counts = "go(bad) { if (bad) throw 1; return this.n = (this.n ?? 0) + 1; }"
    assert [(await run(script(counts, "kept"))).value for _ in range(3)] == [1, 2, 3]
    assert (await run(script(counts, "kept", "2"))).value == 1
    await fail(script(counts, "kept", "2"), True)
    assert (await run(script(counts, "kept", "2"))).value == 1
