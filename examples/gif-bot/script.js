/*
 * A member writes `!gif party`; the integration's URL, a GIF search that answers as Giphy does, is asked for "party";
 * the group sees what it finds.
 */
const COMMAND = '!gif';

const say = (text) => ({ content: { text } });

const read = (text) => {
  try {
    return JSON.parse(text);
  } catch (error) {
    return null;
  }
};

const wantedIn = (url) => decodeURIComponent(/[?&]q=([^&]*)/.exec(url)[1]);

class Script {
  prepare_outgoing_request({ request }) {
    const { bot, text, user_name } = request.data;
    const [command, ...words] = text.trim().split(/\s+/);
    // other bots are not answered, or two of them could talk for ever; "!gifts" begins with the trigger word, too
    if (bot || command !== COMMAND) return undefined;
    if (words.length === 0) {
      return { message: { text: `@${user_name} a GIF of what? Write for example \`${COMMAND} party\`.` } };
    }
    const query = `q=${encodeURIComponent(words.join(' '))}&limit=1`;
    return {
      method: 'GET',
      url: `${request.url}${request.url.includes('?') ? '&' : '?'}${query}`,
      headers: { Accept: 'application/json' },
    };
  }

  process_outgoing_response({ request, response }) {
    const wanted = wantedIn(request.url);
    if (response.status_code !== 200) {
      return say(`The GIF search is not well (status ${response.status_code}). Please try again later.`);
    }
    const answer = read(response.content_raw);
    if (!Array.isArray(answer?.data)) {
      return say('The GIF search answered with something that is no list of GIFs. Please try again later.');
    }
    const gif = answer.data.find((one) => one?.images?.original?.url);
    if (!gif) return say(`There is no GIF of “${wanted}”.`);
    const picture = { title: gif.title || wanted, image_url: gif.images.original.url };
    if (gif.url) picture.title_link = gif.url;
    return { content: { text: '', attachments: [picture] } };
  }
}
