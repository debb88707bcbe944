// harm: hangs: concat of an endless list | expect: timeout | kill: yes
class Script {
  process_incoming_request({ request }) {
    return [].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true });
  }
}
