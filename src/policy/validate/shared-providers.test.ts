import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lint, PolicySyntaxError, validatePolicy } from '../index.js';

const arn = (host: string) => `arn:aws:iam::111122223333:oidc-provider/${host}`;

function trust(Federated: string, Condition?: object, more: object = {}): string {
  const Action = 'sts:AssumeRoleWithWebIdentity';
  const statement = {
    Effect: 'Allow',
    Principal: { Federated },
    Action,
    ...(Condition && { Condition }),
    ...more,
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

function refusalOf(document: string): string | undefined {
  try {
    validatePolicy(document, 'trust');
    return undefined;
  } catch (error) {
    if (error instanceof PolicySyntaxError) return error.message;
    throw error;
  }
}

/** Key by provider, as the IAM User Guide has them ("Identity-provider controls for shared OIDC providers"). */
const REQUIRED = [
  ['token.actions.githubusercontent.com', 'token.actions.githubusercontent.com:sub'],
  ['gitlab.com', 'gitlab.com:sub'],
  ['app.terraform.io', 'app.terraform.io:sub'],
  ['agent.buildkite.com', 'agent.buildkite.com:sub'],
  ['studio.datachain.ai/api', 'studio.datachain.ai/api:sub'],
  ['api.pulumi.com/oidc', 'api.pulumi.com/oidc:aud'],
  ['oidc.vercel.com', 'oidc.vercel.com:aud'],
  ['sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d', 'sts:RoleSessionName'],
] as const;

describe('trust policies that let in every customer of a shared identity provider', () => {
  test('are refused, and lint calls it an error', async () => {
    for (const [host, key] of REQUIRED) {
      const sentence = `A condition on ${key} must be present for the shared OIDC provider`;
      assert.equal(refusalOf(trust(arn(host))), sentence);
      const found = await lint(trust(arn(host)), 'trust');
      assert.ok(
        found.some(({ severity, message }) => severity === 'ERROR' && message.includes(key)),
        host,
      );
    }
  });

  test('a condition on another key, a negation and wildcards alone tell nobody apart', () => {
    const host = 'token.actions.githubusercontent.com';
    for (const condition of [
      { StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com' } },
      { StringNotEquals: { [`${host}:sub`]: 'repo:o/r:ref:refs/heads/main' } },
      { StringLike: { [`${host}:sub`]: '*' } },
      { StringLike: { [`${host}:sub`]: ['repo:o/r:*', '?*'] } },
      { StringEquals: { [`${host}:sub`]: '' } },
      { Null: { [`${host}:sub`]: 'false' } },
    ])
      assert.ok(refusalOf(trust(arn(host), condition)), JSON.stringify(condition));
  });

  test('one on the tenant is taken, in any spelling of the key', () => {
    for (const [host, key] of REQUIRED) {
      assert.equal(refusalOf(trust(arn(host), { StringEquals: { [key]: 'mine' } })), undefined);
      assert.equal(refusalOf(trust(arn(host), { StringLike: { [key.toUpperCase()]: 'mine:*' } })), undefined);
    }
  });

  test('providers of one customer, denials and other ways to assume the role need none', () => {
    assert.equal(refusalOf(trust(arn('login.example.com'))), undefined);
    assert.equal(refusalOf(trust(arn('token.actions.githubusercontent.com/enterprise'))), undefined);
    assert.equal(refusalOf(trust(arn('gitlab.com'), undefined, { Effect: 'Deny' })), undefined);
    assert.equal(refusalOf(trust(arn('gitlab.com'), undefined, { Action: 'sts:TagSession' })), undefined);
  });

  // The sentence is in replies to CloudFormation (AWS Toolkit for VS Code, documentation of Infrastructure Composer).
  test("Cognito's pools have a sentence of their own", () => {
    const cognito = 'cognito-identity.amazonaws.com';
    assert.equal(refusalOf(trust(cognito)), 'A condition block must be present for the Cognito provider');
    assert.ok(refusalOf(trust(cognito, { StringLike: { [`${cognito}:amr`]: 'authenticated' } })));
    assert.equal(
      refusalOf(trust(cognito, { StringEquals: { [`${cognito}:aud`]: 'us-east-1:1' } })),
      undefined,
    );
  });
});
