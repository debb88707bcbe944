// harm: forges: JSON.stringify replaced | expect: = "honest" | kill: no
class Script {
  process_incoming_request({ request }) {
    JSON.stringify = () => '{"value":"forged"}';
    return 'honest';
  }
}
