// harm: escapes: every function that there is, called | expect: = "contained" | kill: no
class Script {
  process_incoming_request({ request }) {
    const everything = Function('return this')();
    for (const name of Reflect.ownKeys(everything)) {
      try {
        const found = everything[name]();
        if (String(found).includes('canary')) return found;
      } catch { /* the next */ }
    }
    return 'contained';
  }
}
