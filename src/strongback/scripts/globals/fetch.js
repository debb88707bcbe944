// fetch: requests are collected until no job is left, then go up to the parent as one list.
'use strict';

((fetchLimit, sizeLimit) => ({ define, isObject, method, Fault, Text, parse, stringify }) => {
  const { keys, setPrototypeOf } = Object;
  const { isFinite } = Number;
  const [Later, round, encode] = [Promise, Math.round, encodeURIComponent];
  const lower = method(String.prototype.toLowerCase);
  const upper = method(String.prototype.toUpperCase);
  const includes = method(String.prototype.includes);
  const tag = method(Object.prototype.toString);
  const owns = method(Object.prototype.hasOwnProperty);
  const get = method(Map.prototype.get);
  const set = method(Map.prototype.set);
  const remove = method(Map.prototype.delete);
  const clear = method(Map.prototype.clear);
  const count = method(Object.getOwnPropertyDescriptor(Map.prototype, 'size').get);

  const waiting = new Map();
  let asked = 0;
  let size = 0;
  let last = 0;
  let list = '';

  const withQuery = (url, params) => {
    const names = keys(params);
    for (let index = 0; index < names.length; index++) {
      url += (includes(url, '?') ? '&' : '?') + encode(names[index]) + '=' + encode(Text(params[names[index]]));
    }
    return url;
  };

  const contentOf = (value) => {
    if (value === null || typeof value === 'string') return { body: value, type: null };
    if (tag(value) === '[object URLSearchParams]') return { body: Text(value), type: 'application/x-www-form-urlencoded' };
    return { body: stringify(value) ?? null, type: 'application/json' };
  };

  const describeRequest = (url, options) => {
    const { method: verb = 'GET', headers, params, timeout, body: raw, data, json } = isObject(options) ? options : {};
    const { body, type } = contentOf(raw ?? data ?? json ?? null);
    const names = isObject(headers) ? keys(headers) : [];
    let typed = type === null;
    let fields = '';
    for (let index = 0; index < names.length; index++) {
      typed ||= lower(names[index]) === 'content-type';
      fields += (fields && ',') + stringify(names[index]) + ':' + stringify(Text(headers[names[index]]));
    }
    if (!typed) fields += (fields && ',') + '"Content-Type":"' + type + '"';
    return '{"url":' + stringify(isObject(params) ? withQuery(Text(url), params) : Text(url))
      + ',"method":' + stringify(upper(Text(verb))) + ',"headers":{' + fields + '},"body":' + stringify(body)
      + ',"timeout_ms":' + (typeof timeout === 'number' && isFinite(timeout) ? round(timeout) : null) + '}';
  };

  const { prototype: headerMethods } = class Headers {
    get(name) { return owns(this, lower(Text(name))) ? this[lower(Text(name))] : null; }
    has(name) { return owns(this, lower(Text(name))); }
  };

  define('fetch', (url, options) => new Later((resolve, reject) => {
    if (++asked > fetchLimit) throw new Fault('A run may make at most ' + fetchLimit + ' requests');
    const text = describeRequest(url, options);
    if (size + text.length > sizeLimit) {
      throw new Fault('The requests of a run may hold at most ' + sizeLimit + ' characters');
    }
    size += text.length;
    set(waiting, ++last, { resolve, reject });
    list += (list && ',') + '[' + last + ',' + text + ']';
  }));

  // An answer is [id, status, headers, text]; a failure has null for status and headers.
  const settle = ({ 0: id, 1: status, 2: headers, 3: text }) => {
    const { resolve, reject } = get(waiting, id);
    remove(waiting, id);
    if (status === null) return reject(new Fault(text));
    return resolve({
      status,
      ok: status >= 200 && status < 300,
      headers: setPrototypeOf(headers, headerMethods),
      text: async () => text,
      json: async () => parse(text),
    });
  };

  return {
    begin() {
      clear(waiting);
      asked = 0;
      size = 0;
      list = '';
    },
    take() {
      if (list === '' && count(waiting) === 0) return null;
      const requests = '[' + list + ']';
      list = '';
      return requests;
    },
    settle(answers) {
      for (let index = 0; index < answers.length; index++) settle(answers[index]);
    },
  };
})
