import Box from '@cloudscape-design/components/box';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import type { Act } from '../api/act.js';
import { useTexts } from '../i18n/index.js';
import { Copy } from './copy.js';

/** The calls as lines of the AWS CLI, to be copied. */
export function CliLines({ acts }: { readonly acts: readonly Pick<Act, 'cli'>[] }) {
  const t = useTexts();
  if (acts.length === 0) return null;
  return (
    <ExpandableSection headerText={t('common.cli')}>
      <CliText text={acts.map(({ cli }) => cli).join('\n')} />
    </ExpandableSection>
  );
}

/** Lines of a command line, and a button that copies them. */
export function CliText({ text }: { readonly text: string }) {
  return (
    <div className="cli">
      <Box variant="pre">{text}</Box>
      <Copy text={text} variant="icon" />
    </div>
  );
}
