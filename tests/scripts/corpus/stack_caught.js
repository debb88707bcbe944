// harm: crashes: it catches the overflow and calls itself again | expect: timeout | kill: no
class Script {
  process_incoming_request({ request }) {
    const down = () => {
      try { down(); } catch { down(); }
    };
    down();
  }
}
