import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import { lazy, Suspense, useEffect, useState } from 'react';
import {
  applyFixes,
  type Finding,
  formatPolicy,
  lint,
  type PolicyKind,
  type Severity,
} from '../../../src/policy/index.js';
import { knowledge } from '../api/knowledge.js';
import { type TextKey, useTexts } from '../i18n/index.js';

const Editor = lazy(() => import('./editor.js'));

interface PolicyEditorProps {
  readonly value: string;
  readonly kind: PolicyKind;
  readonly label: string;
  /** Of the role that a trust policy is for, seconds. */
  readonly sessionDuration?: number;
  onChange(text: string): void;
  /** How many findings of severity error there are. */
  onErrors?(count: number): void;
}

const LOOKS: Readonly<Record<Severity, StatusIndicatorProps.Type>> = {
  ERROR: 'error',
  SECURITY_WARNING: 'warning',
  WARNING: 'warning',
  SUGGESTION: 'info',
};
const ORDER: readonly Severity[] = ['ERROR', 'SECURITY_WARNING', 'WARNING', 'SUGGESTION'];

/** A policy as JSON, with what the linter finds as one types, and what mends it. */
export function PolicyEditor({ value, kind, label, sessionDuration, onChange, onErrors }: PolicyEditorProps) {
  const t = useTexts();
  const findings = useFindings(value, kind, sessionDuration);
  const errors = findings?.filter(({ severity }) => severity === 'ERROR').length ?? 0;
  useEffect(() => onErrors?.(errors), [errors, onErrors]);
  const fixes = findings?.filter(({ fix }) => fix !== undefined) ?? [];
  return (
    <SpaceBetween size="s">
      <Suspense fallback={<Spinner />}>
        <Editor
          value={value}
          label={label}
          onChange={onChange}
          findings={text => findingsOf(text, kind, sessionDuration)}
        />
      </Suspense>
      <SpaceBetween size="xs" direction="horizontal">
        <Button
          formAction="none"
          onClick={() => {
            const formatted = reformatted(value);
            if (formatted !== undefined) onChange(formatted);
          }}
        >
          {t('policy.format')}
        </Button>
        {fixes.length > 1 && (
          <Button formAction="none" iconName="check" onClick={() => onChange(applyFixes(value, fixes))}>
            {t('policy.fixAll', { count: fixes.length })}
          </Button>
        )}
      </SpaceBetween>
      {findings && <Findings findings={findings} onFix={fix => onChange(applyFixes(value, [fix]))} />}
    </SpaceBetween>
  );
}

function reformatted(text: string): string | undefined {
  try {
    return formatPolicy(text);
  } catch {
    return undefined;
  }
}

function Findings({
  findings,
  onFix,
}: {
  readonly findings: readonly Finding[];
  onFix(finding: Finding): void;
}) {
  const t = useTexts();
  if (findings.length === 0) return <Alert type="success">{t('policy.noFindings')}</Alert>;
  const sorted = [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  const counts = ORDER.map(
    severity => [severity, sorted.filter(f => f.severity === severity).length] as const,
  )
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${t(`policy.${severity}` as TextKey)}: ${count}`)
    .join(' · ');
  return (
    <ExpandableSection defaultExpanded headerText={t('policy.findings')} headerDescription={counts}>
      <SpaceBetween size="s">
        {sorted.map(finding => (
          <div
            key={`${finding.code} ${finding.start} ${finding.message}`}
            data-testid="finding"
            data-code={finding.code}
          >
            <SpaceBetween size="xxs">
              <StatusIndicator type={LOOKS[finding.severity]} wrapText>
                {finding.message}
              </StatusIndicator>
              <SpaceBetween size="s" direction="horizontal" alignItems="center">
                <Box variant="small">
                  {t('policy.at', { line: finding.line, column: finding.column })} · {finding.code}
                </Box>
                {finding.fix && (
                  <Button formAction="none" variant="inline-link" onClick={() => onFix(finding)}>
                    {finding.fix.description}
                  </Button>
                )}
              </SpaceBetween>
            </SpaceBetween>
          </div>
        ))}
      </SpaceBetween>
    </ExpandableSection>
  );
}

/** How many errors a policy has, as it is now. */
export async function countErrors(text: string, kind: PolicyKind): Promise<number> {
  const findings = await findingsOf(text, kind, undefined);
  return findings.filter(({ severity }) => severity === 'ERROR').length;
}

function findingsOf(text: string, kind: PolicyKind, sessionDuration: number | undefined) {
  return lint(text, kind, { knowledge, ...(sessionDuration !== undefined && { sessionDuration }) });
}

/** What the linter finds, a moment after the last change. */
function useFindings(text: string, kind: PolicyKind, sessionDuration: number | undefined) {
  const [findings, setFindings] = useState<readonly Finding[]>();
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      findingsOf(text, kind, sessionDuration).then(
        found => current && setFindings(found),
        () => current && setFindings(undefined),
      );
    }, 200);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, kind, sessionDuration]);
  return findings;
}
