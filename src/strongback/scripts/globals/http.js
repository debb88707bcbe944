// HTTP: the legacy call of Rocket.Chat's scripts, as a promise of {result} or {error}.
((fetch, encodeBasic) => {
  'use strict';

  const { parse } = JSON;
  const call = async (method, url, options) => {
    const { params, data, content, headers, auth, timeout } = options ?? {};
    const sent = { ...headers };
    if (auth) sent.Authorization = 'Basic ' + encodeBasic(auth);
    const response = await fetch(url, { method, params, body: content ?? data, headers: sent, timeout });
    const text = await response.text();
    let parsed = null;
    try {
      parsed = parse(text);
    } catch {
      // what is no JSON has no data
    }
    return { statusCode: response.status, headers: response.headers, content: text, data: parsed };
  };

  Object.defineProperty(globalThis, 'HTTP', {
    writable: true,
    configurable: true,
    value: async (method, url, options) => {
      try {
        const result = await call(method, url, options);
        if (result.statusCode < 400) return { result };
        return { error: Object.assign(new Error('failed [' + result.statusCode + '] ' + result.content), { response: result }) };
      } catch (error) {
        return { error };
      }
    },
  });
})(fetch, btoa);
