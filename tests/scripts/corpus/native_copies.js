// harm: hangs: copies of a long list that are thrown away, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const list = new Array(4e5).fill(1);
    for (;;) list.slice();
  }
}
