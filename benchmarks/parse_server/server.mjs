// A Parse Server as it is run in production: nothing logged, the schema and sessions kept in memory.
//
//     NODE_ENV=production node server.mjs postgresql://... APP_ID MASTER_KEY

import http from "node:http";
import express from "express";
import { ParseServer } from "parse-server";

// The load reads the names of headers in lower case, as the other servers write them.
express.response.setHeader = function setHeader(name, value) {
  return http.ServerResponse.prototype.setHeader.call(this, name.toLowerCase(), value);
};

const [databaseURI, appId, masterKey] = process.argv.slice(2);
const app = express().disable("x-powered-by");
const server = http.createServer(app);
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}`;
const parse = new ParseServer({
  databaseURI,
  appId,
  masterKey,
  serverURL: `${url}/parse`,
  allowClientClassCreation: false,
  cacheTTL: 3_600_000,
  silent: true,
  logsFolder: null,
});
await parse.start();
app.use("/parse", parse.app.disable("etag"));
console.log(`listening on ${url}`);
