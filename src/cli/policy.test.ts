import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { policyCommand } from './policy.js';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'karikagi-policy-'));
});
after(() => rm(directory, { recursive: true }));

async function file(name: string, content: unknown): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Runs the command in this process; answers with what it printed and its exit status. */
async function run(...args: string[]): Promise<{ out: string; status: number }> {
  const result = { out: '', status: 0 };
  const command = policyCommand({
    write: text => {
      result.out += text;
    },
    status: code => {
      result.status = code;
    },
  });
  for (const one of command.commands) one.exitOverride().configureOutput({ writeErr: () => undefined });
  await command.parseAsync(args, { from: 'user' });
  return result;
}

const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const LIST_ON_OBJECTS = policy({ Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::b/*' });
const GOOD = policy({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' });

describe('policy lint', () => {
  test('tells file, line, column, severity and code; the exit status is the worst severity', async () => {
    const path = await file('lint.json', LIST_ON_OBJECTS);
    const { out, status } = await run('lint', path);
    assert.match(
      out,
      new RegExp(
        `^${path}:1:\\d+: warning: s3:ListBucket works on .* \\[ACTION_WITHOUT_MATCHING_RESOURCE\\]\n {4}fix: Add "arn:aws:s3:::b"\n$`,
      ),
    );
    assert.equal(status, 1);
    const good = await file('good.json', GOOD);
    assert.deepEqual(await run('lint', good), { out: `${good}: nothing found\n`, status: 0 });
    assert.equal((await run('lint', good, await file('bad.json', '{'))).status, 2);
  });

  test('--json and --sarif', async () => {
    const path = await file('lint.json', LIST_ON_OBJECTS);
    const [result] = JSON.parse((await run('lint', '--json', path)).out) as {
      file: string;
      findings: { code: string }[];
    }[];
    assert.equal(result?.findings[0]?.code, 'ACTION_WITHOUT_MATCHING_RESOURCE');
    const sarif = JSON.parse((await run('lint', '--sarif', path)).out) as {
      version: string;
      runs: { results: { ruleId: string; level: string }[] }[];
    };
    assert.deepEqual(
      [sarif.version, sarif.runs[0]?.results[0]?.ruleId, sarif.runs[0]?.results[0]?.level],
      ['2.1.0', 'ACTION_WITHOUT_MATCHING_RESOURCE', 'warning'],
    );
  });

  test('--fix writes the fixes', async () => {
    const path = await file('fix.json', LIST_ON_OBJECTS);
    assert.deepEqual(await run('lint', '--fix', path), { out: `${path}: nothing found\n`, status: 0 });
    assert.match(await readFile(path, 'utf8'), /"arn:aws:s3:::b", "arn:aws:s3:::b\/\*"/);
  });

  test('--duration', async () => {
    const trust = policy({
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:role/ec2' },
      Action: 'sts:AssumeRole',
    });
    const path = await file('trust.json', trust);
    assert.match(
      (await run('lint', '--duration', '7200', path)).out,
      /SESSION_DURATION_EXCEEDS_ROLE_CHAINING_LIMIT/,
    );
    await assert.rejects(run('lint', '--duration', 'long', path), /a whole number/);
  });

  test('--kind and --partition', async () => {
    const path = await file('good.json', GOOD);
    assert.match((await run('lint', '--kind', 'resource', path)).out, /MISSING_PRINCIPAL/);
    assert.match((await run('lint', '--partition', 'aws-cn', path)).out, /INVALID_PARTITION/);
    await assert.rejects(run('lint', '--kind', 'nonsense', path), /one of identity/);
  });
});

const CASES = `
policies:
  identity: [./good.json]
  boundary:
    Version: '2012-10-17'
    Statement: { Effect: Allow, Action: 's3:*', Resource: '*' }
principal: arn:aws:iam::111122223333:user/alice
cases:
  - name: reads
    action: s3:GetObject
    resource: [arn:aws:s3:::b/one, arn:aws:s3:::b/two]
    expect: allowed
  - action: [s3:PutObject, s3:DeleteObject]
    resource: arn:aws:s3:::b/one
    context: { aws:SecureTransport: true, aws:CurrentTime: 2026-01-01T00:00:00Z, aws:TagKeys: [a, 1] }
    expect: denied
`;

describe('policy test', () => {
  test('every combination of principal, action and resource is a case', async () => {
    await file('good.json', GOOD);
    const { out, status } = await run('test', await file('cases.yaml', CASES));
    assert.equal(status, 0);
    assert.match(
      out,
      /^ok {6}reads: arn:aws:iam::111122223333:user\/alice s3:GetObject arn:aws:s3:::b\/one\n/,
    );
    assert.match(out, /\n4 cases, 0 failed\n$/);
  });

  test('a case that fails says why', async () => {
    await file('good.json', GOOD);
    const path = await file('failing.yaml', CASES.replaceAll('expect: denied', 'expect: allowed'));
    const { out, status } = await run('test', path);
    assert.equal(status, 1);
    assert.match(
      out,
      /not ok {2}arn:aws:iam::111122223333:user\/alice s3:PutObject .*\n {8}expected allowed, is denied\. Denied: s3:PutObject/,
    );
    const json = JSON.parse((await run('test', '--json', path)).out) as { passed: boolean }[];
    assert.deepEqual(
      json.map(({ passed }) => passed),
      [true, true, false, false],
    );
  });

  test('policies of every layer', async () => {
    const all = { Effect: 'Allow', Action: '*', Resource: '*' };
    const cases = {
      principal: ['arn:aws:iam::111122223333:role/app', 'arn:aws:sts::111122223333:assumed-role/app/s1'],
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::b/k',
      resourceAccount: '444455556666',
      policies: {
        identity: JSON.stringify(policy(all)),
        session: [policy(all)],
        resource: policy({
          ...all,
          Action: 's3:*',
          Principal: { AWS: 'arn:aws:iam::111122223333:role/app' },
        }),
        serviceControl: [policy(all), policy(all)],
        resourceControl: policy({ ...all, Principal: '*' }),
      },
      expect: 'allowed',
    };
    const { out, status } = await run('test', await file('layers.json', cases));
    assert.deepEqual([status, out.split('\n').length], [0, 4]);
    const trust = {
      ...cases,
      action: 'sts:AssumeRole',
      policies: {
        identity: policy(all),
        trust: policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' }),
      },
    };
    assert.equal((await run('test', await file('trust.json', trust))).status, 0);
  });

  test('mistakes in the file are named with their case', async () => {
    const one = { principal: '*', action: 'a:b', resource: '*' };
    const rows: [unknown, RegExp][] = [
      ['[1]', /must be a mapping/],
      [{ cases: 1 }, /"cases" must be a list/],
      [{ cases: [{ who: 1 }] }, /case 1: "who" is none of/],
      [{ cases: [{ ...one, expect: 'maybe' }] }, /"expect" is "allowed" or "denied"/],
      [{ cases: [{ ...one, principal: 'nobody' }] }, /"nobody" is no principal/],
      [{ cases: [{ ...one, action: [] }] }, /"action" must be a text/],
      [{ cases: [{ ...one, context: 'x' }] }, /"context" must be a mapping/],
      [
        { ...one, policies: { identity: policy({ Effect: 'Allow' }) } },
        /identity policy 1: The statement has neither/,
      ],
      [{ ...one, policies: { trust: '{}', key: '{}' } }, /one policy, not trust and key/],
      [{ ...one, policies: { identity: 'missing.json' } }, /ENOENT/],
    ];
    for (const [content, message] of rows)
      await assert.rejects(run('test', await file('wrong.yaml', content)), message);
  });
});

test('policy explain shows the reasoning and what would help', async () => {
  const cases = {
    principal: 'arn:aws:iam::111122223333:user/alice',
    action: 's3:ListBucket',
    resource: 'arn:aws:s3:::b',
    policies: { identity: LIST_ON_OBJECTS },
  };
  const path = await file('explain.json', cases);
  const { out, status } = await run('explain', path);
  assert.equal(status, 0);
  assert.match(
    out,
    /the statement grants s3:ListBucket on arn:aws:s3:::b\/\*, the call needs arn:aws:s3:::b/,
  );
  assert.match(out, /Suggestions\n {2}- Add arn:aws:s3:::b to the resources of statement 1/);
  const [result] = JSON.parse((await run('explain', '--json', path)).out) as {
    suggestions: { patch: unknown }[];
  }[];
  assert.deepEqual(result?.suggestions[0]?.patch, [
    { op: 'replace', path: '/Statement/0/Resource', value: ['arn:aws:s3:::b/*', 'arn:aws:s3:::b'] },
  ]);
});

test('policy format lays out, writes and checks', async () => {
  const path = await file('format.json', GOOD);
  const { out } = await run('format', path);
  assert.equal(
    out,
    `{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n      "Action": "s3:GetObject",\n      "Resource": "arn:aws:s3:::b/*"\n    }\n  ]\n}\n`,
  );
  assert.deepEqual(await run('format', '--check', path), { out: `${path}\n`, status: 1 });
  await run('format', '--write', path);
  assert.equal(await readFile(path, 'utf8'), out);
  assert.deepEqual(await run('format', '--check', path), { out: '', status: 0 });
});

test('policy diff tells what changed, and its exit status whether', async () => {
  const [before, after] = [await file('before.json', GOOD), await file('after.json', LIST_ON_OBJECTS)];
  assert.deepEqual(await run('diff', before, before), {
    out: 'No change in what is allowed or denied.\n',
    status: 0,
  });
  assert.deepEqual(await run('diff', before, after), {
    out: '- no longer allowed: s3:GetObject on arn:aws:s3:::b/*\n+ allowed: s3:ListBucket on arn:aws:s3:::b/*\n',
    status: 1,
  });
  assert.equal((JSON.parse((await run('diff', '--json', before, after)).out) as unknown[]).length, 2);
});
