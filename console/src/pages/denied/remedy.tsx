import { CreatePolicyVersionCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Act } from '../../api/act.js';
import { iam } from '../../api/iam.js';
import { kms } from '../../api/kms.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { type Entity, putInline } from '../iam/entity.js';
import type { Change, ExplanationWithRemedy, Remedy } from './remedy-types.js';

/** What would have allowed the request, as differences that can be applied. */
export function RemedyPanel({
  remedy,
  explanation,
}: {
  readonly remedy: Remedy;
  readonly explanation: ExplanationWithRemedy;
}) {
  const t = useTexts();
  return (
    <Container header={<Header variant="h2">{t('denied.fix')}</Header>}>
      <SpaceBetween size="m">
        {remedy.changes.map(change => (
          <ChangeBox
            key={`${change.layer} ${change.message}`}
            change={change}
            act={actOf(change, explanation)}
          />
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

/** The call that makes a change; `undefined` where only its author can, or no call of ours does it. */
function actOf(change: Change, { principal, evaluations }: ExplanationWithRemedy): Act | undefined {
  const { layer, document, arn, policy } = change;
  if (document === undefined) return undefined;
  const { resource } = evaluations[0];
  switch (layer) {
    case 'identity':
    case 'boundary': {
      if (arn?.includes('::aws:policy/')) return undefined;
      if (arn?.includes(':policy/')) {
        return iam(
          new CreatePolicyVersionCommand({ PolicyArn: arn, PolicyDocument: document, SetAsDefault: true }),
        );
      }
      const entity = layer === 'identity' ? entityOf(principal.roleArn ?? principal.arn) : undefined;
      return entity && putInline(entity, policy ?? 'AllowedAfterDenial', document);
    }
    case 'trust':
      return iam(
        new UpdateAssumeRolePolicyCommand({ RoleName: resource.split('/').pop(), PolicyDocument: document }),
      );
    case 'resource':
      return /^arn:[\w-]+:s3:::/.test(resource)
        ? s3(
            new PutBucketPolicyCommand({ Bucket: resource.split(':::')[1]!.split('/')[0], Policy: document }),
          )
        : undefined;
    case 'key':
      return kms(new PutKeyPolicyCommand({ KeyId: resource, PolicyName: 'default', Policy: document }));
    default:
      return undefined;
  }
}

/** The user or role that a policy is put to. */
function entityOf(arn: string): Entity | undefined {
  const found = /:iam::\d*:(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn);
  return found ? { kind: found[1] as 'user' | 'role', name: found[2]!, arn } : undefined;
}
