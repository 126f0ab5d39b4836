import Modal, { type ModalProps } from '@cloudscape-design/components/modal';
import { useEffect, useState } from 'react';
import { useTexts } from '../i18n/index.js';

type DialogProps = Pick<ModalProps, 'header' | 'size' | 'footer' | 'children' | 'onDismiss'>;

/**
 * An open dialog: it takes the focus and holds it, and gives it back to where it was. Cloudscape's own restoring takes
 * a field that has the focus from the beginning for where it was.
 */
export function Dialog(props: DialogProps) {
  const t = useTexts();
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // Once the dialog is gone, which lets nothing outside of it have the focus.
      setTimeout(() => {
        if (document.activeElement !== document.body) return;
        if (before instanceof HTMLElement && before.isConnected) before.focus();
      });
    },
    [before],
  );
  return <Modal visible closeAriaLabel={t('common.close')} {...props} />;
}
