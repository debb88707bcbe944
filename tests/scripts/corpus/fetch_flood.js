// harm: floods: a thousand requests at once | expect: = [10, 990] | kill: no
class Script {
  async process_incoming_request({ request }) {
    const all = await Promise.allSettled(Array.from({ length: 1000 }, () => fetch('https://example.com/')));
    return [all.filter((one) => one.status === 'fulfilled').length, all.filter((one) => one.status === 'rejected').length];
  }
}
