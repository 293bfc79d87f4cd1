/**
 * `https.mjs serve PORT KEY CERT`: answers /200, /404, /500 with that status, and logs each answer.
 * `https.mjs ask HOST PORT COUNT`: asks for these in turn over a few kept connections, several at once.
 */
import { readFileSync } from 'node:fs';
import https from 'node:https';

const statuses = [200, 404, 500];
const [command, ...rest] = process.argv.slice(2);

function serve(port, key, cert) {
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    request.resume();
    request.on('end', () => {
      const status = Number(request.url.slice(1));
      response.writeHead(status, { 'content-type': 'text/plain' });
      response.end(`this is ${status}\n`, () => console.log(`answered ${status}`));
    });
  });
  server.listen(Number(port), '::', () => console.log('listening'));
}

function ask(agent, hostname, port, index) {
  const status = statuses[index % statuses.length];
  const { promise, resolve, reject } = Promise.withResolvers?.() ?? deferred();
  const body = index % 2 === 0 ? '' : 'x'.repeat(index * 10);
  const request = https.request(
    { agent, hostname, port, path: `/${status}`, method: 'POST', rejectUnauthorized: false },
    (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === status ? resolve() : reject(new Error('another status'))));
    },
  );
  request.on('error', reject);
  request.end(body);
  return promise;
}

function deferred() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}

if (command === 'serve') serve(...rest);
else {
  const [hostname, port, count] = rest;
  const agent = new https.Agent({ keepAlive: true, maxSockets: 4 });
  await Promise.all(Array.from({ length: Number(count) }, (_, index) => ask(agent, hostname, port, index)));
  agent.destroy();
}
