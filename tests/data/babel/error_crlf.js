class Script {
  process_incoming_request() {
    return {content: {text: "a" "b"}};
  }
}
