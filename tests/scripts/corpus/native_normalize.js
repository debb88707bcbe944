// harm: hangs: normalising a long text, over and over | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    const text = 'e\u0301'.repeat(5e5);
    for (;;) text.normalize('NFC').normalize('NFD');
  }
}
