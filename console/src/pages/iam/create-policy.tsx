import { CreatePolicyCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { CliLines } from '../../ui/cli.js';
import { DescribedFields } from '../../ui/described-fields.js';
import { ErrorBox } from '../../ui/errors.js';
import { path } from '../../ui/navigation.js';
import { useRun } from '../../ui/run.js';
import type { Tag } from '../../ui/tags.js';
import { EMPTY_POLICY } from './permissions.js';
import { TwoEditors } from './two-editors.js';

export default function CreatePolicyPage() {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [PolicyDocument, setDocument] = useState(EMPTY_POLICY);
  const [name, setName] = useState('');
  const [Description, setDescription] = useState('');
  const [tags, setTags] = useState<readonly Tag[]>([]);
  const { run, running, error } = useRun();
  const PolicyName = name.trim();
  const Tags = tags.filter(({ Key }) => Key !== '');
  const creation = iam(
    new CreatePolicyCommand({
      PolicyName,
      PolicyDocument,
      ...(Description && { Description }),
      ...(Tags.length > 0 && { Tags }),
    }),
  );
  const submit = async () => {
    let arn = '';
    const send = async () => {
      arn = (await creation.send()).Policy!.Arn!;
    };
    if (await run([{ ...creation, send }])) navigate(path('iam', 'policies', arn));
  };
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        if (PolicyName !== '' && !running) void submit();
      }}
    >
      <Form
        header={
          <Header variant="h1" description={t('iam.policy.create.text')}>
            {t('iam.policy.create')}
          </Header>
        }
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={() => navigate('/iam/policies')}>
              {t('common.cancel')}
            </Button>
            <GuardedButton
              variant="primary"
              asks={{ action: 'iam:CreatePolicy', resource: '*' }}
              loading={running}
              disabled={PolicyName === ''}
              data-testid="create-policy"
            >
              {t('iam.policy.create')}
            </GuardedButton>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          <Container header={<Header variant="h2">{t('policy.document')}</Header>}>
            <TwoEditors value={PolicyDocument} first="visual" onChange={setDocument} />
          </Container>
          <Container>
            <SpaceBetween size="m">
              <FormField label={t('iam.policy.name')} constraintText={t('iam.policy.name.rule')}>
                <Input value={name} onChange={({ detail }) => setName(detail.value)} name="policy-name" />
              </FormField>
              <DescribedFields
                description={Description}
                tags={tags}
                onDescription={setDescription}
                onTags={setTags}
              />
            </SpaceBetween>
          </Container>
          <CliLines acts={[creation]} />
          <ErrorBox error={error} />
        </SpaceBetween>
      </Form>
    </form>
  );
}
