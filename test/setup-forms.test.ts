/** The forms that `karikagi setup --emit` writes: read back by who reads them in earnest, and made of them. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parse } from 'yaml';
import { setUp } from '../src/clients/setup/index.js';
import { installed, without } from './clients/run.js';
import type { Keys } from './clients/stage.js';
import { output } from './support/programs.js';
import { FIRST, type Forms, KINDS, OPTIONS, openForms, REGION, SECOND } from './support/setup-kinds.js';

suite('karikagi setup --emit', () => {
  let forms: Forms;
  before(async () => {
    forms = await openForms();
  });
  after(() => forms.close());

  const environment = (keys: Keys) => ({
    PATH: `${join(installed('aws'), '..')}:${process.env['PATH']}`,
    HOME: forms.home,
    AWS_ENDPOINT_URL: forms.endpoint,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_REGION: REGION,
  });

  test("CloudFormation's linter has nothing to say of any stack", { skip: without('pip') }, async () => {
    const files: string[] = [];
    for (const [name] of KINDS) files.push(...(await forms.emitted('cloudformation', name)));
    assert.equal(files.length, KINDS.length + 2, 'a stack for each account');
    const names = await readdir(join(forms.home, 'across-cloudformation'));
    assert.deepEqual(names.sort(), [`setup-1-${FIRST}.yaml`, `setup-2-${SECOND}.yaml`]);
    const lint = (...of: string[]) =>
      output(installed('cfn-lint'), ['--regions', REGION, '--', ...of], environment(forms.root));
    assert.equal(await lint(...files), '');
    const wrong = join(forms.home, 'wrong.yaml');
    const text = await readFile(files[0]!, 'utf8');
    await writeFile(wrong, text.replace('MaxSessionDuration', 'LongestSession'));
    await assert.rejects(lint(wrong), /LongestSession/, 'its silence means something');
  });

  test('a stack says the same as the calls', async () => {
    const [file] = await forms.emitted('cloudformation', 'a user and a key');
    const { Resources } = parse(await readFile(file!, 'utf8'));
    const { names } = await setUp(OPTIONS, forms.sitesOf('one', false), { plan: true });
    const [trust] = Resources.Role.Properties.AssumeRolePolicyDocument.Statement;
    assert.equal(trust.Condition.StringEquals['sts:ExternalId'], 'agreed-4711');
    assert.equal(trust.Principal.AWS, names.sourceArn);
    const statements = Resources.RolePolicy.Properties.PolicyDocument.Statement;
    assert.deepEqual(statements[3].Resource, { 'Fn::GetAtt': ['Key', 'Arn'] });
  });

  test('the scripts make a set-up over two accounts, and nothing is missing', {
    skip: without('pip'),
  }, async () => {
    const name = 'a user of another account';
    for (const file of await forms.emitted('cli', name)) {
      const keys = file.includes(SECOND) ? forms.owner : forms.root;
      // Ten starts of the AWS CLI.
      await output(file, [], environment(keys), 600_000);
    }
    assert.deepEqual(await forms.missing(name), []);
  });
});
