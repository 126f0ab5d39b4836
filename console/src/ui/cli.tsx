import Box from '@cloudscape-design/components/box';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import type { Act } from '../api/act.js';
import { useTexts } from '../i18n/index.js';

/** The calls as lines of the AWS CLI, to be copied. */
export function CliLines({ acts, open = false }: { readonly acts: readonly Act[]; readonly open?: boolean }) {
  const t = useTexts();
  if (acts.length === 0) return null;
  const lines = acts.map(({ cli }) => cli).join('\n');
  return (
    <ExpandableSection headerText={t('common.cli')} defaultExpanded={open}>
      <div className="cli">
        <Box variant="pre">{lines}</Box>
        <CopyToClipboard
          variant="icon"
          textToCopy={lines}
          copyButtonAriaLabel={t('common.copy')}
          copySuccessText={t('common.copied')}
          copyErrorText={t('common.copyFailed')}
        />
      </div>
    </ExpandableSection>
  );
}
