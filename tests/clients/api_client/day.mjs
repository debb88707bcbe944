// A day with Rocket.Chat's own REST client: node day.mjs URL USER PASSWORD COLLEAGUE
// Prints one JSON object: what the server answered, step by step.
import { createHash } from 'node:crypto';

import { RestClient } from '@rocket.chat/api-client';

const [baseUrl, user, password, colleague] = process.argv.slice(2);
const client = new RestClient({ baseUrl });
const asked = [];
const seen = {};

client.use((context, next) => {
  asked.push(`${context[1]} ${context[0].split('?')[0]}`);
  return next(...context);
});

const refusal = (call) => call.then(
  () => { throw new Error('this was not refused'); },
  async (response) => ({ code: response.status, ...(await response.json()) }),
);

seen.visitor = await refusal(client.get('/v1/me'));
seen.wrong = await refusal(client.post('/v1/login', { user, password: 'wrong' }));
const { data } = await client.post('/v1/login', { user, password });
client.setCredentials({ 'X-User-Id': data.userId, 'X-Auth-Token': data.authToken });
seen.me = (await client.get('/v1/me')).username;

const { group } = await client.post('/v1/groups.create', { name: 'by-node', members: [colleague] });
const room = { roomId: group._id };
seen.group = group;
seen.members = (await client.get('/v1/groups.members', { ...room, count: 10 })).members.map((one) => one.username);
await client.post('/v1/users.setStatus', { message: 'coding', status: 'busy' });
seen.busy = (await client.get('/v1/groups.members', { ...room, status: ['busy', 'away'] })).members.map((one) => one.username);

const { message } = await client.post('/v1/chat.sendMessage', { message: { rid: group._id, msg: 'Hello *world* ünïcode & more' } });
await client.post('/v1/chat.postMessage', { ...room, text: 'a reply', tmid: message._id });
await client.post('/v1/chat.react', { messageId: message._id, emoji: ':tada:' });
seen.message = (await client.get('/v1/chat.getMessage', { msgId: message._id })).message;
seen.found = (await client.get('/v1/chat.search', { ...room, searchText: 'ünïcode & more' })).messages.map((one) => one.msg);
seen.history = (await client.get('/v1/groups.history', { ...room, showThreadMessages: 'false' })).messages.map((one) => one.msg);
const query = JSON.stringify({ msg: { $regex: '^a ' } });
seen.queried = (await client.get('/v1/groups.messages', { ...room, query, sort: '{"ts":1}' })).messages.map((one) => one.msg);

const type = 'webhook-incoming';
const hook = { type, name: 'by-node', enabled: true, username: 'rocket.cat', channel: '#general', scriptEnabled: false };
seen.refused = await refusal(client.post('/v1/integrations.create', hook));

let challenge;
client.handleTwoFactorChallenge(async (asked) => {
  challenge = asked;
  return createHash('sha256').update(password).digest('hex');
});
const made = await client.post('/v1/users.generatePersonalAccessToken', { tokenName: 'by-node' });
seen.challenge = challenge;
client.setCredentials({ 'X-User-Id': data.userId, 'X-Auth-Token': made.token });
seen.byToken = (await client.get('/v1/me')).username;

seen.renamed = (await client.post('/v1/groups.rename', { ...room, name: 'renamed-by-node' })).group.name;
seen.deleted = await client.post('/v1/groups.delete', room);
seen.gone = await refusal(client.get('/v1/groups.info', room));
seen.absent = await refusal(client.get('/v1/rooms.nothing'));
seen.asked = asked;

console.log(JSON.stringify(seen));
