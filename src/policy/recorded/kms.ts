/** What KMS's calls need, by their records (Service Authorization Reference, AWS Key Management Service). */

import { parseArn } from '../evaluate/arn.js';
import type { Context } from '../request.js';
import type { RecordedCheck, RecordParts } from './call.js';
import { type Fields, fields, present, requestTags, text, texts } from './fields.js';

/** Calls on no key. */
const ON_ACCOUNT =
  /^(?:CreateKey|List(?:Keys|Aliases|RetirableGrants)|GenerateRandom|(?:Connect|Create|Delete|Disconnect|Update)CustomKeyStore|DescribeCustomKeyStores)$/;

/** Names of calls; what is none of them is not KMS's. */
const ON_KEY =
  /^(?:CancelKeyDeletion|(?:Create|Delete|Update)Alias|CreateGrant|Decapsulate|Decrypt|DeleteImportedKeyMaterial|DeriveSharedSecret|DescribeKey|(?:Dis|En)ableKey(?:Rotation)?|Encapsulate|Encrypt|GenerateDataKey(?:Pair)?(?:WithoutPlaintext)?|GenerateMac|Get(?:KeyLastUsage|KeyPolicy|KeyRotationStatus|ParametersForImport|PublicKey)|ImportKeyMaterial|List(?:Grants|KeyPolicies|KeyRotations|ResourceTags)|PutKeyPolicy|ReplicateKey|(?:Retire|Revoke)Grant|RotateKeyOnDemand|ScheduleKeyDeletion|Sign|(?:Tag|Untag)Resource|UpdateKeyDescription|UpdatePrimaryRegion|Verify|VerifyMac)$/;

export function kmsChecks(parts: RecordParts): RecordedCheck[] | undefined {
  const { name } = parts;
  if (ON_ACCOUNT.test(name)) return onAccount(parts);
  if (name === 'ReEncrypt') return reEncrypt(parts);
  if (!ON_KEY.test(name)) return undefined;
  const keys = keysOf(parts);
  if (keys.length === 0) return [];
  const context = contextOf(parts);
  const alias = /^(?:Create|Delete|Update)Alias$/.test(name) ? aliasArn(parts) : undefined;
  const found = [...(alias === undefined ? [] : [alias]), ...keys].map(resource =>
    on(parts, resource, context),
  );
  return name === 'ReplicateKey'
    ? [...found, { ...on(parts, '*', context), action: 'kms:CreateKey' }]
    : found;
}

function onAccount(parts: RecordParts): RecordedCheck[] {
  const { name, parameters } = parts;
  const context = contextOf(parts);
  if (name !== 'CreateKey') return [on(parts, '*', context)];
  const keys = present({
    'kms:KeySpec': text(parameters['keySpec'] ?? parameters['customerMasterKeySpec']) ?? 'SYMMETRIC_DEFAULT',
    'kms:KeyUsage': text(parameters['keyUsage']) ?? 'ENCRYPT_DECRYPT',
    'kms:KeyOrigin': text(parameters['origin']) ?? 'AWS_KMS',
    'kms:MultiRegion': text(parameters['multiRegion']) ?? 'false',
    'kms:BypassPolicyLockoutSafetyCheck': text(parameters['bypassPolicyLockoutSafetyCheck']) ?? 'false',
  });
  const made = on(parts, '*', { ...context, ...keys });
  return 'aws:TagKeys' in context
    ? [made, { ...on(parts, '*', context), action: 'kms:TagResource' }]
    : [made];
}

function on(parts: RecordParts, resource: string, context: Context): RecordedCheck {
  const isKey = resource.includes(':key/');
  const account = parseArn(resource)?.account || parts.account || undefined;
  return { action: `kms:${parts.name}`, resource, account, kind: isKey ? 'key' : 'resource', context };
}

/** ARNs of the keys that the call was about: the record's resources have them, whatever the request said. */
function keysOf(parts: RecordParts): string[] {
  const { resources, parameters, lookups, account, region } = parts;
  const listed = resources.map(({ arn }) => arn).filter(arn => arn.includes(':key/'));
  if (listed.length > 0) return [...new Set(listed)];
  const id = text(parameters['keyId']) ?? text(parameters['targetKeyId']);
  if (id === undefined) return [];
  if (/(?:^|:)alias\//.test(id)) {
    const arn = lookups.keyOf?.(id.slice(id.indexOf('alias/')), account, region);
    return arn === undefined ? [] : [arn];
  }
  return [id.startsWith('arn:') ? id : `arn:${parts.partition}:kms:${region}:${account}:key/${id}`];
}

function aliasArn({ parameters, partition, region, account }: RecordParts): string | undefined {
  const name = text(parameters['aliasName']);
  return name && `arn:${partition}:kms:${region}:${account}:${name}`;
}

function contextOf({ name, parameters, account, invokedBy, region }: RecordParts): Context {
  const constraints = fields(parameters['constraints']);
  const id = text(parameters['keyId']);
  const via = invokedBy?.endsWith('.amazonaws.com')
    ? `${invokedBy.slice(0, -14)}.${region}.amazonaws.com`
    : undefined;
  return {
    ...encryptionContext(
      fields(
        parameters['encryptionContext'] ??
          constraints['encryptionContextSubset'] ??
          constraints['encryptionContextEquals'],
      ),
    ),
    ...requestTags(parameters['tags']),
    ...(name === 'UntagResource' && { 'aws:TagKeys': texts(parameters['tagKeys']) }),
    ...(name === 'CreateGrant' && {
      'kms:GrantOperations': texts(parameters['operations']),
      'kms:GrantIsForAWSResource': String(via !== undefined),
    }),
    ...present({
      'kms:CallerAccount': account || undefined,
      'kms:ViaService': via,
      'kms:EncryptionAlgorithm': text(parameters['encryptionAlgorithm']),
      'kms:SigningAlgorithm': text(parameters['signingAlgorithm']),
      'kms:MacAlgorithm': text(parameters['macAlgorithm']),
      'kms:KeyAgreementAlgorithm': text(parameters['keyAgreementAlgorithm']),
      'kms:DataKeyPairSpec': text(parameters['keyPairSpec']),
      'kms:MessageType': text(parameters['messageType']),
      'kms:GranteePrincipal': text(parameters['granteePrincipal']),
      'kms:RetiringPrincipal': text(parameters['retiringPrincipal']),
      'kms:GrantConstraintType': Object.keys(constraints)[0]?.replace(/^e/, 'E'),
      'kms:RequestAlias': id && /(?:^|:)(alias\/.+)$/.exec(id)?.[1],
      'kms:WrappingAlgorithm': text(parameters['wrappingAlgorithm']),
      'kms:WrappingKeySpec': text(parameters['wrappingKeySpec']),
      'kms:ReplicaRegion': text(parameters['replicaRegion']),
      'kms:PrimaryRegion': text(parameters['primaryRegion']),
      'kms:RotationPeriodInDays': text(parameters['rotationPeriodInDays']),
      'kms:ScheduleKeyDeletionPendingWindowInDays': text(parameters['pendingWindowInDays']),
    }),
  };
}

function encryptionContext(pairs: Fields): Context {
  const names = Object.keys(pairs);
  if (names.length === 0) return {};
  return {
    ...Object.fromEntries(names.map(name => [`kms:EncryptionContext:${name}`, text(pairs[name]) ?? ''])),
    'kms:EncryptionContextKeys': names,
  };
}

/** Two actions, each with the context of its side ("ReEncrypt", KMS API Reference). */
function reEncrypt(parts: RecordParts): RecordedCheck[] {
  const { parameters, resources } = parts;
  const listed = resources.map(({ arn }) => arn).filter(arn => arn.includes(':key/'));
  const to = text(parameters['destinationKeyId']);
  const source = listed[0];
  const target = listed[1] ?? (to?.startsWith('arn:') && to.includes(':key/') ? to : listed[0]);
  if (source === undefined || target === undefined) return [];
  const same = { 'kms:ReEncryptOnSameKey': String(source === target) };
  const { 'kms:EncryptionAlgorithm': _, ...shared } = contextOf(parts);
  const side = (name: 'source' | 'destination') => ({
    ...shared,
    ...same,
    ...encryptionContext(fields(parameters[`${name}EncryptionContext`])),
    ...present({ 'kms:EncryptionAlgorithm': text(parameters[`${name}EncryptionAlgorithm`]) }),
  });
  return [
    { ...on(parts, source, side('source')), action: 'kms:ReEncryptFrom' },
    { ...on(parts, target, side('destination')), action: 'kms:ReEncryptTo' },
  ];
}
