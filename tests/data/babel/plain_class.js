/* The example of Rocket.Chat's documentation, roughly. */
class Script {
  /**
   * @params {object} request
   */
  process_incoming_request({ request }) {
    // request.url.hash
    console.log(request.content);
    return {
      content: {
        text: request.content.text,
        icon_emoji: ':slightly_smiling_face:'
      }
    };
  }
}
