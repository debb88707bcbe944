// URL and URLSearchParams for http and https, after url.spec.whatwg.org; hosts are ASCII, IPv6 stays as written.
'use strict';

(() => {
  const PORTS = { 'http:': '80', 'https:': '443' };
  const USER = /[\0- "#<>?^`{}\/:;=@[\\\]|\x7f-\uffff]/u;
  const PATH = /[\0- "#<>?^`{}\x7f-\uffff]/u;
  const QUERY = /[\0- "#<>'\x7f-\uffff]/u;
  const HASH = /[\0- "<>`\x7f-\uffff]/u;

  const escape = (text, set) => {
    let escaped = '';
    for (const letter of text.toWellFormed()) {
      if (letter < '\x80' && !set.test(letter)) escaped += letter;
      else if (/[!'()*~]/.test(letter)) escaped += '%' + letter.charCodeAt(0).toString(16).toUpperCase();
      else escaped += encodeURIComponent(letter);
    }
    return escaped;
  };

  const unescape = (text) => text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      const bytes = /%[0-7].|%[CD].%[89AB].|%E.(?:%[89AB].){2}|%F.(?:%[89AB].){3}|%../gi;
      return run.replace(bytes, (letter) => {
        try {
          return decodeURIComponent(letter);
        } catch {
          return '\ufffd';
        }
      });
    }
  });

  const invalid = (text) => new TypeError(`Invalid URL: ${text}`);

  const number = (text) => {
    if (/^0x[0-9a-f]*$/i.test(text)) return parseInt(text.slice(2) || '0', 16);
    if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
    return /^(?:0|[1-9][0-9]*)$/.test(text) ? Number(text) : NaN;
  };

  const ipv4 = (host, url) => {
    const parts = host.replace(/\.$/, '').split('.').map(number);
    const last = parts.pop();
    const whole = parts.length <= 3 && parts.every((part) => part <= 255) && last < 256 ** (4 - parts.length);
    if (!whole) throw invalid(url);
    const value = parts.reduce((sum, part, index) => sum + part * 256 ** (3 - index), last);
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  };

  const parseHost = (text, url) => {
    const host = unescape(text).toLowerCase();
    if (/^\[[0-9a-f:.]+\]$/.test(host)) return host;
    if (host === '' || /[\0- "#%/:<>?@[\\\]^`{|}\x7f-\uffff]/.test(host)) throw invalid(url);
    return /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/.test(host) ? ipv4(host, url) : host;
  };

  const parsePort = (text, protocol, url) => {
    if (!/^\d*$/.test(text) || Number(text) > 65535) throw invalid(url);
    const port = text === '' ? '' : String(Number(text));
    return port === PORTS[protocol] ? '' : port;
  };

  const parseAuthority = (text, protocol, url) => {
    const at = text.lastIndexOf('@');
    const [user, ...password] = text.slice(0, Math.max(at, 0)).split(':');
    const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text.slice(at + 1)) ?? [];
    if (host === undefined) throw invalid(url);
    return {
      protocol,
      username: escape(user, USER),
      password: escape(password.join(':'), USER),
      hostname: parseHost(host, url),
      port: parsePort(port ?? '', protocol, url),
    };
  };

  const parsePath = (text) => {
    const segments = text.replace(/^[/\\]/, '').split(/[/\\]/);
    const path = [];
    segments.forEach((segment, index) => {
      const dots = segment.replace(/%2e/gi, '.');
      if (dots === '..') path.pop();
      else if (dots !== '.') path.push(escape(segment, PATH));
      if (index === segments.length - 1 && (dots === '.' || dots === '..')) path.push('');
    });
    return `/${path.join('/')}`;
  };

  const parse = (input, base) => {
    const text = input.replace(/^[\0- ]+|[\0- ]+$/g, '').replace(/[\t\n\r]/g, '');
    const [, before, query, hash] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text);
    const scheme = /^([a-z][a-z0-9+.-]*:)(.*)$/is.exec(before);
    const protocol = scheme ? scheme[1].toLowerCase() : base?.protocol;
    if (!Object.hasOwn(PORTS, protocol ?? '')) throw invalid(input);
    const rest = scheme ? scheme[2] : before;
    const relative = base && protocol === base.protocol && (scheme ? !rest.startsWith('//') : !/^[/\\]{2}/.test(rest));
    const tail = {
      search: query === undefined ? '' : escape(query.slice(1), QUERY),
      hash: hash === undefined ? '' : escape(hash.slice(1), HASH),
    };
    if (!relative) {
      const [, authority, path] = /^[/\\]*([^/\\]*)(.*)$/s.exec(rest);
      return { ...parseAuthority(authority, protocol, input), pathname: parsePath(path), ...tail };
    }
    if (rest === '') return { ...base, ...tail, search: query === undefined ? base.search : tail.search };
    const from = /^[/\\]/.test(rest) ? '' : base.pathname.replace(/[^/]*$/, '');
    return { ...base, pathname: parsePath(from + rest), ...tail };
  };

  const form = (text) =>
    encodeURIComponent(text.toWellFormed()).replace(/%20|[!'()~]/g, (letter) =>
      letter === '%20' ? '+' : `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

  const pairs = (init) => {
    if (typeof init === 'object' && init !== null) {
      const list = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
      return list.map(([name, value]) => [String(name), String(value)]);
    }
    return String(init).replace(/^\?/, '').split('&').filter((part) => part !== '').map((part) => {
      const [name, ...value] = part.replace(/\+/g, ' ').split('=');
      return [unescape(name), unescape(value.join('='))];
    });
  };

  let watch; // set by URLSearchParams: has a URL hear of changes

  class URLSearchParams {
    #pairs;
    #changed = () => {};
    static { watch = (params, changed) => { params.#changed = changed; }; }
    constructor(init = '') { this.#pairs = pairs(init); }
    get size() { return this.#pairs.length; }
    get(name) { return this.#pairs.find((pair) => pair[0] === String(name))?.[1] ?? null; }
    getAll(name) { return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]); }
    has(name, value) { return this.#pairs.some((pair) => this.#matches(pair, name, value)); }
    append(name, value) { this.#replace([...this.#pairs, [String(name), String(value)]]); }
    delete(name, value) { this.#replace(this.#pairs.filter((pair) => !this.#matches(pair, name, value))); }
    set(name, value) {
      const first = this.#pairs.findIndex((pair) => pair[0] === String(name));
      if (first < 0) return this.append(name, value);
      const kept = this.#pairs.filter((pair, index) => index <= first || pair[0] !== String(name));
      kept[first] = [String(name), String(value)];
      return this.#replace(kept);
    }
    sort() { this.#replace([...this.#pairs].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))); }
    forEach(call, self) { for (const [name, value] of this.#pairs) call.call(self, value, name, this); }
    * entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
    * keys() { for (const [name] of this.#pairs) yield name; }
    * values() { for (const [, value] of this.#pairs) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    get [Symbol.toStringTag]() { return 'URLSearchParams'; }
    toString() { return this.#pairs.map(([name, value]) => `${form(name)}=${form(value)}`).join('&'); }
    #matches(pair, name, value) { return pair[0] === String(name) && (value === undefined || pair[1] === String(value)); }
    #replace(list) {
      this.#pairs = list;
      this.#changed();
    }
  }

  class URL {
    #parts;
    #params = null;
    constructor(url, base) { this.#parts = parse(String(url), base === undefined ? null : parse(String(base), null)); }
    static canParse(url, base) { return URL.parse(url, base) !== null; }
    static parse(url, base) {
      try {
        return new URL(url, base);
      } catch {
        return null;
      }
    }
    get href() {
      const { username, password, pathname } = this.#parts;
      const secret = password && `:${password}`;
      const user = username || password ? `${username}${secret}@` : '';
      return `${this.protocol}//${user}${this.host}${pathname}${this.search}${this.hash}`;
    }
    set href(value) { this.#change(parse(String(value), null)); }
    get origin() { return `${this.protocol}//${this.host}`; }
    get protocol() { return this.#parts.protocol; }
    set protocol(value) {
      const protocol = `${String(value).replace(/:.*$/s, '')}:`.toLowerCase();
      if (Object.hasOwn(PORTS, protocol)) this.#change({ protocol, port: parsePort(this.port, protocol, '') });
    }
    get username() { return this.#parts.username; }
    set username(value) { this.#change({ username: escape(String(value), USER) }); }
    get password() { return this.#parts.password; }
    set password(value) { this.#change({ password: escape(String(value), USER) }); }
    get host() { return this.#parts.hostname + (this.#parts.port && `:${this.#parts.port}`); }
    set host(value) {
      const { hostname, port } = parseAuthority(String(value).replace(/[/\\?#].*$/s, ''), this.protocol, String(value));
      this.#change(/:\d+$/.test(String(value)) ? { hostname, port } : { hostname });
    }
    get hostname() { return this.#parts.hostname; }
    set hostname(value) { this.#change({ hostname: parseHost(String(value), String(value)) }); }
    get port() { return this.#parts.port; }
    set port(value) { this.#change({ port: parsePort(String(value), this.protocol, String(value)) }); }
    get pathname() { return this.#parts.pathname; }
    set pathname(value) { this.#change({ pathname: parsePath(String(value)) }); }
    get search() { return this.#parts.search && `?${this.#parts.search}`; }
    set search(value) { this.#change({ search: escape(String(value).replace(/^\?/, ''), QUERY) }); }
    get hash() { return this.#parts.hash && `#${this.#parts.hash}`; }
    set hash(value) { this.#change({ hash: escape(String(value).replace(/^#/, ''), HASH) }); }
    get searchParams() {
      if (this.#params === null) {
        const params = this.#params = new URLSearchParams(this.#parts.search);
        watch(params, () => { this.#parts.search = params.toString(); });
      }
      return this.#params;
    }
    get [Symbol.toStringTag]() { return 'URL'; }
    toString() { return this.href; }
    toJSON() { return this.href; }
    #change(parts) {
      this.#parts = { ...this.#parts, ...parts };
      if ('search' in parts) this.#params = null;
    }
  }

  for (const value of [URL, URLSearchParams]) {
    Object.defineProperty(globalThis, value.name, { value, writable: true, configurable: true });
  }
})();
