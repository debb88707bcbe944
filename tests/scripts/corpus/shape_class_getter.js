// harm: hangs: its class is a getter that never answers | expect: timeout | kill: no
Object.defineProperty(Function('return this')(), 'Script', { get() { for (;;) {} } });
