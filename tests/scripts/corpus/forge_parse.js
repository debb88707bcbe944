// harm: forges: JSON.parse replaced; the next script gets another request | expect: = "hello" | kill: no
class Script {
  process_incoming_request({ request }) {
    JSON.parse = () => ({ request: { content: { text: 'forged' } } });
    return request.content.text;
  }
}
