import type { Texts } from './index.js';

export const s3Texts = {
  's3.buckets.text': ['Where objects are kept', 'オブジェクトの保存先です'],
  's3.buckets.none': ['This account has no buckets yet', 'このアカウントにバケットはまだありません'],
  's3.buckets.create': ['Create bucket', 'バケットを作成'],
  's3.buckets.delete': ['Delete bucket {name}', 'バケット {name} の削除'],
  's3.buckets.delete.text': [
    'Only an empty bucket can be deleted: objects, versions and unfinished uploads count.',
    '空のバケットだけを削除できます。オブジェクト、バージョン、未完了のアップロードも対象です。',
  ],
  's3.bucket.name': ['Bucket name', 'バケット名'],
  's3.bucket.name.rule': [
    '3 to 63 small letters, digits, dots and hyphens',
    '3〜63 文字の英小文字、数字、ピリオド、ハイフン',
  ],
  's3.bucket.region': [
    'In {region}, the region in the bar above',
    '上部のバーで選択中の {region} に作成します',
  ],
  's3.ownership': ['Object ownership', 'オブジェクト所有者'],
  's3.acls.off': ['ACLs off (recommended)', 'ACL 無効 (推奨)'],
  's3.acls.off.text': [
    'The account owns every object; policies alone decide',
    'すべてのオブジェクトをこのアカウントが所有し、ポリシーだけで制御します',
  ],
  's3.acls.on': ['ACLs on', 'ACL 有効'],
  's3.acls.on.text': [
    'Access control lists count beside policies',
    'ポリシーに加えてアクセスコントロールリストも使われます',
  ],
  's3.public': ['Public access', 'パブリックアクセス'],
  's3.public.block': ['Block all public access', 'パブリックアクセスをすべてブロック'],
  's3.public.block.text': [
    'No policy and no ACL opens the bucket to everyone',
    'ポリシーや ACL で一般公開されることを防ぎます',
  ],
  's3.public.acknowledge': [
    'I know that this bucket and its objects may become public',
    'このバケットとオブジェクトが公開される可能性があることを理解しています',
  ],
  's3.versioning': ['Versioning', 'バージョニング'],
  's3.versioning.text': [
    'What is overwritten or deleted stays as an older version',
    '上書きや削除をしても以前のバージョンが残ります',
  ],
  's3.encryption': ['Default encryption', 'デフォルトの暗号化'],
  's3.encryption.s3': ['Keys that S3 manages (SSE-S3)', 'S3 管理キー (SSE-S3)'],
  's3.encryption.kms': ['A KMS key (SSE-KMS)', 'KMS キー (SSE-KMS)'],
  's3.encryption.key': ['KMS key: ARN, ID or alias', 'KMS キー (ARN、ID、またはエイリアス)'],
  's3.encryption.key.text': ['Empty: the key aws/s3', '空欄の場合は aws/s3 キー'],
  's3.encryption.bucketKey': [
    'Use a bucket key: fewer calls to KMS',
    'バケットキーを使用 (KMS の呼び出しを削減)',
  ],
  's3.lock': ['Object lock', 'オブジェクトロック'],
  's3.lock.text': [
    'Versions can be protected from deletion for a time; needs versioning, and cannot be turned off',
    'バージョンを一定期間削除から保護できます。バージョニングが必要で、後から無効にはできません',
  ],
  's3.more': ['Object lock and tags', 'オブジェクトロックとタグ'],
  's3.objects': ['Objects', 'オブジェクト'],
  's3.objects.none': ['There are no objects here', 'オブジェクトはありません'],
  's3.folder': ['Folder', 'フォルダ'],
  's3.size': ['Size', 'サイズ'],
  's3.modified': ['Last modified', '最終更新日時'],
} as const satisfies Texts;
