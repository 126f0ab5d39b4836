import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  ListOpenIDConnectProvidersCommand,
  ListSAMLProvidersCommand,
} from '@aws-sdk/client-iam';
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tiles from '@cloudscape-design/components/tiles';
import Wizard from '@cloudscape-design/components/wizard';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { askedOf } from '../../api/asked.js';
import { iam } from '../../api/iam.js';
import { type TextKey, useTexts } from '../../i18n/index.js';
import { useSignedIn } from '../../session/store.js';
import { GuardedButton } from '../../ui/action.js';
import { CliLines } from '../../ui/cli.js';
import { DescribedFields } from '../../ui/described-fields.js';
import { ErrorBox } from '../../ui/errors.js';
import { path } from '../../ui/navigation.js';
import { countErrors, PolicyEditor } from '../../ui/policy-editor.js';
import { PolicyText } from '../../ui/policy-view.js';
import { useLoaded } from '../../ui/query.js';
import { useRun } from '../../ui/run.js';
import type { Tag } from '../../ui/tags.js';
import { CreatePolicyDialog } from './create-policy-dialog.js';
import { BoundaryField, PoliciesField } from './permissions.js';
import { type TrustChoice, trustDocument } from './trust.js';

const KINDS = ['service', 'account', 'web', 'saml', 'custom'] as const;
/** The step that reviews. */
const LAST = 2;
const SERVICES = ['ec2', 's3', 'lambda', 'redshift', 'ecs-tasks', 'glue', 'logging.s3', 'batchoperations.s3'];

export default function CreateRolePage() {
  const t = useTexts();
  const [, navigate] = useLocation();
  const { current } = useSignedIn();
  const partition = current.arn.split(':')[1]!;
  const [step, setStep] = useState(0);
  const [choice, setChoice] = useState<TrustChoice>(() => firstChoice(current.account));
  /** Once it was changed by hand, a choice above writes it again. */
  const [trust, setTrust] = useState(() => trustDocument(firstChoice(current.account), partition));
  const [errors, setErrors] = useState(0);
  const [policies, setPolicies] = useState<readonly string[]>([]);
  const [PermissionsBoundary, setBoundary] = useState<string>();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [tags, setTags] = useState<readonly Tag[]>([]);
  const { run, running, error } = useRun();
  const RoleName = name.trim();
  const choose = (part: Partial<TrustChoice>) => {
    const next = { ...choice, ...part };
    setChoice(next);
    if (next.kind !== 'custom') setTrust(trustDocument(next, partition));
  };
  const Tags = tags.filter(({ Key }) => Key !== '');
  const acts = [
    iam(
      new CreateRoleCommand({
        RoleName,
        AssumeRolePolicyDocument: trust,
        ...(description && { Description: description }),
        ...(PermissionsBoundary && { PermissionsBoundary }),
        ...(Tags.length > 0 && { Tags }),
      }),
    ),
    ...policies.map(PolicyArn => iam(new AttachRolePolicyCommand({ RoleName, PolicyArn }))),
  ];
  /** Leaves the first step with a trust policy that IAM takes: as it is now, not as the editor last saw it. */
  const move = async (to: number) => {
    const found = step === 0 && to > 0 ? await countErrors(trust, 'trust') : 0;
    setErrors(found);
    if (found === 0) setStep(to);
  };
  const submit = async () => {
    if (RoleName !== '' && (await run(acts))) navigate(path('iam', 'roles', RoleName));
  };
  const buttons = (
    <SpaceBetween direction="horizontal" size="xs">
      <Button variant="link" onClick={() => navigate('/iam/roles')}>
        {t('common.cancel')}
      </Button>
      <Button disabled={running} onClick={() => void move(step - 1)}>
        {t('common.previous')}
      </Button>
      <GuardedButton
        variant="primary"
        asks={RoleName === '' ? { action: 'iam:CreateRole', resource: '*' } : acts.map(askedOf)}
        loading={running}
        onClick={() => void submit()}
      >
        {t('iam.roles.create')}
      </GuardedButton>
    </SpaceBetween>
  );
  return (
    <Wizard
      activeStepIndex={step}
      {...(step === LAST && { customPrimaryActions: buttons })}
      onCancel={() => navigate('/iam/roles')}
      onNavigate={({ detail }) => {
        void move(detail.requestedStepIndex);
      }}
      steps={[
        {
          title: t('createRole.entity'),
          description: t('createRole.entity.text'),
          content: (
            <SpaceBetween size="l">
              <Container header={<Header variant="h2">{t('createRole.kind')}</Header>}>
                <SpaceBetween size="l">
                  <Tiles
                    ariaLabel={t('createRole.kind')}
                    value={choice.kind}
                    onChange={({ detail }) => choose({ kind: detail.value as TrustChoice['kind'] })}
                    items={KINDS.map(value => ({
                      value,
                      label: t(`createRole.${value}`),
                      description: t(
                        (value === 'service'
                          ? 'createRole.service.text'
                          : `createRole.${value}.text`) as TextKey,
                      ),
                    }))}
                  />
                  <ChoiceFields choice={choice} own={current.account} choose={choose} />
                </SpaceBetween>
              </Container>
              <Container header={<Header variant="h2">{t('iam.trust')}</Header>}>
                <SpaceBetween size="s">
                  <PolicyEditor
                    value={trust}
                    kind="trust"
                    label={t('iam.trust')}
                    onChange={setTrust}
                    onErrors={setErrors}
                  />
                  {errors > 0 && <Alert type="error">{t('createRole.errors')}</Alert>}
                </SpaceBetween>
              </Container>
            </SpaceBetween>
          ),
        },
        {
          title: t('createRole.permissions'),
          content: (
            <PermissionsStep
              policies={policies}
              setPolicies={setPolicies}
              boundary={PermissionsBoundary}
              setBoundary={setBoundary}
            />
          ),
        },
        {
          title: t('createRole.review'),
          content: (
            <SpaceBetween size="l">
              <ErrorBox error={error} />
              <Container>
                <SpaceBetween size="m">
                  <FormField label={t('iam.role.name')} constraintText={t('iam.name.rule')}>
                    <Input value={name} onChange={({ detail }) => setName(detail.value)} name="role-name" />
                  </FormField>
                  <DescribedFields
                    description={description}
                    tags={tags}
                    onDescription={setDescription}
                    onTags={setTags}
                  />
                </SpaceBetween>
              </Container>
              <Container header={<Header variant="h2">{t('iam.trust')}</Header>}>
                <PolicyText document={trust} />
              </Container>
              <CliLines acts={acts} />
            </SpaceBetween>
          ),
        },
      ]}
    />
  );
}

function firstChoice(account: string): TrustChoice {
  return {
    kind: 'service',
    service: 'ec2.amazonaws.com',
    account,
    externalId: '',
    mfa: false,
    provider: '',
    audience: '',
    subject: '',
  };
}

interface ChoiceProps {
  readonly choice: TrustChoice;
  choose(part: Partial<TrustChoice>): void;
}

function ChoiceFields({ choice, own, choose }: ChoiceProps & { readonly own: string }) {
  switch (choice.kind) {
    case 'service':
      return <ServiceField choice={choice} choose={choose} />;
    case 'account':
      return <AccountFields choice={choice} own={own} choose={choose} />;
    case 'web':
    case 'saml':
      return <ProviderFields key={choice.kind} choice={choice} choose={choose} />;
    default:
      return null;
  }
}

function ServiceField({ choice, choose }: ChoiceProps) {
  const t = useTexts();
  const options = SERVICES.map(service => ({ value: `${service}.amazonaws.com`, label: service }));
  return (
    <FormField label={t('createRole.service.field')}>
      <Select
        filteringType="auto"
        filteringAriaLabel={t('common.find')}
        options={options.map(option => ({ ...option, description: option.value }))}
        selectedOption={options.find(({ value }) => value === choice.service)!}
        onChange={({ detail }) => choose({ service: detail.selectedOption.value! })}
      />
    </FormField>
  );
}

function AccountFields({ choice, own, choose }: ChoiceProps & { readonly own: string }) {
  const t = useTexts();
  const [other, setOther] = useState(choice.account !== own);
  const [withId, setWithId] = useState(choice.externalId !== '');
  return (
    <SpaceBetween size="m">
      <RadioGroup
        value={other ? 'other' : 'this'}
        ariaLabel={t('createRole.account')}
        items={[
          { value: 'this', label: t('createRole.account.this', { id: own }) },
          { value: 'other', label: t('createRole.account.other') },
        ]}
        onChange={({ detail }) => {
          setOther(detail.value === 'other');
          choose({ account: detail.value === 'other' ? '' : own });
        }}
      />
      {other && (
        <FormField label={t('createRole.account.id')}>
          <Input
            value={choice.account}
            inputMode="numeric"
            onChange={({ detail }) => choose({ account: detail.value.trim() })}
          />
        </FormField>
      )}
      <Checkbox
        checked={withId}
        onChange={({ detail }) => {
          setWithId(detail.checked);
          if (!detail.checked) choose({ externalId: '' });
        }}
      >
        {t('createRole.externalId')}
      </Checkbox>
      {withId && (
        <FormField label={t('iam.externalId')}>
          <Input
            value={choice.externalId}
            onChange={({ detail }) => choose({ externalId: detail.value.trim() })}
          />
        </FormField>
      )}
      <Checkbox checked={choice.mfa} onChange={({ detail }) => choose({ mfa: detail.checked })}>
        {t('createRole.mfa')}
      </Checkbox>
    </SpaceBetween>
  );
}

const SAML_AUDIENCE = 'https://signin.aws.amazon.com/saml';

function ProviderFields({ choice, choose }: ChoiceProps) {
  const t = useTexts();
  const web = choice.kind === 'web';
  const { data = [], error } = useLoaded(['providers', choice.kind], async () => {
    if (web) {
      const { OpenIDConnectProviderList } = await iam(new ListOpenIDConnectProvidersCommand({})).send();
      return OpenIDConnectProviderList ?? [];
    }
    return (await iam(new ListSAMLProvidersCommand({})).send()).SAMLProviderList ?? [];
  });
  const options = data.map(({ Arn }) => ({ value: Arn!, label: Arn!.split('-provider/')[1]! }));
  return (
    <SpaceBetween size="m">
      <ErrorBox error={error} />
      <FormField label={t('createRole.provider')}>
        <Select
          options={options}
          empty={t('createRole.provider.none')}
          placeholder={t('common.select')}
          selectedOption={options.find(({ value }) => value === choice.provider) ?? null}
          onChange={({ detail }) =>
            choose({
              provider: detail.selectedOption.value!,
              audience: web ? choice.audience : SAML_AUDIENCE,
            })
          }
        />
      </FormField>
      <FormField label={t('createRole.audience')}>
        <Input value={choice.audience} onChange={({ detail }) => choose({ audience: detail.value.trim() })} />
      </FormField>
      {web && (
        <FormField
          label={
            <>
              {t('createRole.subject')} – <i>{t('common.optional')}</i>
            </>
          }
        >
          <Input value={choice.subject} onChange={({ detail }) => choose({ subject: detail.value.trim() })} />
        </FormField>
      )}
    </SpaceBetween>
  );
}

function PermissionsStep({
  policies,
  setPolicies,
  boundary,
  setBoundary,
}: {
  readonly policies: readonly string[];
  setPolicies(arns: string[]): void;
  readonly boundary: string | undefined;
  setBoundary(arn: string | undefined): void;
}) {
  const t = useTexts();
  const [creating, setCreating] = useState(false);
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <GuardedButton
                asks={{ action: 'iam:CreatePolicy', resource: '*' }}
                onClick={() => setCreating(true)}
              >
                {t('createRole.newPolicy')}
              </GuardedButton>
            }
          >
            {t('iam.policies.attached')}
          </Header>
        }
      >
        <PoliciesField chosen={policies} onChoose={setPolicies} />
      </Container>
      <Container
        header={
          <Header variant="h2">
            {t('iam.boundary')} – <i>{t('common.optional')}</i>
          </Header>
        }
      >
        <BoundaryField chosen={boundary} onChoose={setBoundary} />
      </Container>
      {creating && (
        <CreatePolicyDialog
          onClose={() => setCreating(false)}
          onCreated={arn => {
            setCreating(false);
            setPolicies([...policies, arn]);
          }}
        />
      )}
    </SpaceBetween>
  );
}
