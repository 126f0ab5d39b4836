/** Access control lists of buckets and objects: who has which of their five permissions. */
import {
  GetBucketAclCommand,
  GetObjectAclCommand,
  type Grant,
  type Owner,
  type Permission,
  PutBucketAclCommand,
  PutObjectAclCommand,
} from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import type { Act } from '../../api/act.js';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { ChoiceField, TextField } from '../../ui/fields.js';
import { Panel } from '../../ui/panel.js';
import { useLoaded } from '../../ui/query.js';
import { useOwnership } from './ownership.js';

interface Acl {
  readonly Owner: Owner | undefined;
  readonly Grants: readonly Grant[];
}

const GROUPS = {
  everyone: 'http://acs.amazonaws.com/groups/global/AllUsers',
  authenticated: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
  logs: 'http://acs.amazonaws.com/groups/s3/LogDelivery',
} as const;

const PERMISSIONS: readonly Permission[] = ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL'];

export function BucketAcl({ bucket: Bucket }: { readonly bucket: string }) {
  const hindrance = useAclsOff(Bucket);
  return (
    <AclPanel
      hindrance={hindrance}
      name={[Bucket]}
      asks={{ action: 's3:PutBucketAcl', resource: s3Arn(Bucket) }}
      read={async () => await s3(new GetBucketAclCommand({ Bucket })).send()}
      put={AccessControlPolicy => s3(new PutBucketAclCommand({ Bucket, AccessControlPolicy }))}
    />
  );
}

interface ObjectName {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

export function ObjectAcl({ named }: { readonly named: ObjectName }) {
  const { Bucket, Key } = named;
  const hindrance = useAclsOff(Bucket);
  return (
    <AclPanel
      hindrance={hindrance}
      name={[named]}
      asks={{ action: 's3:PutObjectAcl', resource: s3Arn(Bucket, Key) }}
      read={async () => await s3(new GetObjectAclCommand(named)).send()}
      put={AccessControlPolicy => s3(new PutObjectAclCommand({ ...named, AccessControlPolicy }))}
    />
  );
}

/** Why no list can be changed: `undefined` where the bucket's ACLs are on, or where that is not known. */
function useAclsOff(bucket: string): string | undefined {
  const t = useTexts();
  const { data } = useOwnership(bucket);
  return data === 'BucketOwnerEnforced' ? t('s3.acl.off') : undefined;
}

interface AclPanelProps {
  readonly hindrance: string | undefined;
  readonly name: readonly unknown[];
  readonly asks: { readonly action: string; readonly resource: string };
  read(): Promise<{ Owner?: Owner | undefined; Grants?: Grant[] | undefined }>;
  put(acl: { Owner: Owner | undefined; Grants: Grant[] }): Act;
}

function AclPanel({ hindrance, name, asks, read, put }: AclPanelProps) {
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  const { data, error, isLoading } = useLoaded<Acl>(['acl', ...name], async () => {
    const { Owner, Grants = [] } = await read();
    return { Owner, Grants };
  });
  const { Owner, Grants = [] } = data ?? {};
  return (
    <Panel
      title={t('s3.acl')}
      description={t('s3.acl.text')}
      error={error}
      loading={isLoading}
      actions={
        <GuardedButton
          asks={asks}
          hindrance={hindrance}
          disabled={data === undefined}
          onClick={() => setAdding(true)}
        >
          {t('s3.acl.grant')}
        </GuardedButton>
      }
    >
      <Table<Grant>
        variant="embedded"
        wrapLines
        items={Grants}
        ariaLabels={{ tableLabel: t('s3.acl') }}
        columnDefinitions={[
          { id: 'grantee', header: t('s3.acl.grantee'), cell: grant => nameOf(grant, Owner, t) },
          { id: 'permission', header: t('common.permissions'), cell: ({ Permission }) => Permission },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: grant => (
              <ActButton
                variant="inline-link"
                text={t('common.remove')}
                ariaLabel={`${t('common.remove')} ${nameOf(grant, Owner, t)} ${grant.Permission}`}
                asks={asks}
                hindrance={hindrance}
                acts={() => [put({ Owner, Grants: Grants.filter(other => other !== grant) })]}
              />
            ),
          },
        ]}
      />
      {adding && (
        <GrantDialog
          act={grant => put({ Owner, Grants: [...Grants, grant] })}
          onClose={() => setAdding(false)}
        />
      )}
    </Panel>
  );
}

function nameOf({ Grantee }: Grant, owner: Owner | undefined, t: ReturnType<typeof useTexts>): string {
  const { ID, URI, DisplayName } = Grantee ?? {};
  const group = Object.entries(GROUPS).find(([, uri]) => uri === URI)?.[0] as keyof typeof GROUPS | undefined;
  if (group) return t(`s3.acl.${group}`);
  const shown = DisplayName ?? ID ?? URI ?? '–';
  return ID !== undefined && ID === owner?.ID ? `${shown} (${t('s3.acl.owner')})` : shown;
}

function GrantDialog({ act, onClose }: { act(grant: Grant): Act; onClose(): void }) {
  const t = useTexts();
  const [kind, setKind] = useState<keyof typeof GROUPS | 'account'>('account');
  const [id, setId] = useState('');
  const [permission, setPermission] = useState<Permission>('READ');
  const grant: Grant = {
    Permission: permission,
    Grantee: kind === 'account' ? { Type: 'CanonicalUser', ID: id } : { Type: 'Group', URI: GROUPS[kind] },
  };
  const kinds = ['account', 'everyone', 'authenticated', 'logs'] as const;
  return (
    <ActDialog
      title={t('s3.acl.grant')}
      submit={t('s3.acl.grant')}
      acts={kind !== 'account' || id !== '' ? [act(grant)] : []}
      onClose={onClose}
    >
      <ChoiceField<keyof typeof GROUPS | 'account'>
        label={t('s3.acl.grantee')}
        options={kinds.map(value => ({ value, label: t(`s3.acl.${value}`) }))}
        value={kind}
        onChange={setKind}
      />
      {kind === 'account' && (
        <TextField
          label={t('s3.acl.id')}
          name="canonical-id"
          value={id}
          onChange={text => setId(text.trim())}
        />
      )}
      {(kind === 'everyone' || kind === 'authenticated') && <Alert type="warning">{t('s3.acl.open')}</Alert>}
      <ChoiceField<Permission>
        label={t('common.permissions')}
        options={PERMISSIONS.map(value => ({ value, label: value }))}
        value={permission}
        onChange={setPermission}
      />
    </ActDialog>
  );
}
