/** What an attacker tries first: forged tokens, confused accounts, and permissions that lead to more of them. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { exportJWK, exportSPKI } from 'jose';
import { type RunningServer, startServer } from '../src/index.js';
import { newKey, type OidcIssuer, startIssuer } from './support/oidc-issuer.js';

const ACCOUNT = '111122223333';
const ARN = `arn:aws:iam::${ACCOUNT}`;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

let server: RunningServer;
let root: iam.IAMClient;

before(async () => {
  server = await startServer({
    data: 'memory',
    port: 0,
    account: ACCOUNT,
    log: 'none',
    oidcAllow: ['127.0.0.0/8'],
  });
  root = iamOf(server.root!);
});
after(() => server.close());

const config = (credentials: Keys) => ({
  endpoint: server.endpoint,
  region: 'us-east-1',
  credentials: {
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken }),
  },
  maxAttempts: 1,
});
const iamOf = (keys: Keys) => new iam.IAMClient(config(keys));
const stsOf = (keys: Keys) => new STSClient(config(keys));

function policy(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

const allow = (Action: string | string[], Resource: string | string[] = '*') => ({
  Effect: 'Allow',
  Action,
  Resource,
});

/** The error of a refusal by its name, and where given in these words. */
function refused(name: string, words?: RegExp) {
  return (error: Error) => {
    assert.equal(error.name, name, error.message);
    if (words !== undefined) assert.match(error.message, words);
    return true;
  };
}

async function addUser(name: string, document?: string): Promise<Keys> {
  await root.send(new iam.CreateUserCommand({ UserName: name }));
  if (document !== undefined) {
    const command = { UserName: name, PolicyName: 'own', PolicyDocument: document };
    await root.send(new iam.PutUserPolicyCommand(command));
  }
  const { AccessKey } = await root.send(new iam.CreateAccessKeyCommand({ UserName: name }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

suite('forged ID tokens', () => {
  let issuer: OidcIssuer;
  let other: OidcIssuer;

  before(async () => {
    [issuer, other] = await Promise.all([startIssuer(), startIssuer()]);
    const Statement = [];
    for (const { url } of [issuer, other]) {
      const provider = await root.send(
        new iam.CreateOpenIDConnectProviderCommand({ Url: url, ClientIDList: ['app'] }),
      );
      if (url !== issuer.url) continue;
      Statement.push({
        Effect: 'Allow',
        Principal: { Federated: provider.OpenIDConnectProviderArn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { [`${issuer.name}:sub`]: 'alice' } },
      });
    }
    await root.send(
      new iam.CreateRoleCommand({ RoleName: 'web', AssumeRolePolicyDocument: policy(...Statement) }),
    );
  });
  after(() => Promise.all([issuer.close(), other.close()]));

  // The client signs nothing for this operation.
  const send = (token: string) =>
    stsOf({ accessKeyId: 'none', secretAccessKey: 'none' }).send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: `${ARN}:role/web`,
        RoleSessionName: 'forged',
        WebIdentityToken: token,
      }),
    );
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = () => {
    const seconds = Math.floor(Date.now() / 1000);
    return { iss: issuer.url, aud: 'app', sub: 'alice', iat: seconds, exp: seconds + 300 };
  };
  const INVALID = refused('InvalidIdentityTokenException');

  test('the honest token is accepted', async () => {
    const reply = await send(await issuer.token(Date.now()));
    assert.equal(reply.SubjectFromWebIdentityToken, 'alice');
  });

  test('a token without signature', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      const [header, payload] = [part({ alg, typ: 'JWT', kid: 'first' }), part(claims())];
      await assert.rejects(send(`${header}.${payload}.`), INVALID);
      await assert.rejects(send(`${header}.${payload}.AAAA`), INVALID);
    }
    const [, , signature] = (await issuer.token(Date.now())).split('.');
    await assert.rejects(send(`${part({ alg: 'none' })}.${part(claims())}.${signature}`), INVALID);
  });

  test('a token signed with the public key as if it were a shared secret', async () => {
    const { publicKey } = issuer.keys[0]!;
    const secrets = [await exportSPKI(publicKey), JSON.stringify(await exportJWK(publicKey))];
    for (const secret of secrets) {
      for (const [alg, hash] of [
        ['HS256', 'sha256'],
        ['HS512', 'sha512'],
      ] as const) {
        const signed = `${part({ alg, typ: 'JWT', kid: 'first' })}.${part(claims())}`;
        const mac = createHmac(hash, secret).update(signed).digest('base64url');
        await assert.rejects(send(`${signed}.${mac}`), INVALID);
      }
    }
  });

  test('a token changed after it was signed', async () => {
    const [header, , signature] = (await issuer.token(Date.now(), { sub: 'mallory' })).split('.');
    await assert.rejects(send(`${header}.${part(claims())}.${signature}`), INVALID);
  });

  test('a token of another issuer', async () => {
    await assert.rejects(send(await other.token(Date.now())), refused('AccessDenied'));
    const pretending = await other.token(Date.now(), { iss: issuer.url });
    await assert.rejects(send(pretending), INVALID);
    const unknown = await other.token(Date.now(), { iss: 'https://unknown.example.com' });
    await assert.rejects(
      send(unknown),
      refused('InvalidIdentityTokenException', /No OpenIDConnect provider found/),
    );
    await assert.rejects(send(await other.token(Date.now(), { iss: `${issuer.url}/` })), INVALID);
  });

  test('an issuer of any length and form', async () => {
    for (const iss of [
      '',
      'x',
      `https://${'a'.repeat(5000)}`,
      'https://a\u0000b',
      '\ud800',
      '../../../etc/passwd',
    ]) {
      await assert.rejects(send(await issuer.token(Date.now(), { iss })), INVALID);
    }
  });

  test('a token that brings its own key', async () => {
    const key = await newKey('first');
    const jwk = await exportJWK(key.publicKey);
    for (const header of [{}, { jwk }, { jku: `${other.url}/keys` }, { kid: '../../keys', jwk }]) {
      await assert.rejects(send(await issuer.token(Date.now(), {}, { key, header })), INVALID);
    }
    other.keys = [key];
    const header = { jku: `${other.url}/keys`, kid: 'first' };
    await assert.rejects(send(await issuer.token(Date.now(), {}, { key, header })), INVALID);
  });

  test('a key id that means a key of another kind', async () => {
    const elliptic = await newKey('first', 'ES256');
    await assert.rejects(send(await issuer.token(Date.now(), {}, { key: elliptic })), INVALID);
  });
});

suite('accounts that are mistaken for one another', () => {
  test('trusting an account does not trust its namesakes elsewhere', async () => {
    const partner = await root.send(new iam.CreateUserCommand({ UserName: 'confused' }));
    await assert.rejects(
      root.send(
        new iam.CreateRoleCommand({
          RoleName: 'trusts-nobody',
          AssumeRolePolicyDocument: policy({
            Effect: 'Allow',
            Principal: { AWS: partner.User!.Arn!.replace(ACCOUNT, '444455556666') },
            Action: 'sts:AssumeRole',
          }),
        }),
      ),
      refused('MalformedPolicyDocumentException', /Invalid principal in policy/),
    );
  });

  test('a session token works with its own access key alone', async () => {
    const keys = await addUser('victim');
    const mallory = await addUser('mallory');
    const role = policy({
      Effect: 'Allow',
      Principal: { AWS: `${ARN}:user/mallory` },
      Action: 'sts:AssumeRole',
    });
    await root.send(new iam.CreateRoleCommand({ RoleName: 'low', AssumeRolePolicyDocument: role }));
    const input = { RoleArn: `${ARN}:role/low`, RoleSessionName: 'mixed' };
    const { Credentials } = await stsOf(mallory).send(new AssumeRoleCommand(input));
    const mixed = [
      { ...keys, sessionToken: Credentials!.SessionToken! },
      { accessKeyId: Credentials!.AccessKeyId!, secretAccessKey: Credentials!.SecretAccessKey! },
      { ...mallory, sessionToken: Credentials!.SessionToken! },
    ];
    for (const credentials of mixed) {
      await assert.rejects(
        iamOf(credentials).send(new iam.ListUsersCommand({})),
        refused('InvalidClientTokenId'),
      );
    }
  });
});

suite('permissions that lead to more of them', () => {
  const READER = allow(['iam:Get*', 'iam:List*']);
  let mallory: iam.IAMClient;
  let policyArn: string;

  before(async () => {
    mallory = iamOf(await addUser('climber', policy(READER)));
    const created = await root.send(
      new iam.CreatePolicyCommand({ PolicyName: 'mild', PolicyDocument: policy(READER) }),
    );
    policyArn = created.Policy!.Arn!;
    await root.send(new iam.AttachUserPolicyCommand({ UserName: 'climber', PolicyArn: policyArn }));
    const strong = { PolicyArn: policyArn, PolicyDocument: policy(allow('*')), SetAsDefault: false };
    await root.send(new iam.CreatePolicyVersionCommand(strong));
    const boundary = { UserName: 'climber', PermissionsBoundary: policyArn };
    await root.send(new iam.PutUserPermissionsBoundaryCommand(boundary));
    await root.send(new iam.CreateGroupCommand({ GroupName: 'admins' }));
    await root.send(new iam.CreateUserCommand({ UserName: 'boss' }));
    const trust = { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' };
    await root.send(
      new iam.CreateRoleCommand({ RoleName: 'admin', AssumeRolePolicyDocument: policy(trust) }),
    );
    await root.send(new iam.CreateInstanceProfileCommand({ InstanceProfileName: 'machine' }));
  });

  const UserName = 'climber';
  const PolicyDocument = policy(allow('*'));
  const Trust = () =>
    policy({ Effect: 'Allow', Principal: { AWS: `${ARN}:user/climber` }, Action: 'sts:AssumeRole' });
  const admin = 'arn:aws:iam::aws:policy/AdministratorAccess';

  /** Each would give the caller, or somebody it controls, everything. */
  const steps: readonly (readonly [action: string, send: () => Promise<unknown>])[] = [
    ['AttachUserPolicy', () => mallory.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn: admin }))],
    [
      'AttachGroupPolicy',
      () => mallory.send(new iam.AttachGroupPolicyCommand({ GroupName: 'admins', PolicyArn: admin })),
    ],
    [
      'AttachRolePolicy',
      () => mallory.send(new iam.AttachRolePolicyCommand({ RoleName: 'admin', PolicyArn: admin })),
    ],
    [
      'PutUserPolicy',
      () => mallory.send(new iam.PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument })),
    ],
    [
      'PutGroupPolicy',
      () =>
        mallory.send(new iam.PutGroupPolicyCommand({ GroupName: 'admins', PolicyName: 'p', PolicyDocument })),
    ],
    [
      'PutRolePolicy',
      () =>
        mallory.send(new iam.PutRolePolicyCommand({ RoleName: 'admin', PolicyName: 'p', PolicyDocument })),
    ],
    [
      'CreatePolicyVersion',
      () =>
        mallory.send(
          new iam.CreatePolicyVersionCommand({ PolicyArn: policyArn, PolicyDocument, SetAsDefault: true }),
        ),
    ],
    [
      'SetDefaultPolicyVersion',
      () => mallory.send(new iam.SetDefaultPolicyVersionCommand({ PolicyArn: policyArn, VersionId: 'v2' })),
    ],
    [
      'DeleteUserPermissionsBoundary',
      () => mallory.send(new iam.DeleteUserPermissionsBoundaryCommand({ UserName })),
    ],
    [
      'PutUserPermissionsBoundary',
      () => mallory.send(new iam.PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: admin })),
    ],
    [
      'DeleteUserPolicy',
      () => mallory.send(new iam.DeleteUserPolicyCommand({ UserName, PolicyName: 'own' })),
    ],
    [
      'DetachUserPolicy',
      () => mallory.send(new iam.DetachUserPolicyCommand({ UserName, PolicyArn: policyArn })),
    ],
    [
      'UpdateAssumeRolePolicy',
      () =>
        mallory.send(new iam.UpdateAssumeRolePolicyCommand({ RoleName: 'admin', PolicyDocument: Trust() })),
    ],
    ['AddUserToGroup', () => mallory.send(new iam.AddUserToGroupCommand({ GroupName: 'admins', UserName }))],
    ['CreateAccessKey', () => mallory.send(new iam.CreateAccessKeyCommand({ UserName: 'boss' }))],
    [
      'CreateLoginProfile',
      () => mallory.send(new iam.CreateLoginProfileCommand({ UserName: 'boss', Password: 'Tr0ub4dor&3xyz' })),
    ],
    ['CreateUser', () => mallory.send(new iam.CreateUserCommand({ UserName: 'puppet' }))],
    [
      'CreateRole',
      () =>
        mallory.send(new iam.CreateRoleCommand({ RoleName: 'puppet', AssumeRolePolicyDocument: Trust() })),
    ],
    [
      'AddRoleToInstanceProfile',
      () =>
        mallory.send(
          new iam.AddRoleToInstanceProfileCommand({ InstanceProfileName: 'machine', RoleName: 'admin' }),
        ),
    ],
    [
      'CreateOpenIDConnectProvider',
      () =>
        mallory.send(
          new iam.CreateOpenIDConnectProviderCommand({
            Url: 'https://evil.example.com',
            ClientIDList: ['app'],
          }),
        ),
    ],
    [
      'CreateVirtualMFADevice',
      () => mallory.send(new iam.CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'evil' })),
    ],
    [
      'DeactivateMFADevice',
      () =>
        mallory.send(
          new iam.DeactivateMFADeviceCommand({ UserName: 'boss', SerialNumber: `${ARN}:mfa/phone` }),
        ),
    ],
    [
      'TagUser',
      () => mallory.send(new iam.TagUserCommand({ UserName, Tags: [{ Key: 'Team', Value: 'admins' }] })),
    ],
  ];

  for (const [action, send] of steps) {
    test(`${action} is refused without its permission`, async () => {
      await assert.rejects(
        send(),
        refused('AccessDenied', new RegExp(`not authorized to perform: iam:${action} on resource: `)),
      );
    });
  }

  test('adding a role to an instance profile is not enough: the role must be passed', async () => {
    const passer = iamOf(await addUser('passer', policy(allow('iam:AddRoleToInstanceProfile'))));
    const input = { InstanceProfileName: 'machine', RoleName: 'admin' };
    await assert.rejects(
      passer.send(new iam.AddRoleToInstanceProfileCommand(input)),
      refused('AccessDenied', /iam:PassRole on resource: arn:aws:iam::111122223333:role\/admin/),
    );
  });

  test('a boundary limits what a user grants itself', async () => {
    const keys = await addUser('bounded', policy(allow('iam:*')));
    const document = policy(allow(['iam:PutUserPolicy', 's3:ListAllMyBuckets']));
    const { Policy } = await root.send(
      new iam.CreatePolicyCommand({ PolicyName: 'fence', PolicyDocument: document }),
    );
    const boundary = { UserName: 'bounded', PermissionsBoundary: Policy!.Arn! };
    await root.send(new iam.PutUserPermissionsBoundaryCommand(boundary));
    const bounded = iamOf(keys);
    await bounded.send(
      new iam.PutUserPolicyCommand({ UserName: 'bounded', PolicyName: 'all', PolicyDocument }),
    );
    const climb = [
      new iam.DeleteUserPermissionsBoundaryCommand({ UserName: 'bounded' }),
      new iam.CreateAccessKeyCommand({ UserName: 'boss' }),
    ] as const;
    await assert.rejects(bounded.send(climb[0]), refused('AccessDenied', /no permissions boundary allows/));
    await assert.rejects(bounded.send(climb[1]), refused('AccessDenied', /no permissions boundary allows/));
  });
});
