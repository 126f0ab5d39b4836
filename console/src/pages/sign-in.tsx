import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input, { type InputProps } from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import Toggle from '@cloudscape-design/components/toggle';
import TopNavigation from '@cloudscape-design/components/top-navigation';
import { type ReactNode, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { type ServerConfig, serverConfig } from '../api/config.js';
import { useSettingsMenu } from '../bar.js';
import { type TextKey, useTexts } from '../i18n/index.js';
import { beginWebIdentity, finishWebIdentity } from '../session/oidc.js';
import {
  enterAs,
  type Missing,
  redeem,
  signInWithAccessKey,
  signInWithPassword,
  signInWithTemporaryCredentials,
} from '../session/sign-in.js';
import type { Identity } from '../session/store.js';
import { ErrorBox } from '../ui/errors.js';
import { PlainNotice } from '../ui/plain-notice.js';

/** Addresses that a sign-in from elsewhere comes back to. */
export const ARRIVALS: readonly string[] = ['/federation', '/oidc'];

type Way = 'key' | 'password' | 'temporary' | 'web';

export function SignInPage() {
  const t = useTexts();
  const [way, setWay] = useState<Way>('key');
  const [config, setConfig] = useState<ServerConfig>();
  useEffect(() => {
    void serverConfig().then(setConfig);
  }, []);
  const ways: Way[] = ['key', 'password', 'temporary'];
  if (config && Object.keys(config.issuers).length > 0) ways.push('web');
  const options = ways.map(value => ({ value, label: t(`signIn.${value}` as TextKey) }));
  return (
    <>
      <TopNavigation identity={{ href: '/', title: 'Karikagi' }} utilities={[useSettingsMenu()]} />
      <main className="narrow">
        <SpaceBetween size="l">
          <PlainNotice />
          {config && config.host !== location.host && (
            <Alert type="error" header={t('signIn.host')}>
              {t('signIn.host.text', { page: location.host, server: config.host })}
            </Alert>
          )}
          <Arrival>
            <Container
              header={
                <Header variant="h1" description={t('app.tagline')}>
                  {t('signIn.title')}
                </Header>
              }
            >
              <SpaceBetween size="l">
                <FormField label={t('signIn.how')}>
                  <Select
                    options={options}
                    selectedOption={options.find(({ value }) => value === way)!}
                    onChange={({ detail }) => setWay(detail.selectedOption.value as Way)}
                  />
                </FormField>
                {way === 'key' && <KeyForm />}
                {way === 'password' && <PasswordForm />}
                {way === 'temporary' && <TemporaryForm />}
                {way === 'web' && config && <WebForm issuers={Object.keys(config.issuers)} />}
              </SpaceBetween>
            </Container>
          </Arrival>
        </SpaceBetween>
      </main>
    </>
  );
}

/** Comes from a sign-in URL (`/federation?Action=login&SigninToken=…`), from a provider, or to the forms. */
function Arrival({ children }: { readonly children: ReactNode }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [found, setFound] = useState<{ identity: Identity; destination: string }>();
  const [error, setError] = useState<unknown>();
  const [arriving, setArriving] = useState(arrival.query !== '');
  useEffect(() => {
    if (arrival.query === '') return;
    const query = new URLSearchParams(arrival.query);
    arrival.query = '';
    history.replaceState(null, '', location.pathname);
    const token = query.get('SigninToken');
    const destination = ownPath(query.get('Destination'));
    const finish = async () => {
      if (token === null) return navigate(await finishWebIdentity(query), { replace: true });
      const identity = await redeem(token);
      if (arrival.foreign) return setFound({ identity, destination });
      await enterAs(identity);
      navigate(destination, { replace: true });
    };
    finish()
      .catch(setError)
      .finally(() => setArriving(false));
  }, [navigate]);
  if (found) {
    const { identity, destination } = found;
    return (
      <Container header={<Header variant="h1">{t('signIn.link', { arn: identity.arn })}</Header>}>
        <SpaceBetween size="l">
          <Alert type="warning">{t('signIn.link.text')}</Alert>
          <SpaceBetween size="xs" direction="horizontal">
            <Button variant="primary" onClick={() => setFound(undefined)}>
              {t('signIn.link.no')}
            </Button>
            <Button
              onClick={async () => {
                await enterAs(identity);
                navigate(destination, { replace: true });
              }}
            >
              {t('signIn.link.go')}
            </Button>
          </SpaceBetween>
        </SpaceBetween>
      </Container>
    );
  }
  if (arriving) return <Box variant="h2">{t('signIn.link.wait')}</Box>;
  return (
    <SpaceBetween size="l">
      <ErrorBox error={error} />
      {children}
    </SpaceBetween>
  );
}

/** What the page was opened with, taken once: it is out of the address, and of the history, before anything else. */
const arrival = {
  query: ARRIVALS.includes(location.pathname) ? location.search.slice(1) : '',
  foreign: document.querySelector<HTMLMetaElement>('meta[name=karikagi-foreign-link]')?.content === 'yes',
};

/** A destination within the console; the front page for one elsewhere, such as AWS's console. */
function ownPath(destination: string | null): string {
  if (destination === null || !URL.canParse(destination, location.origin)) return '/';
  const { origin, pathname, search } = new URL(destination, location.origin);
  return origin === location.origin ? pathname + search : '/';
}

/** Sends what a form has; shows what goes wrong. */
function useSubmit(send: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [, navigate] = useLocation();
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await send();
      if (ARRIVALS.includes(location.pathname)) navigate('/', { replace: true });
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, submit };
}

interface FieldsProps {
  readonly text?: string;
  readonly children: ReactNode;
  readonly complete: boolean;
  readonly submitText?: string;
  send(): Promise<void>;
}

function Fields({ text, children, complete, submitText, send }: FieldsProps) {
  const t = useTexts();
  const { busy, error, submit } = useSubmit(send);
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        if (complete && !busy) void submit();
      }}
    >
      <SpaceBetween size="m">
        {text && <Box color="text-body-secondary">{text}</Box>}
        {children}
        <ErrorBox error={error} />
        <Button variant="primary" loading={busy} disabled={!complete} fullWidth data-testid="sign-in">
          {submitText ?? t('signIn.go')}
        </Button>
      </SpaceBetween>
    </form>
  );
}

interface FieldProps extends Pick<InputProps, 'type' | 'name' | 'autoFocus' | 'inputMode'> {
  readonly label: TextKey;
  readonly help?: TextKey;
  readonly value: string;
  readonly autoComplete?: string;
  set(value: string): void;
}

function Field({ label, help, value, set, ...input }: FieldProps) {
  const t = useTexts();
  return (
    <FormField label={t(label)} description={help && t(help)}>
      <Input value={value} onChange={({ detail }) => set(detail.value)} spellcheck={false} {...input} />
    </FormField>
  );
}

function KeyForm() {
  const t = useTexts();
  const [id, setId] = useState('');
  const [secret, setSecret] = useState('');
  const [withMfa, setWithMfa] = useState(false);
  const [serial, setSerial] = useState('');
  const [code, setCode] = useState('');
  const send = async () => {
    const keys = { accessKeyId: id.trim(), secretAccessKey: secret.trim() };
    await signInWithAccessKey(keys, withMfa ? { serial: serial.trim(), code: code.trim() } : undefined);
  };
  const complete = id !== '' && secret !== '' && (!withMfa || (serial !== '' && code.length === 6));
  return (
    <Fields text={t('signIn.key.text')} complete={complete} send={send}>
      <Field label="signIn.accessKeyId" value={id} set={setId} name="access-key" autoFocus />
      <Field label="signIn.secret" value={secret} set={setSecret} type="password" name="secret" />
      <Toggle checked={withMfa} onChange={({ detail }) => setWithMfa(detail.checked)}>
        {t('signIn.withMfa')}
      </Toggle>
      {withMfa && (
        <>
          <Field label="signIn.mfaSerial" value={serial} set={setSerial} name="serial" />
          <Field
            label="signIn.mfa"
            help="signIn.mfa.text"
            value={code}
            set={setCode}
            inputMode="numeric"
            autoComplete="one-time-code"
          />
        </>
      )}
    </Fields>
  );
}

function PasswordForm() {
  const t = useTexts();
  const [account, setAccount] = useState('');
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [missing, setMissing] = useState<readonly Missing[]>([]);
  const send = async () => {
    const more = await signInWithPassword({
      account: account.trim(),
      user: user.trim(),
      password,
      code: code.trim(),
      newPassword,
    });
    if (more) setMissing([...missing, more]);
  };
  const complete =
    account !== '' &&
    user !== '' &&
    password !== '' &&
    (!missing.includes('mfa') || code.length === 6) &&
    (!missing.includes('new-password') || newPassword !== '');
  return (
    <Fields complete={complete} send={send}>
      <Field label="signIn.account" value={account} set={setAccount} name="account" autoFocus />
      <Field label="signIn.user" value={user} set={setUser} name="username" autoComplete="username" />
      <Field
        label="signIn.passwordField"
        value={password}
        set={setPassword}
        type="password"
        name="password"
        autoComplete="current-password"
      />
      {missing.includes('mfa') && (
        <Field
          label="signIn.mfa"
          help="signIn.mfa.text"
          value={code}
          set={setCode}
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
        />
      )}
      {missing.includes('new-password') && (
        <Field
          label="signIn.newPassword"
          help="signIn.newPassword.text"
          value={newPassword}
          set={setNewPassword}
          type="password"
          autoComplete="new-password"
          autoFocus
        />
      )}
      {missing.length > 0 && <Box color="text-body-secondary">{t('signIn.fields')}</Box>}
    </Fields>
  );
}

function TemporaryForm() {
  const t = useTexts();
  const [id, setId] = useState('');
  const [secret, setSecret] = useState('');
  const [token, setToken] = useState('');
  const send = () =>
    signInWithTemporaryCredentials({
      accessKeyId: id.trim(),
      secretAccessKey: secret.trim(),
      sessionToken: token.trim(),
    });
  return (
    <Fields
      text={t('signIn.temporary.text')}
      complete={id !== '' && secret !== '' && token !== ''}
      send={send}
    >
      <Field label="signIn.accessKeyId" value={id} set={setId} name="access-key" autoFocus />
      <Field label="signIn.secret" value={secret} set={setSecret} type="password" name="secret" />
      <FormField label={t('signIn.token')}>
        <Textarea value={token} onChange={({ detail }) => setToken(detail.value)} rows={3} name="token" />
      </FormField>
    </Fields>
  );
}

function WebForm({ issuers }: { readonly issuers: readonly string[] }) {
  const t = useTexts();
  const [issuer, setIssuer] = useState(issuers[0]!);
  const [roleArn, setRoleArn] = useState('');
  const options = issuers.map(value => ({ value, label: value }));
  return (
    <Fields
      text={t('signIn.web.text')}
      complete={/^arn:[\w-]+:iam::\d{12}:role\/./.test(roleArn)}
      submitText={t('signIn.web.go')}
      send={() => beginWebIdentity(issuer, roleArn.trim())}
    >
      <FormField label={t('signIn.web.issuer')}>
        <Select
          options={options}
          selectedOption={options.find(({ value }) => value === issuer)!}
          onChange={({ detail }) => setIssuer(detail.selectedOption.value!)}
        />
      </FormField>
      <Field label="signIn.web.role" value={roleArn} set={setRoleArn} name="role" />
    </Fields>
  );
}
