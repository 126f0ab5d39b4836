import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { CliLines } from '../../ui/cli.js';
import { ErrorBox } from '../../ui/errors.js';
import { PolicyEditor } from '../../ui/policy-editor.js';
import { laidOut, PolicyText } from '../../ui/policy-view.js';
import { useRun } from '../../ui/run.js';

/** Who may assume a role: to read, and to change with the linter beside it. */
export function TrustEditor({
  roleName: RoleName,
  arn,
  document,
  sessionDuration,
}: {
  readonly roleName: string;
  readonly arn: string;
  readonly document: string;
  readonly sessionDuration: number;
}) {
  const t = useTexts();
  const [edited, setEdited] = useState<string>();
  const { run, running, error } = useRun();
  const act = iam(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: edited ?? document }));
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('iam.trust.text')}
          actions={
            edited === undefined ? (
              <GuardedButton
                asks={{ action: 'iam:UpdateAssumeRolePolicy', resource: arn }}
                onClick={() => setEdited(laidOut(document))}
              >
                {t('iam.trust.edit')}
              </GuardedButton>
            ) : (
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => setEdited(undefined)}>{t('common.cancel')}</Button>
                <Button
                  variant="primary"
                  loading={running}
                  onClick={async () => {
                    if (await run([act])) setEdited(undefined);
                  }}
                >
                  {t('iam.trust.update')}
                </Button>
              </SpaceBetween>
            )
          }
        >
          {t('iam.trust')}
        </Header>
      }
    >
      {edited === undefined ? (
        <PolicyText document={document} />
      ) : (
        <SpaceBetween size="m">
          <ErrorBox error={error} />
          <PolicyEditor
            value={edited}
            kind="trust"
            label={t('iam.trust')}
            sessionDuration={sessionDuration}
            onChange={setEdited}
          />
          <CliLines acts={[act]} />
        </SpaceBetween>
      )}
    </Container>
  );
}
