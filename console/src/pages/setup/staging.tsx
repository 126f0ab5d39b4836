/** What `karikagi setup` does, as a form: the same calls, the same proof, the same forms to take away. */
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Wizard from '@cloudscape-design/components/wizard';
import { useState } from 'react';
import { useLocation } from 'wouter';
import {
  type SetupOptions,
  type SetupReport,
  setUp,
  wrongOptions,
} from '../../../../src/clients/setup/index.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { GoLink } from '../../ui/navigation.js';
import { noteError, refresh } from '../../ui/query.js';
import { proofOf, sitesOf } from './clients.js';
import { Forms } from './forms.js';
import { OptionFields } from './option-fields.js';
import { Plan, useForbidden } from './plan.js';
import { type Proof, Result, removalPath } from './result.js';

const FIRST: SetupOptions = {
  name: 'staging',
  bucket: '',
  prefix: 'staging/',
  access: 'read-write',
  source: { kind: 'user', name: '' },
  kms: false,
  demandsId: true,
  maximum: 3600,
};
const UNTRIED: Proof = { state: 'none', checks: [] };

export default function SetupStagingPage() {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [options, setOptions] = useState(FIRST);
  const [step, setStep] = useState(0);
  const [tried, setTried] = useState(false);
  const [proving, setProving] = useState(true);
  const setup = useSetup(options, proving);
  const { plan, report, running } = setup;
  const forbidden = useForbidden(plan).find(reason => reason !== undefined);
  const wrong = wrongOptions(options);
  const change = (part: Partial<SetupOptions>) => setOptions(present => ({ ...present, ...part }));
  const move = (to: number) => {
    setTried(true);
    if (to === 0) setStep(0);
    else if (wrong.length === 0) {
      setStep(1);
      void setup.review();
    }
  };
  if (report) {
    const again = () => {
      setup.forget();
      setStep(0);
    };
    const sites = sitesOf(options, true);
    return <Result options={options} sites={sites} report={report} proof={setup.proof} onAgain={again} />;
  }
  const buttons = (
    <SpaceBetween direction="horizontal" size="xs">
      <Button variant="link" onClick={() => navigate('/')}>
        {t('common.cancel')}
      </Button>
      <Button disabled={running} onClick={() => move(0)}>
        {t('common.previous')}
      </Button>
      <GuardedButton
        variant="primary"
        data-testid="set-up"
        loading={running}
        disabled={plan === undefined}
        hindrance={forbidden}
        onClick={() => void setup.make()}
      >
        {t('setup.go')}
      </GuardedButton>
    </SpaceBetween>
  );
  return (
    <Wizard
      activeStepIndex={step}
      onCancel={() => navigate('/')}
      onNavigate={({ detail }) => move(detail.requestedStepIndex)}
      {...(step === 1 && { customPrimaryActions: buttons })}
      steps={[
        {
          title: t('nav.setup'),
          description: t('setup.text'),
          content: (
            <SpaceBetween size="l">
              <Container>
                <OptionFields options={options} wrong={tried ? wrong : []} onChange={change} />
              </Container>
              <Box>
                <GoLink href={removalPath(options)}>{t('setup.remove')}</GoLink>
              </Box>
            </SpaceBetween>
          ),
        },
        {
          title: t('setup.review'),
          content: (
            <SpaceBetween size="l">
              <Plan plan={plan} error={setup.error} made={setup.made} />
              <Container>
                <Checkbox
                  checked={proving}
                  description={options.source.kind === 'user' ? t('setup.prove.user') : ''}
                  onChange={({ detail }) => setProving(detail.checked)}
                >
                  {t('setup.prove')}
                </Checkbox>
              </Container>
              {plan && <Forms options={options} externalId={plan.externalId} />}
            </SpaceBetween>
          ),
        },
      ]}
    />
  );
}

/** The plan of a set-up, then its calls, then its proof. */
function useSetup(options: SetupOptions, proving: boolean) {
  /** What is still to be made, as it was when the review was opened: the external ID is that of the review. */
  const [plan, setPlan] = useState<SetupReport>();
  const [report, setReport] = useState<SetupReport>();
  const [made, setMade] = useState<number>();
  const [proof, setProof] = useState(UNTRIED);
  const [error, setError] = useState<unknown>();
  const failed = (thrown: unknown) => {
    noteError(thrown);
    setError(thrown);
  };
  const prove = async (done: SetupReport, wanted: SetupOptions) => {
    setProof({ state: 'running', checks: [] });
    const seen = (check: Proof['checks'][number]) =>
      setProof(({ checks }) => ({ state: 'running', checks: [...checks, check] }));
    try {
      const checks = await proofOf(wanted, done, sitesOf(wanted, true), seen);
      setProof({ state: 'done', checks });
    } catch (thrown) {
      noteError(thrown);
      setProof(({ checks }) => ({ state: 'done', checks, error: thrown }));
    }
  };
  return {
    plan,
    report,
    proof,
    error,
    made,
    running: made !== undefined,
    forget() {
      setReport(undefined);
      setProof(UNTRIED);
      setPlan(undefined);
    },
    async review() {
      setPlan(undefined);
      setError(undefined);
      try {
        setPlan(await setUp(options, sitesOf(options, true), { plan: true }));
      } catch (thrown) {
        failed(thrown);
      }
    },
    async make() {
      const wanted = { ...options, externalId: plan?.externalId };
      setError(undefined);
      setMade(0);
      try {
        let count = 0;
        const before = () => setMade(count++);
        const done = await setUp(wanted, sitesOf(wanted, true), { before });
        setReport(done);
        if (proving && done.toMake.length === 0) void prove(done, wanted);
      } catch (thrown) {
        failed(thrown);
      } finally {
        setMade(undefined);
        await refresh();
      }
    },
  };
}
