import Alert from '@cloudscape-design/components/alert';
import { useEffect, useState } from 'react';
import { isReadable, serverConfig } from '../api/config.js';
import { useTexts } from '../i18n/index.js';

/** Says so where the page comes over a network in the clear. */
export function PlainNotice() {
  const t = useTexts();
  const [readable, setReadable] = useState(false);
  useEffect(() => {
    void serverConfig().then(config => setReadable(isReadable(config)));
  }, []);
  if (!readable) return null;
  return (
    <Alert type="warning" header={t('plain.title')} data-testid="plain">
      {t('plain.text')}
    </Alert>
  );
}
