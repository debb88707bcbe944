// harm: floods: a thousand requests that nobody waits for | expect: = "done" | kill: no
class Script {
  process_incoming_request({ request }) {
    for (let i = 0; i < 1000; i++) fetch('https://example.com/' + i).catch?.(() => {});
    return 'done';
  }
}
