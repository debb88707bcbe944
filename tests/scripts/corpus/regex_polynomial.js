// harm: hangs: the square of a long text, over and over | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const text = ' '.repeat(200000) + 'x';
    for (;;) /\s+$/.test(text);
  }
}
