// console: keeps the last 100 lines, or the last 8192 characters, of a run.
'use strict';

(({ clip, create, define, describe, isObject, Fault, Text, stringify }) => {
  const LINES = 100;
  const SIZE = 8192;

  let lines = create(null);
  let first = 0;
  let next = 0;
  let size = 0;

  const show = (item) => {
    try {
      if (typeof item === 'string') return item;
      if (typeof item === 'function') return '[function]';
      if (!isObject(item)) return Text(item);
      return (item instanceof Fault ? describe(item) : stringify(item)) ?? describe(item);
    } catch {
      return '[cannot be shown]';
    }
  };

  const print = (prefix) => (...items) => {
    let line = prefix;
    for (let index = 0; index < items.length; index++) line += (index ? ' ' : '') + show(items[index]);
    line = clip(line, SIZE - 1);
    lines[next++] = line;
    size += line.length;
    while (next - first > LINES || size > SIZE) {
      size -= lines[first].length;
      delete lines[first++];
    }
  };

  const take = () => {
    let text = '';
    for (let index = first; index < next; index++) text += (text && ',') + stringify(lines[index]);
    lines = create(null);
    first = next = size = 0;
    return '[' + text + ']';
  };

  define('console', {
    log: print(''), info: print(''), warn: print('warn: '), error: print('error: '), debug: print('debug: '),
  });
  return { take };
})
