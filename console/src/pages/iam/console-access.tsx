/** The password of a user and its second factors. */
import {
  CreateLoginProfileCommand,
  CreateVirtualMFADeviceCommand,
  DeactivateMFADeviceCommand,
  DeleteLoginProfileCommand,
  EnableMFADeviceCommand,
  GetLoginProfileCommand,
  ListMFADevicesCommand,
  UpdateLoginProfileCommand,
} from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { codeOf } from '../../ui/errors.js';
import { timeText } from '../../ui/format.js';
import { Panel } from '../../ui/panel.js';
import { useLoaded } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';

interface OfUser {
  readonly userName: string;
  readonly arn: string;
}

export function ConsoleAccess(user: OfUser) {
  return (
    <SpaceBetween size="l">
      <Password {...user} />
      <MfaDevices {...user} />
    </SpaceBetween>
  );
}

function Password({ userName: UserName, arn }: OfUser) {
  const t = useTexts();
  const [open, setOpen] = useState(false);
  const { data, error } = useLoaded(['login profile', UserName], async () => {
    try {
      return (await iam(new GetLoginProfileCommand({ UserName })).send()).LoginProfile ?? null;
    } catch (thrown) {
      if (codeOf(thrown) === 'NoSuchEntityException') return null;
      throw thrown;
    }
  });
  const asks = { action: data ? 'iam:UpdateLoginProfile' : 'iam:CreateLoginProfile', resource: arn };
  return (
    <Panel
      error={error}
      title={t('iam.console')}
      description={t('iam.console.text')}
      actions={
        <>
          {data && (
            <ActButton
              text={t('iam.console.remove')}
              asks={{ action: 'iam:DeleteLoginProfile', resource: arn }}
              acts={() => [iam(new DeleteLoginProfileCommand({ UserName }))]}
            />
          )}
          <GuardedButton asks={asks} disabled={data === undefined} onClick={() => setOpen(true)}>
            {t(data ? 'iam.console.change' : 'iam.console.give')}
          </GuardedButton>
        </>
      }
    >
      {data === null && t('iam.console.none')}
      {data && (
        <KeyValuePairs
          columns={2}
          items={[
            { label: t('common.created'), value: timeText(data.CreateDate) },
            {
              label: t('iam.console.reset'),
              value: t(data.PasswordResetRequired ? 'common.yes' : 'common.no'),
            },
          ]}
        />
      )}
      {open && <PasswordDialog userName={UserName} exists={!!data} onClose={() => setOpen(false)} />}
    </Panel>
  );
}

function PasswordDialog({
  userName: UserName,
  exists,
  onClose,
}: {
  readonly userName: string;
  readonly exists: boolean;
  onClose(): void;
}) {
  const t = useTexts();
  const [password, setPassword] = useState('');
  const [PasswordResetRequired, setReset] = useState(true);
  const input = { UserName, Password: password, PasswordResetRequired };
  const act = exists ? iam(new UpdateLoginProfileCommand(input)) : iam(new CreateLoginProfileCommand(input));
  // What is copied from the screen has no password in it.
  const shown = { ...act, cli: act.cli.replace(/--password \S+/, '--password PASSWORD') };
  return (
    <ActDialog
      title={t(exists ? 'iam.console.change' : 'iam.console.give')}
      submit={t('common.save')}
      acts={password === '' ? [] : [shown]}
      onClose={onClose}
    >
      <FormField label={t('signIn.passwordField')} constraintText={t('iam.console.rule')}>
        <Input
          type="password"
          value={password}
          autoComplete="new-password"
          onChange={({ detail }) => setPassword(detail.value)}
        />
      </FormField>
      <Checkbox checked={PasswordResetRequired} onChange={({ detail }) => setReset(detail.checked)}>
        {t('iam.console.reset')}
      </Checkbox>
    </ActDialog>
  );
}

function MfaDevices({ userName: UserName, arn }: OfUser) {
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <ResourceTable
        variant="container"
        title={t('iam.mfa')}
        name={['mfa', UserName]}
        load={async (_, signal) => ({
          items: (await iam(new ListMFADevicesCommand({ UserName })).send(signal)).MFADevices ?? [],
        })}
        id={({ SerialNumber }) => SerialNumber!}
        text={({ SerialNumber }) => SerialNumber!}
        empty={t('iam.mfa.none')}
        columns={[
          { id: 'serial', header: t('iam.mfa.serial'), cell: ({ SerialNumber }) => SerialNumber },
          { id: 'enabled', header: t('common.enabled'), cell: ({ EnableDate }) => timeText(EnableDate) },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ SerialNumber }) => (
              <ActButton
                variant="inline-link"
                text={t('common.remove')}
                asks={{ action: 'iam:DeactivateMFADevice', resource: arn }}
                acts={() => [iam(new DeactivateMFADeviceCommand({ UserName, SerialNumber }))]}
              />
            ),
          },
        ]}
        actions={
          <GuardedButton
            asks={{ action: 'iam:EnableMFADevice', resource: arn }}
            onClick={() => setAdding(true)}
          >
            {t('iam.mfa.add')}
          </GuardedButton>
        }
      />
      {adding && <AddMfaDevice userName={UserName} onClose={() => setAdding(false)} />}
    </>
  );
}

/** First the device and its picture, then two codes in a row that prove it. */
function AddMfaDevice({ userName: UserName, onClose }: { readonly userName: string; onClose(): void }) {
  const t = useTexts();
  const [VirtualMFADeviceName, setName] = useState(UserName);
  const [made, setMade] = useState<{ serial: string; seed: string; picture: string }>();
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const creation = iam(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName }));
  if (made === undefined) {
    const send = async () => {
      const { VirtualMFADevice } = await creation.send();
      const { SerialNumber, Base32StringSeed, QRCodePNG } = VirtualMFADevice!;
      setMade({
        serial: SerialNumber!,
        seed: new TextDecoder().decode(Base32StringSeed),
        picture: `data:image/png;base64,${btoa(String.fromCharCode(...QRCodePNG!))}`,
      });
    };
    return (
      <ActDialog
        key="create"
        title={t('iam.mfa.add')}
        submit={t('common.next')}
        acts={[{ ...creation, send }]}
        onClose={onClose}
        // The next step shows itself once there is a device.
        onDone={() => undefined}
      >
        <FormField label={t('common.name')}>
          <Input value={VirtualMFADeviceName} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
      </ActDialog>
    );
  }
  const enabling = new EnableMFADeviceCommand({
    UserName,
    SerialNumber: made.serial,
    AuthenticationCode1: first,
    AuthenticationCode2: second,
  });
  return (
    <ActDialog
      key="enable"
      title={t('iam.mfa.add')}
      submit={t('iam.mfa.enable')}
      acts={first.length === 6 && second.length === 6 ? [iam(enabling)] : []}
      onClose={onClose}
    >
      <Box>{t('iam.mfa.scan')}</Box>
      <img src={made.picture} alt={t('iam.mfa.scan')} width={200} height={200} />
      <div className="code" data-testid="mfa-seed">
        {made.seed}
      </div>
      <FormField label={t('iam.mfa.first')}>
        <Input value={first} inputMode="numeric" onChange={({ detail }) => setFirst(detail.value)} />
      </FormField>
      <FormField label={t('iam.mfa.second')}>
        <Input value={second} inputMode="numeric" onChange={({ detail }) => setSecond(detail.value)} />
      </FormField>
    </ActDialog>
  );
}
