/** `karikagi doctor --imds`: what is wrong with an endpoint of instance metadata. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import {
  IAMClient,
  RemoveRoleFromInstanceProfileCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { metadataFindings } from '../src/clients/doctor/metadata.js';
import { type ImdsOptions, startImds } from '../src/imds/index.js';
import { AGENT, type Fleet, openFleet, PROFILE } from './support/fleet.js';

suite('karikagi doctor --imds', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await openFleet({ region: 'eu-central-1' });
  });
  after(() => fleet.close());

  const codes = async (endpoint: string, more: Record<string, string> = {}) =>
    (await metadataFindings({ AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint, ...more })).map(
      ({ code }) => code,
    );

  async function codesOf(more: Partial<ImdsOptions>, variables: Record<string, string> = {}) {
    const target = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet.root };
    const imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0', ...more });
    try {
      return await codes(`${imds.endpoint}/`, variables);
    } finally {
      await imds.close();
    }
  }

  test('nothing is wrong; version 1 is open; it is off; clients may not ask; nothing is there', async () => {
    assert.deepEqual(await codesOf({}), []);
    assert.deepEqual(await codesOf({ tokens: 'optional' }), ['imds-v1']);
    assert.deepEqual(await codesOf({ disabled: true }), ['imds-off']);
    assert.deepEqual(await codesOf({}, { AWS_EC2_METADATA_DISABLED: 'true' }), ['imds-disabled-here']);
    assert.deepEqual(await codes('http://127.0.0.1:9'), ['imds-unreachable']);
  });

  test('a hop limit that keeps the token from a container', async () => {
    // On EC2 the answer to the PUT is lost on its way; every other answer arrives.
    const server = createServer((request, response) => {
      if (request.method !== 'PUT') response.writeHead(401).end();
    });
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    assert.deepEqual(await codes(`http://127.0.0.1:${port}`), ['imds-hop-limit']);
    server.closeAllConnections();
    server.close();
  });

  test('a role that does not trust EC2, and a profile without a role', async () => {
    const config = { endpoint: fleet.endpoint, region: fleet.region, credentials: fleet.root };
    const iam = new IAMClient(config);
    const statement = {
      Effect: 'Allow',
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: 'sts:AssumeRole',
    };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: AGENT, PolicyDocument }));
    assert.deepEqual(await codesOf({}), ['imds-role']);
    const input = { InstanceProfileName: PROFILE, RoleName: AGENT };
    await iam.send(new RemoveRoleFromInstanceProfileCommand(input));
    assert.deepEqual(await codesOf({}), ['imds-no-role']);
  });
});
