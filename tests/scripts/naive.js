// A sandbox as one writes it in an afternoon. It hides what is dangerous behind parameters of the same name, and trusts
// the built-ins that a script can change. The corpus has to do its harm here, or it proves nothing about the wall.
(function () {
  var host = { read: globalThis.__read, lines: [], requests: 0, sent: 0, store: {} };

  globalThis.console = { log: function () { host.lines.push([].slice.call(arguments).join(' ')); } };
  globalThis.Store = {
    get: function (name) { return host.store[name]; },
    set: function (name, value) { host.store[name] = value; },
  };
  globalThis.fetch = function (url, options) {
    var request = Object.assign({ method: 'GET' }, options);
    host.requests++;
    host.sent += String(url).length + String(request.body).length;
    if (String(url).indexOf('file:') === 0 && request.allowed) return Promise.resolve({ text: host.read });
    return Promise.resolve({ status: 200, text: function () { return 'page'; } });
  };
  // What Node and the qjs command give to every program:
  globalThis.require = function () { return { readFileSync: host.read }; };
  globalThis.process = { env: { SECRET: host.read() }, mainModule: { require: globalThis.require } };
  globalThis.std = { loadFile: host.read };
  globalThis.os = { readlink: host.read };

  var HIDDEN = ['require', 'process', 'std', 'os', 'globalThis', '__read'];

  function load(source) {
    return Function.apply(null, HIDDEN.concat(source + '\n;return Script;')).call({});
  }

  globalThis.__start = function (source, argument) {
    delete host.outcome;
    var script = new (load(source))();
    function gate(password) {
      return password === 'open' ? host.read() : script.process_incoming_request(JSON.parse(argument));
    }
    try {
      Promise.resolve(gate.call(null, '')).then(
        function (value) { host.outcome = JSON.stringify({ value: value }); },
        function (error) { host.outcome = JSON.stringify({ error: error.message.trim() }); }
      );
    } catch (error) {
      host.outcome = JSON.stringify({ error: error.message.trim() });
    }
  };
  globalThis.__outcome = function () { return host.outcome; };
  globalThis.__sizes = function () {
    var lines = 0;
    for (var i = 0; i < host.lines.length; i++) lines += host.lines[i].length;
    return lines + ' ' + host.requests + ' ' + host.sent + ' ' + JSON.stringify(host.store).length;
  };
})();
