// harm: memory: an array without end while the script is evaluated | expect: memory|timeout | kill: no
const all = [];
for (;;) all.push(new Array(1000).fill(all.length));
class Script { process_incoming_request() { return 'never'; } }
