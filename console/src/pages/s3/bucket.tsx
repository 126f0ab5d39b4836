import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { useTab } from '../../ui/tab.js';
import { BucketPermissions } from './bucket-permissions.js';
import { Objects } from './objects.js';
import { Properties } from './properties.js';

export default function BucketPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const bucket = params['bucket']!;
  const tab = useTab('objects');
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{bucket}</Header>
      <Tabs
        {...tab}
        tabs={[
          { id: 'objects', label: t('s3.objects'), content: <Objects bucket={bucket} /> },
          { id: 'properties', label: t('s3.properties'), content: <Properties bucket={bucket} /> },
          {
            id: 'permissions',
            label: t('s3.permissions'),
            content: <BucketPermissions bucket={bucket} />,
          },
        ]}
      />
    </SpaceBetween>
  );
}
