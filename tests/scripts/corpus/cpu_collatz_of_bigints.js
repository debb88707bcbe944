// harm: hangs: a search that has no end | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    for (let start = 2n ** 68n; ; start++) {
      for (let n = start; n !== 1n;) n = n % 2n ? 3n * n + 1n : n / 2n;
    }
  }
}
