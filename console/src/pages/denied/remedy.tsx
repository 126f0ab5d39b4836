import { CreatePolicyVersionCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { UpdatePolicyCommand } from '@aws-sdk/client-organizations';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Change, Remedy } from '../../../../src/policy/index.js';
import type { Act } from '../../api/act.js';
import { iam } from '../../api/iam.js';
import { kms } from '../../api/kms.js';
import { organizations } from '../../api/organizations.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { type Entity, putInline } from '../iam/entity.js';

/** What would have allowed the request, as differences that can be applied. */
export function RemedyPanel({ remedy }: { readonly remedy: Remedy }) {
  const t = useTexts();
  return (
    <Container header={<Header variant="h2">{t('denied.fix')}</Header>}>
      <SpaceBetween size="m">
        {remedy.changes.map(change => (
          <ChangeBox key={`${change.layer} ${change.message}`} change={change} act={actOf(change)} />
        ))}
        {!remedy.suffices && <Alert type="info">{t('denied.fix.notEnough')}</Alert>}
        {remedy.elsewhere && <Alert type="info">{t('denied.fix.elsewhere')}</Alert>}
      </SpaceBetween>
    </Container>
  );
}

function ChangeBox({ change, act }: { readonly change: Change; readonly act: Act | undefined }) {
  const t = useTexts();
  return (
    <SpaceBetween size="xs">
      <Box>{change.message}</Box>
      {change.wider && <Alert type="warning">{change.wider}</Alert>}
      {change.diff && <Diff text={change.diff} />}
      {act && (
        <ActButton
          text={t('denied.fix.apply')}
          title={t('denied.fix')}
          acts={() => [act]}
          body={change.diff && <Diff text={change.diff} />}
        />
      )}
      {!act && change.command && <Box variant="code">{change.command}</Box>}
    </SpaceBetween>
  );
}

const LINES: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '@': 'place' };

function Diff({ text }: { readonly text: string }) {
  const lines = text.split('\n').map((line, number) => ({ line, number }));
  return (
    <pre className="code diff">
      {lines.map(({ line, number }) => (
        <span key={number} className={LINES[line[0] ?? '']}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

/**
 * The call that makes a change: the engine writes it as a line of the AWS CLI, and this reads it back. `undefined` where
 * only a policy's author can help, or no call of the console does it.
 */
function actOf({ command, document }: Change): Act | undefined {
  if (command === undefined || document === undefined) return undefined;
  const [, service, operation, ...words] = command.split(' ');
  const option = (name: string) => words[words.indexOf(`--${name}`) + 1]!;
  const entity = /^put-(user|role|group)-policy$/.exec(operation ?? '')?.[1] as Entity['kind'] | undefined;
  if (entity) {
    return putInline(
      { kind: entity, name: option(`${entity}-name`), arn: '' },
      option('policy-name'),
      document,
    );
  }
  switch (`${service} ${operation}`) {
    case 'iam create-policy-version': {
      const input = { PolicyArn: option('policy-arn'), PolicyDocument: document, SetAsDefault: true };
      return iam(new CreatePolicyVersionCommand(input));
    }
    case 'iam update-assume-role-policy': {
      const input = { RoleName: option('role-name'), PolicyDocument: document };
      return iam(new UpdateAssumeRolePolicyCommand(input));
    }
    case 's3api put-bucket-policy':
      return s3(new PutBucketPolicyCommand({ Bucket: option('bucket'), Policy: document }));
    case 'kms put-key-policy': {
      const input = { KeyId: option('key-id'), PolicyName: 'default', Policy: document };
      return kms(new PutKeyPolicyCommand(input));
    }
    case 'organizations update-policy': {
      const input = { PolicyId: option('policy-id'), Content: document };
      return organizations(new UpdatePolicyCommand(input));
    }
    default:
      return undefined;
  }
}
