// harm: memory: rejections that nobody handles | expect: memory|timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const all = [];
    for (;;) all.push(Promise.reject(new Error('x')));
  }
}
