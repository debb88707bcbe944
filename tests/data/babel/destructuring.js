class Script {
  process_incoming_request({ request: { content: { commits = [], repository: { name } = {}, ...rest }, headers: { 'x-event': event } } }) {
    const [first, , third = 'none', ...others] = commits;
    let a = 1, b = 2;
    [a, b] = [b, a];
    ({ a, b } = { a: b, b: a });
    for (const [key, value] of Object.entries(rest)) console.log(key, value);
    return { content: { text: `${event} ${name} ${first} ${third} ${others.length}` } };
  }
}
