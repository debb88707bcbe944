// harm: leaks: a property of all objects, by merging JSON | expect: = "clean" | kill: no
class Script {
  process_incoming_request({ request }) {
    const merge = (target, source) => {
      for (const key in source) typeof source[key] === 'object' ? merge(target[key], source[key]) : (target[key] = source[key]);
    };
    if ({}.secret) return 'leaked';
    merge({}, JSON.parse('{"__proto__": {"secret": 1}}'));
    return 'clean';
  }
}
