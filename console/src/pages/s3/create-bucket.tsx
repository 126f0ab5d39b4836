import {
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Checkbox from '@cloudscape-design/components/checkbox';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Act } from '../../api/act.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { useSignedIn } from '../../session/store.js';
import { ActDialog } from '../../ui/action.js';
import { path } from '../../ui/navigation.js';
import { type Tag, TagFields } from '../../ui/tags.js';

/** What a bucket begins with; as AWS's console has it. */
interface Wanted {
  readonly name: string;
  readonly acls: boolean;
  readonly blocked: boolean;
  readonly acknowledged: boolean;
  readonly versions: boolean;
  readonly encryption: 'AES256' | 'aws:kms';
  readonly kmsKey: string;
  readonly bucketKey: boolean;
  readonly lock: boolean;
  readonly tags: readonly Tag[];
}

const FIRST: Wanted = {
  name: '',
  acls: false,
  blocked: true,
  acknowledged: false,
  versions: false,
  encryption: 'AES256',
  kmsKey: '',
  bucketKey: true,
  lock: false,
  tags: [],
};

export function CreateBucket({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const { region } = useSignedIn();
  const [wanted, setWanted] = useState(FIRST);
  const set = (part: Partial<Wanted>) => setWanted({ ...wanted, ...part });
  const valid = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(wanted.name);
  return (
    <ActDialog
      size="large"
      title={t('s3.buckets.create')}
      submit={t('s3.buckets.create')}
      disabled={!valid || !(wanted.blocked || wanted.acknowledged)}
      acts={valid ? actsOf(wanted, region) : []}
      onClose={onClose}
      onDone={() => navigate(path('s3', 'buckets', wanted.name))}
    >
      <FormField
        label={t('s3.bucket.name')}
        description={t('s3.bucket.region', { region })}
        constraintText={t('s3.bucket.name.rule')}
        errorText={wanted.name.length > 2 && !valid ? t('s3.bucket.name.rule') : ''}
      >
        <Input
          value={wanted.name}
          name="bucket-name"
          autoFocus
          onChange={({ detail }) => set({ name: detail.value.trim() })}
        />
      </FormField>
      <FormField label={t('s3.ownership')}>
        <RadioGroup
          value={wanted.acls ? 'on' : 'off'}
          onChange={({ detail }) => set({ acls: detail.value === 'on' })}
          items={[
            { value: 'off', label: t('s3.acls.off'), description: t('s3.acls.off.text') },
            { value: 'on', label: t('s3.acls.on'), description: t('s3.acls.on.text') },
          ]}
        />
      </FormField>
      <FormField label={t('s3.public')}>
        <SpaceBetween size="xs">
          <Checkbox
            checked={wanted.blocked}
            description={t('s3.public.block.text')}
            onChange={({ detail }) => set({ blocked: detail.checked })}
          >
            {t('s3.public.block')}
          </Checkbox>
          {!wanted.blocked && (
            <Alert type="warning">
              <Checkbox
                checked={wanted.acknowledged}
                onChange={({ detail }) => set({ acknowledged: detail.checked })}
              >
                {t('s3.public.acknowledge')}
              </Checkbox>
            </Alert>
          )}
        </SpaceBetween>
      </FormField>
      <Checkbox
        checked={wanted.versions || wanted.lock}
        disabled={wanted.lock}
        description={t('s3.versioning.text')}
        onChange={({ detail }) => set({ versions: detail.checked })}
      >
        {t('s3.versioning')}
      </Checkbox>
      <Encryption wanted={wanted} set={set} />
      <ExpandableSection headerText={t('s3.more')}>
        <SpaceBetween size="m">
          <Checkbox
            checked={wanted.lock}
            description={t('s3.lock.text')}
            onChange={({ detail }) => set({ lock: detail.checked })}
          >
            {t('s3.lock')}
          </Checkbox>
          <FormField label={t('common.tags')}>
            <TagFields tags={wanted.tags} onChange={tags => set({ tags })} />
          </FormField>
        </SpaceBetween>
      </ExpandableSection>
    </ActDialog>
  );
}

function Encryption({ wanted, set }: { readonly wanted: Wanted; set(part: Partial<Wanted>): void }) {
  const t = useTexts();
  return (
    <SpaceBetween size="s">
      <FormField label={t('s3.encryption')}>
        <RadioGroup
          value={wanted.encryption}
          onChange={({ detail }) => set({ encryption: detail.value as Wanted['encryption'] })}
          items={[
            { value: 'AES256', label: t('s3.encryption.s3') },
            { value: 'aws:kms', label: t('s3.encryption.kms') },
          ]}
        />
      </FormField>
      {wanted.encryption === 'aws:kms' && (
        <>
          <FormField label={t('s3.encryption.key')} constraintText={t('s3.encryption.key.text')}>
            <Input value={wanted.kmsKey} onChange={({ detail }) => set({ kmsKey: detail.value.trim() })} />
          </FormField>
          <Checkbox checked={wanted.bucketKey} onChange={({ detail }) => set({ bucketKey: detail.checked })}>
            {t('s3.encryption.bucketKey')}
          </Checkbox>
        </>
      )}
    </SpaceBetween>
  );
}

/** Only what differs from the bucket that CreateBucket makes by itself. */
function actsOf(wanted: Wanted, region: string): Act[] {
  const Bucket = wanted.name;
  const tags = wanted.tags.filter(({ Key }) => Key !== '');
  const acts: Act[] = [
    s3(
      new CreateBucketCommand({
        Bucket,
        ...(region !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint: region as never } }),
        ...(wanted.acls && { ObjectOwnership: 'BucketOwnerPreferred' as const }),
        ...(wanted.lock && { ObjectLockEnabledForBucket: true }),
      }),
    ),
  ];
  if (!wanted.blocked) {
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: false,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
    };
    acts.push(s3(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })));
  }
  if (wanted.versions && !wanted.lock) {
    acts.push(s3(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })));
  }
  if (wanted.encryption === 'aws:kms') acts.push(encryptionAct(wanted));
  if (tags.length > 0) acts.push(s3(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tags } })));
  return acts;
}

function encryptionAct({ name, kmsKey, bucketKey }: Wanted): Act {
  const byDefault = { SSEAlgorithm: 'aws:kms' as const, ...(kmsKey && { KMSMasterKeyID: kmsKey }) };
  return s3(
    new PutBucketEncryptionCommand({
      Bucket: name,
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: bucketKey }],
      },
    }),
  );
}
