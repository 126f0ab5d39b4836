import CopyToClipboard, { type CopyToClipboardProps } from '@cloudscape-design/components/copy-to-clipboard';
import { useTexts } from '../i18n/index.js';

/** A text to be copied: beside itself (`inline`), or as a button alone. */
export function Copy({
  text,
  variant = 'inline',
}: {
  readonly text: string;
  readonly variant?: CopyToClipboardProps['variant'];
}) {
  const t = useTexts();
  return (
    <CopyToClipboard
      variant={variant}
      textToCopy={text}
      {...(variant === 'button' && { copyButtonText: t('common.copy') })}
      copyButtonAriaLabel={t('common.copy')}
      copySuccessText={t('common.copied')}
      copyErrorText={t('common.copyFailed')}
    />
  );
}
