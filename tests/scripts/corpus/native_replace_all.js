// harm: hangs: replaceAll of a long text that is almost there | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    return 'a'.repeat(8e6).replaceAll('a'.repeat(4e6) + 'b', '');
  }
}
