import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useState } from 'react';
import { type ServerConfig, serverConfig } from '../api/config.js';
import { useTexts } from '../i18n/index.js';
import { navigation } from '../routes.js';
import { useSignedIn } from '../session/store.js';
import { useGo } from '../ui/navigation.js';
import { shortName } from '../who-am-i.js';

export default function HomePage() {
  const t = useTexts();
  const go = useGo();
  const { current } = useSignedIn();
  const [config, setConfig] = useState<ServerConfig>();
  useEffect(() => {
    void serverConfig().then(setConfig);
  }, []);
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={t('app.tagline')}>
        Karikagi
      </Header>
      <Container header={<Header variant="h2">{t('home.you', { name: shortName(current.arn) })}</Header>}>
        <SpaceBetween size="s">
          <Box>{t('home.endpoint')}</Box>
          <Box variant="code">
            {config && (
              <pre className="code">{`export AWS_ENDPOINT_URL=${config.endpoint}\nexport AWS_DEFAULT_REGION=${config.region}\naws sts get-caller-identity`}</pre>
            )}
          </Box>
        </SpaceBetween>
      </Container>
      <ColumnLayout columns={2}>
        {navigation.map(({ text, links }) => (
          <Container key={text} header={<Header variant="h2">{t(text)}</Header>}>
            <SpaceBetween size="xs">
              {links.map(link => (
                <Link key={link.href} {...go(link.href)}>
                  {t(link.text)}
                </Link>
              ))}
            </SpaceBetween>
          </Container>
        ))}
      </ColumnLayout>
    </SpaceBetween>
  );
}
