/** A server that does not encrypt what it stores, to hold the cost of encryption against: `plain-server.js DIRECTORY`. */
import { defaultHttpLimits } from '../src/http/budgets.js';
import { Counters } from '../src/http/counters.js';
import { listen } from '../src/http/server.js';
import { openServices } from '../src/server/compose.js';
import { tuneCollector } from '../src/server/gc-flags.js';

tuneCollector();

const part = { keeps: true, encrypts: false };
const { pipeline, log, credentialsFile } = await openServices({ data: process.argv[2]!, log: 'none' }, part);
const http = await listen({
  pipeline,
  host: '127.0.0.1',
  port: 0,
  limits: defaultHttpLimits,
  counters: new Counters(),
  log,
});
process.stdout.write(`${JSON.stringify({ endpoint: `http://127.0.0.1:${http.port}`, credentialsFile })}\n`);
