// harm: hangs: writing megabytes of JSON, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const list = new Array(5e5).fill(1);
    for (;;) JSON.stringify(list);
  }
}
