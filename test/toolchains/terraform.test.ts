/** Terraform with its AWS provider makes what `karikagi setup --emit terraform` writes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Forms, openForms } from '../support/setup-kinds.js';
import { found, terraformIn } from '../support/terraform.js';
import { asked } from './asked.js';

suite('Terraform', { skip: asked || (!found && 'there is no Terraform with its AWS provider') }, () => {
  let forms: Forms;
  before(async () => {
    forms = await openForms();
  });
  after(() => forms.close());

  for (const name of ['a user and a key', 'a machine of another account', 'a service']) {
    test(`makes ${name}, finds no difference, and takes it away`, async () => {
      const [file] = await forms.emitted('terraform', name);
      const { owner, root, endpoint } = forms;
      const providers = name.includes('another') ? { '': owner, source: root } : { '': root };
      const terraform = await terraformIn(join(file!, '..'), endpoint, providers);
      await terraform('validate');
      await terraform('apply', '-auto-approve', '-input=false');
      assert.deepEqual(await forms.missing(name), []);
      await terraform('plan', '-detailed-exitcode', '-input=false');
      await terraform('destroy', '-auto-approve', '-input=false');
      assert.ok((await forms.missing(name)).includes('create-bucket'));
    });
  }
});
