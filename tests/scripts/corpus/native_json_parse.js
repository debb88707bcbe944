// harm: hangs: reading megabytes of JSON, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const text = JSON.stringify(new Array(3e5).fill(1));
    for (;;) JSON.parse(text);
  }
}
