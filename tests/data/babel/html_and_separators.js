const html = '</script><!-- x -->', ls = '\u2028\u2029', raw = ' ';
class Script { process_incoming_request() { return { content: { text: html + ls + raw } }; } }
