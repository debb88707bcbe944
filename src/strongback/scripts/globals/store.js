// Store: JSON texts by name. The parent's text is read at the first use in a run, and goes back where it was changed.
'use strict';

((storeLimit) => ({ define, method, Fault, Text, parse, stringify }) => {
  const { keys } = Object;
  const get = method(Map.prototype.get);
  const set = method(Map.prototype.set);
  const remove = method(Map.prototype.delete);
  const clear = method(Map.prototype.clear);
  const each = method(Map.prototype.forEach);

  const texts = new Map();
  let unread = '{}';
  let size = 1; // two braces, and no comma after the last entry
  let changed = false;

  const entrySize = (name, text) => (text === undefined ? 0 : stringify(name).length + text.length + 2);

  const read = () => {
    if (unread === null) return;
    const values = parse(unread);
    const names = keys(values);
    clear(texts);
    size = 1;
    for (let index = 0; index < names.length; index++) {
      const text = stringify(values[names[index]]);
      set(texts, names[index], text);
      size += entrySize(names[index], text);
    }
    unread = null;
  };

  define('Store', {
    get(name) {
      read();
      const text = get(texts, Text(name));
      return text === undefined ? undefined : parse(text);
    },
    set(name, value) {
      read();
      name = Text(name);
      const text = stringify(value);
      const grown = size - entrySize(name, get(texts, name)) + entrySize(name, text);
      if (grown > storeLimit) throw new Fault('Store holds at most ' + storeLimit + ' characters of JSON');
      if (text === undefined) remove(texts, name);
      else set(texts, name, text);
      size = grown;
      changed = true;
      return value;
    },
  });

  return {
    begin(text) {
      if (text !== null) unread = text;
      changed = false;
    },
    changed() {
      if (!changed) return null;
      let dump = '';
      each(texts, (text, name) => { dump += (dump && ',') + stringify(name) + ':' + text; });
      return '{' + dump + '}';
    },
  };
})
