import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useTexts } from '../i18n/index.js';
import { signOut, switchBack, useSession } from '../session/store.js';
import { queries } from '../ui/query.js';
import { shortName } from '../who-am-i.js';

/** In place of the page, once the server takes the credentials no more. */
export function SessionEnded() {
  const t = useTexts();
  const { signedIn, ended } = useSession();
  if (ended === undefined) return null;
  const leave = () => {
    queries.clear();
    signOut();
  };
  return (
    <main className="narrow">
      <Container header={<Header variant="h1">{t('ended.title')}</Header>}>
        <SpaceBetween size="l">
          <Box>{t('ended.text')}</Box>
          <Alert type="warning">
            <SpaceBetween size="xs">
              <Box>{ended.message}</Box>
              {ended.requestId && (
                <Box variant="small">
                  {t('error.requestId')}: {ended.requestId}
                </Box>
              )}
            </SpaceBetween>
          </Alert>
          <SpaceBetween size="xs" direction="horizontal">
            <Button variant="primary" onClick={leave}>
              {t('ended.again')}
            </Button>
            {ended.ofRole && signedIn && (
              <Button onClick={switchBack}>
                {t('bar.switchBack', { name: shortName(signedIn.base.arn) })}
              </Button>
            )}
          </SpaceBetween>
        </SpaceBetween>
      </Container>
    </main>
  );
}
