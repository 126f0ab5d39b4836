import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { SetupReport, Step } from '../../../../src/clients/setup/index.js';
import { useTexts } from '../../i18n/index.js';
import { CliText } from '../../ui/cli.js';
import { Panel } from '../../ui/panel.js';
import { usePermissions } from '../../ui/permission.js';
import { callOf } from './clients.js';

interface PlanProps {
  /** `undefined` until it is known. */
  readonly plan: SetupReport | undefined;
  readonly error: unknown;
  /** How many of the calls were made; `undefined` before it begins. */
  readonly made: number | undefined;
}

/** The calls that are still to be made, each with its policy, and those that another account has to make. */
export function Plan({ plan, error, made }: PlanProps) {
  const t = useTexts();
  const forbidden = useForbidden(plan);
  return (
    <SpaceBetween size="l">
      <Panel title={t('setup.calls')} error={error} loading={plan === undefined}>
        {plan?.steps.length === 0 && <Box>{t('setup.calls.none')}</Box>}
        <SpaceBetween size="xs">
          {plan?.steps.map((step, index) => (
            <Call
              key={callOf(step).cli}
              step={step}
              forbidden={forbidden[index]}
              status={statusOf(index, made)}
            />
          ))}
        </SpaceBetween>
      </Panel>
      {plan && <OtherAccount steps={plan.toMake} />}
    </SpaceBetween>
  );
}

/** Why the caller may not make each call of a plan; `undefined` where it may. */
export function useForbidden(plan: SetupReport | undefined): readonly (string | undefined)[] {
  return usePermissions((plan?.steps ?? []).map(step => callOf(step).asked));
}

type Status = 'pending' | 'in-progress' | 'success';

function statusOf(index: number, made: number | undefined): Status {
  if (made === undefined || index > made) return 'pending';
  return index === made ? 'in-progress' : 'success';
}

/** What another account has to make, of which there are no keys here. */
export function OtherAccount({ steps }: { readonly steps: readonly Step[] }) {
  const t = useTexts();
  const [first] = steps;
  if (!first) return null;
  return (
    <Panel
      title={t('setup.toMake', { account: first.site.place.account })}
      description={t('setup.toMake.text')}
    >
      <SpaceBetween size="xs">
        {steps.map(step => (
          <Call key={callOf(step).cli} step={step} forbidden={undefined} status="pending" />
        ))}
      </SpaceBetween>
    </Panel>
  );
}

interface CallProps {
  readonly step: Step;
  readonly forbidden: string | undefined;
  readonly status: Status;
}

function Call({ step, forbidden, status }: CallProps) {
  const { call } = step;
  return (
    <div data-testid="call" data-status={status}>
      <ExpandableSection
        defaultExpanded={forbidden !== undefined}
        headerText={
          <StatusIndicator type={forbidden === undefined ? status : 'error'}>
            {`aws ${call.service} ${call.operation}`}
          </StatusIndicator>
        }
        headerDescription={subjectOf(call.input)}
      >
        <SpaceBetween size="s">
          {forbidden !== undefined && <Alert type="error">{forbidden}</Alert>}
          <Box variant="code">
            <pre className="code">{inputText(call.input)}</pre>
          </Box>
          <CliText text={callOf(step).cli} />
        </SpaceBetween>
      </ExpandableSection>
    </div>
  );
}

/** A call's input with its policies as documents, not as strings in strings. */
function inputText(input: object): string {
  const open = (_: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('{') ? JSON.parse(value) : value;
  return JSON.stringify(input, open, 2);
}

/** The member of a call's input that says what it is about; of a key, that is its description. */
const SUBJECTS = [
  'UserName',
  'RoleName',
  'InstanceProfileName',
  'Bucket',
  'AliasName',
  'KeyId',
  'Description',
];

function subjectOf(input: object): string {
  const found = new Map<string, unknown>(Object.entries(input));
  return String(found.get(SUBJECTS.find(member => found.has(member)) ?? '') ?? '');
}
