// Evaluated in every fresh context, before the script. Answers the port: a function that only the worker holds.
// All built-ins that are used after the script has run are captured here, so that a script may replace its own
// copies without changing what the worker sees. After that no spread, no array pattern and no `for of` may occur,
// here or in globals/, for they call Array.prototype[Symbol.iterator].
((resultLimit) => {
  'use strict';

  const { parse, stringify } = JSON;
  const { apply, construct } = Reflect;
  const { create, defineProperty } = Object;
  const [Text, Fault, evaluate] = [String, Error, eval];
  const method = Function.prototype.bind.bind(Function.prototype.call);
  const slice = method(String.prototype.slice);

  const isObject = (value) => typeof value === 'object' && value !== null;
  const clip = (text, size) => (text.length > size ? slice(text, 0, size) + '…' : text);
  const define = (name, value) => defineProperty(globalThis, name, { value, writable: true, configurable: true });

  // The engine would hand the functions on its stack to the first of these; both become properties without effect.
  for (const name of ['prepareStackTrace', 'stackTraceLimit']) {
    defineProperty(Error, name, { value: undefined, writable: true, configurable: false });
  }
  define('global', globalThis);

  const describe = (thrown) => {
    try {
      if (typeof thrown === 'function') return 'a function';
      if (!isObject(thrown)) return clip(Text(thrown), 1000);
      const { name, message } = thrown;
      if (message === undefined) return clip(stringify(thrown), 1000);
      return clip((name === undefined ? 'Error' : Text(name)) + ': ' + Text(message), 1000);
    } catch {
      return 'something that cannot be shown';
    }
  };

  const kindOf = (thrown, otherwise) => {
    try {
      return thrown.name === 'InternalError' && thrown.message === 'out of memory' ? 'memory' : otherwise;
    } catch {
      return otherwise;
    }
  };

  // Those parts of globals/ that the script names replace these.
  const parts = {
    __proto__: null,
    console: { take: () => '[]' },
    Store: { begin() {}, changed: () => null },
    fetch: { begin() {}, take: () => null, settle() {} },
  };
  const host = { __proto__: null, clip, create, define, describe, isObject, method, Fault, Text, parse, stringify };

  let script;
  let run;

  const failure = (kind, text) =>
    'E{"kind":"' + kind + '","text":' + stringify(text) + ',"console":' + parts.console.take() + '}';

  const load = (source) => {
    try {
      const Script = evaluate(source + "\n;typeof Script === 'undefined' ? undefined : Script");
      if (typeof Script !== 'function') return failure('evaluating', 'it defines no class named Script');
      script = construct(Script, []);
      return '';
    } catch (thrown) {
      return failure(kindOf(thrown, 'evaluating'), describe(thrown));
    }
  };

  const answer = async (mine, name, argument) => {
    let kind = 'running';
    try {
      const called = script[name];
      if (typeof called !== 'function') mine.absent = true;
      const value = mine.absent ? null : await apply(called, script, [parse(argument)]);
      kind = 'result';
      mine.text = stringify(value) ?? 'null';
      if (mine.text.length > resultLimit) throw new Fault('it is longer than ' + resultLimit + ' characters of JSON');
    } catch (thrown) {
      mine.kind = kindOf(thrown, kind);
      mine.text = describe(thrown);
    }
    mine.done = true;
  };

  const call = (name, argument, store) => {
    parts.Store.begin(store);
    parts.fetch.begin();
    run = { done: false, absent: false, kind: '', text: '' };
    answer(run, name, argument);
  };

  // What to tell the parent now that no job is left: the result, the failure, or the requests to make.
  const report = () => {
    if (!run.done) {
      const requests = parts.fetch.take();
      return requests === null ? failure('running', 'it waits for a promise that nothing settles') : 'F' + requests;
    }
    if (run.kind !== '') return failure(run.kind, run.text);
    const store = parts.Store.changed();
    return 'R{"value":' + run.text + ',"absent":' + run.absent + ',"store":' + (store === null ? null : stringify(store))
      + ',"console":' + parts.console.take() + '}';
  };

  const operations = {
    __proto__: null, load, call, report,
    add: (name, part) => { parts[name] = part(host); },
    settle: (answers) => parts.fetch.settle(parse(answers)),
    console: () => parts.console.take(),
  };

  // A long concatenation is a tree of strings, which the engine's Python side cannot read; slicing makes it flat.
  return (name, first, second, third) => {
    const answer = operations[name](first, second, third);
    return typeof answer === 'string' ? slice(answer, 0) : null;
  };
})
