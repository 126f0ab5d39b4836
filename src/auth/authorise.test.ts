import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../core/caller.js';
import { compilePolicy } from '../policy/index.js';
import { ANONYMOUS, createAuthoriser, globalContext } from './index.js';
import { FakeCredentials, requestOf, USER } from './requests.test.support.js';

const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });

const identityPolicy = (statement: object) => ({
  name: 'inline policy p of user alice',
  policy: compilePolicy(document(statement), 'identity'),
});

const GET = { action: 's3:GetObject', resource: 'arn:aws:s3:::b/k' };

class Policies extends FakeCredentials {
  loaded = 0;

  constructor(readonly statement: object) {
    super();
  }

  override async policiesOf() {
    this.loaded++;
    return { identity: [identityPolicy(this.statement)] };
  }
}

const NOTHING = () => ({});

const ALLOW = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };

test('the policies of the caller decide', async () => {
  const authorise = createAuthoriser({ credentials: new Policies(ALLOW) });
  assert.equal((await authorise(USER, GET, NOTHING)).decision.allowed, true);
  assert.equal((await authorise(USER, { ...GET, action: 's3:PutObject' }, NOTHING)).decision.allowed, false);
});

test('policies loaded before in the request are not loaded again', async () => {
  const credentials = new Policies(ALLOW);
  const authorise = createAuthoriser({ credentials });
  const policies = Promise.resolve({ identity: [] });
  assert.equal((await authorise(USER, GET, NOTHING, policies)).decision.allowed, false);
  assert.equal(credentials.loaded, 0);
});

test('anonymous callers have the resource policy alone', async () => {
  const credentials = new Policies(ALLOW);
  const authorise = createAuthoriser({ credentials });
  const resourcePolicy = {
    name: 'bucket policy of b',
    policy: compilePolicy(document({ ...ALLOW, Principal: '*', Resource: 'arn:aws:s3:::b/*' }), 'resource'),
  };
  const requirement = { ...GET, resourceAccount: '111122223333' };
  assert.equal((await authorise(ANONYMOUS, requirement, NOTHING)).decision.allowed, false);
  assert.equal(
    (await authorise(ANONYMOUS, { ...requirement, resourcePolicy }, NOTHING)).decision.allowed,
    true,
  );
  assert.equal(credentials.loaded, 0);
});

test('condition keys of requirement, request and caller meet; the caller cannot be outvoted', async () => {
  const authorise = createAuthoriser({ credentials: new Policies(ALLOW) });
  const caller: Caller = {
    ...USER,
    account: { id: '111122223333', partition: 'aws', name: 'a', canonicalId: '0', created: 0 },
    context: { 'aws:username': 'alice' },
  };
  const requirement = {
    ...GET,
    context: { 's3:prefix': 'x', 'aws:username': 'mallory', 'aws:SourceIp': '::' },
  };
  const { request } = await authorise(caller, requirement, () => ({ 'aws:SourceIp': '127.0.0.1' }));
  assert.deepEqual(request.context, {
    'aws:ViaAWSService': 'false',
    's3:prefix': 'x',
    'aws:username': 'alice',
    'aws:SourceIp': '127.0.0.1',
    'aws:ResourceAccount': '111122223333',
  });
  const via = { ...GET, context: { 'aws:ViaAWSService': 'true' } };
  assert.equal((await authorise(caller, via, NOTHING)).request.context['aws:ViaAWSService'], 'true');
  const foreign = await authorise(caller, { ...requirement, resourceAccount: '999999999999' }, NOTHING);
  assert.equal(foreign.request.context['aws:ResourceAccount'], '999999999999');
  assert.equal(foreign.request.resourceAccount, '999999999999');
});

test('boundary, session and trust policies are handed to the decision', async () => {
  const authorise = createAuthoriser({ credentials: new FakeCredentials() });
  const named = identityPolicy(ALLOW);
  const own = { identity: [named], boundary: named, session: [] };
  const requirement = { ...GET, resourcePolicy: named, resourceKind: 'trust' } as const;
  const { policies, decision } = await authorise(USER, requirement, NOTHING, Promise.resolve(own));
  const absent = {
    serviceControl: undefined,
    resourceControl: undefined,
    acl: undefined,
    setAside: undefined,
  };
  assert.deepEqual(policies, { ...own, ...absent, resource: named, resourceKind: 'trust' });
  assert.equal(decision.allowed, false, 'an empty list of session policies allows nothing');
});

test("an object's list and owner are handed to the decision", async () => {
  const authorise = createAuthoriser({ credentials: new FakeCredentials() });
  const acl = {
    name: 'ACL of k',
    policy: compilePolicy(document({ ...ALLOW, Principal: '*' }), 'resource'),
  };
  const requirement = { ...GET, resourceAccount: '111122223333', objectOwner: '444455556666' };
  const granted = await authorise(ANONYMOUS, { ...requirement, acl }, NOTHING);
  assert.deepEqual([granted.decision.layer, granted.policies.acl], ['acl', acl]);
  const resourcePolicy = acl;
  assert.equal(
    (await authorise(ANONYMOUS, { ...requirement, resourcePolicy }, NOTHING)).decision.allowed,
    false,
    "the bucket's policy cannot let anyone at another account's object",
  );
});

test('every request carries the global keys', () => {
  const request = requestOf({ headers: { 'user-agent': 'aws-cli/1', referer: 'http://a/' } });
  const context = globalContext(
    request,
    { caller: USER, region: 'eu-west-1', body: request.body, context: { 's3:authType': 'REST-HEADER' } },
    { sourceIp: '10.1.2.3', secure: false, now: Date.UTC(2026, 10, 22, 7) + 500, region: 'eu-west-1' },
  );
  assert.deepEqual(context, {
    's3:authType': 'REST-HEADER',
    'aws:CurrentTime': '2026-11-22T07:00:00Z',
    'aws:EpochTime': '1795330800',
    'aws:SourceIp': '10.1.2.3',
    'aws:SecureTransport': 'false',
    'aws:RequestedRegion': 'eu-west-1',
    'aws:UserAgent': 'aws-cli/1',
    'aws:Referer': 'http://a/',
  });
});
