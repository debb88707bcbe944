const a = /(/u; const b = /a/gg;
