// Written for the old engine, without any new syntax.
var Script = function () {};
Script.prototype.process_incoming_request = function (r) {
  var request = r.request, out = [];
  for (var i = 0; i < request.content.list.length; i++) { out.push(request.content.list[i]); }
  try { JSON.parse(request.content_raw); } catch (e) { out.push(e.message); }
  return { content: { text: out.join(' ') } };
};
