import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { BUCKET, openStage, type Stage } from './stage.js';

suite('connections', () => {
  let stage: Stage;
  let agent: Agent;
  before(async () => {
    stage = await openStage();
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });
  after(async () => {
    agent.destroy();
    await stage.close();
  });

  /** Sends an unsigned request to the bucket; tells the status and the local port that it left from. */
  const send = (method: string, headers: Record<string, string>, body = '') =>
    new Promise<{ status: number | undefined; from: number | undefined }>((resolve, reject) => {
      const { hostname, port } = new URL(stage.endpoint);
      const outgoing = request({ agent, hostname, port, method, path: `/${BUCKET}`, headers }, response => {
        const from = outgoing.socket?.localPort;
        response.resume().on('end', () => resolve({ status: response.statusCode, from }));
      });
      outgoing.on('error', reject).end(body);
    });

  test('a body that is refused midway leaves the connection usable', async () => {
    // Far more than what fits into a stream's buffer; refused when the file begins, for want of a key.
    const form = `--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n${'x'.repeat(300_000)}\r\n--x--\r\n`;
    const first = await send('POST', { 'content-type': 'multipart/form-data; boundary=x' }, form);
    const second = await send('GET', {});
    assert.equal(first.status, 400);
    assert.equal(second.status, 403);
    assert.equal(second.from, first.from, 'the same connection');
  });

  test('an unknown expectation is disregarded', async () => {
    assert.equal((await send('GET', { expect: '200' })).status, 403);
  });
});
