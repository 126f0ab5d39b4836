import { CreatePolicyCommand } from '@aws-sdk/client-iam';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { ActDialog } from '../../ui/action.js';
import { PolicyEditor } from '../../ui/policy-editor.js';
import { EMPTY_POLICY } from './permissions.js';

/** A new policy of the account, made in passing. */
export function CreatePolicyDialog({
  onClose,
  onCreated,
}: {
  onClose(): void;
  onCreated(arn: string): void;
}) {
  const t = useTexts();
  const [name, setName] = useState('');
  const [PolicyDocument, setDocument] = useState(EMPTY_POLICY);
  const creation = iam(new CreatePolicyCommand({ PolicyName: name.trim(), PolicyDocument }));
  const act = {
    ...creation,
    send: async () => onCreated((await creation.send()).Policy!.Arn!),
  };
  return (
    <ActDialog
      size="large"
      title={t('iam.policy.create')}
      submit={t('iam.policy.create')}
      disabled={name.trim() === ''}
      acts={[act]}
      onClose={onClose}
      // `onCreated` closes it.
      onDone={() => undefined}
    >
      <PolicyEditor
        value={PolicyDocument}
        kind="identity"
        label={t('policy.document')}
        onChange={setDocument}
      />
      <FormField label={t('iam.policy.name')}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} name="policy-name" />
      </FormField>
    </ActDialog>
  );
}
