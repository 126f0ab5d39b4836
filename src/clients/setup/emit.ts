/** The same set-up in the forms in which others make it: Terraform, CloudFormation, a script of AWS CLI calls. */
import { emitCloudFormation } from './emit-cloudformation.js';
import type { EmitInput } from './emit-input.js';
import { emitTerraform } from './emit-terraform.js';
import type { Step } from './sites.js';
import type { Place } from './types.js';

export const FORMS = ['terraform', 'cloudformation', 'cli'] as const;
export type Form = (typeof FORMS)[number];

export interface Emitted {
  readonly file: string;
  readonly text: string;
}

/** In the order in which they are to be made: scripts and stacks are of one account each. */
export function emit(form: Form, input: EmitInput): Emitted[] {
  if (form === 'terraform') {
    return [{ file: 'setup.tf.json', text: `${JSON.stringify(emitTerraform(input), null, 2)}\n` }];
  }
  const { sites, steps } = input;
  const parts = [...new Set([sites.source, sites.bucket])]
    .map(({ place }) => ({ place, own: steps.filter(({ site }) => site.place === place) }))
    .filter(({ own }) => own.length > 0);
  const end = form === 'cli' ? 'sh' : 'yaml';
  return parts.map(({ place, own }, index) => ({
    file: parts.length === 1 ? `setup.${end}` : `setup-${index + 1}-${place.account}.${end}`,
    text: form === 'cli' ? script(place, own) : emitCloudFormation(input, place),
  }));
}

/** Policies hold no `$`, quote or backslash of their own: names and prefixes are checked before. */
function script(place: Place, steps: readonly Step[]): string {
  const calls = steps.map(({ what, call }) => {
    const command = `aws ${call.service} ${call.operation} --cli-input-json "$input"`;
    const run =
      call.operation === 'create-key'
        ? `KEY_ARN=$(${command} --query KeyMetadata.Arn --output text)`
        : `${command} > /dev/null`;
    return `# ${what}\ninput=$(cat <<JSON\n${JSON.stringify(call.input, null, 2)}\nJSON\n)\n${run}\n`;
  });
  const head = `#!/bin/sh
# Makes the set-up with the AWS CLI, in account ${place.account}. It stops at the first call that fails.
set -eu
export AWS_DEFAULT_REGION=${place.region} AWS_REGION=${place.region} AWS_PAGER=
`;
  return [head, ...calls].join('\n');
}
