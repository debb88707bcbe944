class Script {
  prepare_outgoing_request({ request }) {
    const { data } = request;
    if (data.bot) {
      return false;
    }
    return {
      url: request.url,
      method: 'POST',
      headers: { ...request.headers, 'X-From': data.user_name },
      data: { q: data.text.slice(1) },
    };
  }

  process_outgoing_response({ request, response }) {
    if (response.status_code !== 200) {
      return { content: { text: `failed with ${response.status_code}` } };
    }
    return { content: { text: JSON.parse(response.content_raw).answer } };
  }
}
