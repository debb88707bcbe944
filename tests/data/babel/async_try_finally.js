class Script {
  async process_incoming_request({ request }) {
    let tries = 0;
    while (tries < 3) {
      try {
        return await fetch(request.content.url);
      } catch (error) {
        tries++;
        continue;
      } finally {
        console.log('tried', tries);
      }
    }
    return null;
  }
}
