import type { Texts } from './index.js';

/** The pages that set up a bucket and a role for temporary keys, and take them away. */
export const setupTexts = {
  'nav.setup': ['Set up staging', 'ステージングのセットアップ'],
  'setup.text': [
    'A bucket, a role that reaches one prefix of it and nothing else, and who may assume the role. Made, and then tried.',
    'バケット、その 1 つのプレフィックスだけを使えるロール、ロールを引き受ける相手を作成し、動作を確認します。',
  ],
  'setup.name': ['Name', '名前'],
  'setup.name.rule': [
    'Names the role. 1 to 50 letters, digits and hyphens; a letter first',
    'ロール名になります。英字で始まる 50 文字以内の英数字とハイフン',
  ],
  'setup.bucket.rule': [
    'Made where it does not exist. One that exists keeps its settings',
    '存在しない場合は作成します。既存のバケットの設定は変わりません',
  ],
  'setup.prefix.rule': [
    'What the role reaches: staging/. No wildcards and no spaces',
    'ロールが使える範囲です (例: staging/)。ワイルドカードと空白は使えません',
  ],
  'setup.access': ['What the role may do there', 'ロールに許可する操作'],
  'setup.access.read': ['Read: list and get', '読み取り: 一覧と取得'],
  'setup.access.write': ['Write: put, and nothing else', '書き込み: 追加のみ'],
  'setup.access.read-write': [
    'Read and write: list, get, put and delete',
    '読み取りと書き込み: 一覧、取得、追加、削除',
  ],
  'setup.source': ['Who assumes the role', 'ロールを引き受ける相手'],
  'setup.source.user': ['A user', 'ユーザー'],
  'setup.source.user.text': [
    'Made where it does not exist; it may do nothing but assume the role',
    '存在しない場合は作成します。ロールの引き受け以外は許可されません',
  ],
  'setup.source.user.name': ['User name', 'ユーザー名'],
  'setup.source.user.rule': [
    'Up to 64 letters, digits and + = , . @ _ -',
    '64 文字以内の英数字と + = , . @ _ -',
  ],
  'setup.source.instance-profile': ['An instance profile', 'インスタンスプロファイル'],
  'setup.source.instance-profile.text': [
    'A machine gets its keys from the metadata endpoint: no access key at all',
    'メタデータエンドポイントから認証情報を取得します。アクセスキーは不要です',
  ],
  'setup.source.instance-profile.name': ['Instance profile', 'インスタンスプロファイル名'],
  'setup.source.instance-profile.rule': [
    'Up to 64 letters, digits and + = , . @ _ -',
    '64 文字以内の英数字と + = , . @ _ -',
  ],
  'setup.source.principal': ['A user or role that exists', '既存のユーザーまたはロール'],
  'setup.source.principal.text': [
    'Of this account or another. What another account has to do is shown for its administrator',
    '別のアカウントも指定できます。その場合、相手側で必要な操作を表示します',
  ],
  'setup.source.principal.name': ['ARN', 'ARN'],
  'setup.source.principal.rule': [
    'Of a user or a role: arn:aws:iam::123456789012:role/loader',
    'ユーザーまたはロールの ARN (例: arn:aws:iam::123456789012:role/loader)',
  ],
  'setup.source.service': ['A service', 'サービス'],
  'setup.source.service.text': ['It sends no external ID', '外部 ID は送信されません'],
  'setup.source.service.name': ['Service principal', 'サービスプリンシパル'],
  'setup.source.service.rule': ['As lambda.amazonaws.com', '例: lambda.amazonaws.com'],
  'setup.sourceArn': ['On whose behalf alone', '呼び出し元の ARN'],
  'setup.sourceArn.rule': [
    'The ARN of what the service works for, or a pattern of ARNs. Empty: anything of this account',
    'サービスの呼び出し元の ARN またはパターン。空欄の場合は制限しません',
  ],
  'setup.kms': ['Encrypt with a KMS key of its own', '専用の KMS キーで暗号化する'],
  'setup.externalId.rule': [
    'Empty: a random one. 2 to 1224 letters, digits and + = , . @ : / -',
    '空欄の場合は自動生成します。2〜1224 文字の英数字と + = , . @ : / -',
  ],
  'setup.duration': ['Longest session, seconds', '最大セッション時間 (秒)'],
  'setup.review': ['Review', '確認'],
  'setup.calls': ['Calls that will be made', '実行される API 呼び出し'],
  'setup.calls.none': ['Everything is there already.', 'すべて作成済みです。'],
  'setup.toMake': ['To be done in account {account}', 'アカウント {account} で必要な操作'],
  'setup.toMake.text': [
    'There are no keys of that account here: its administrator makes these calls.',
    'このアカウントの認証情報がないため、管理者が次の呼び出しを実行してください。',
  ],
  'setup.forms': ['The same in other forms', '同じ内容の他の形式'],
  'setup.form.cli': ['AWS CLI', 'AWS CLI'],
  'setup.form.terraform': ['Terraform', 'Terraform'],
  'setup.form.cloudformation': ['CloudFormation', 'CloudFormation'],
  'setup.download': ['Download {file}', '{file} をダウンロード'],
  'setup.prove': [
    'Try afterwards what is granted and what is not',
    '作成後に、許可されることとされないことを確認する',
  ],
  'setup.prove.user': [
    'With an access key of the user that is made for this and deleted after it',
    '確認用のアクセスキーを作成し、終了後に削除します',
  ],
  'setup.go': ['Set up', 'セットアップを実行'],
  'setup.done': ['For the connection', '接続に使う値'],
  'setup.made': ['Calls that were made: {count}', '実行した API 呼び出し: {count} 件'],
  'setup.roleArn': ['Role ARN', 'ロールの ARN'],
  'setup.sessionLasts': ['A session lasts at most', 'セッションの最大時間'],
  'setup.chained': ['An hour: a role assumes it (role chaining)', '1 時間 (別のロールから引き受けるため)'],
  'setup.proof': ['Proof', '動作確認'],
  'setup.proof.none': ['Nothing was tried.', '確認は行いませんでした。'],
  'setup.proof.elsewhere': [
    'Nothing was tried: the other account has its part to make first.',
    '別のアカウントでの操作が済んでいないため、確認は行いませんでした。',
  ],
  'setup.proof.good': ['Everything is as it should be.', 'すべて期待どおりです。'],
  'setup.proof.bad': ['Something is not as it should be.', '期待どおりでない項目があります。'],
  'setup.again': ['Set up another', '別のセットアップ'],
  'setup.remove': ['Remove a set-up', 'セットアップの削除'],
  'setup.remove.which': ['Which set-up', '削除するセットアップ'],
  'setup.remove.text': [
    'Takes away the role, the bucket, the key, and the user or profile that were made for it. A bucket with objects stays, and so does what was there before.',
    'セットアップで作成したロール、バケット、キー、ユーザーまたはプロファイルを削除します。オブジェクトのあるバケットと、以前からあったものは残ります。',
  ],
  'setup.removed': ['What was removed', '削除の結果'],
  'setup.removed.none': ['Nothing of this set-up is there.', 'このセットアップで作成したものはありません。'],
  'setup.left': ['Left: {what}', '残りました: {what}'],

  'setup.check.assumes': ['Assumes the role', 'ロールを引き受けられる'],
  'setup.check.assumes-with-id': [
    'Assumes the role with the external ID',
    '外部 ID を指定してロールを引き受けられる',
  ],
  'setup.check.not-without-id': [
    'Is refused without the external ID',
    '外部 ID がないと引き受けを拒否される',
  ],
  'setup.check.lists': ['Lists the prefix', 'プレフィックスの一覧を取得できる'],
  'setup.check.no-list': ['Is refused a list of the prefix', 'プレフィックスの一覧の取得を拒否される'],
  'setup.check.puts': ['Puts an object', 'オブジェクトを追加できる'],
  'setup.check.no-put': ['Is refused a put', 'オブジェクトの追加を拒否される'],
  'setup.check.gets': ['Gets it', 'オブジェクトを取得できる'],
  'setup.check.no-get': ['Is refused its content', 'オブジェクトの取得を拒否される'],
  'setup.check.parts': ['Uploads in parts', 'マルチパートアップロードができる'],
  'setup.check.no-parts': ['Is refused an upload in parts', 'マルチパートアップロードを拒否される'],
  'setup.check.deletes': ['Deletes', 'オブジェクトを削除できる'],
  'setup.check.no-delete': ['Is refused a deletion', 'オブジェクトの削除を拒否される'],
  'setup.check.no-put-outside': [
    'Is refused a put outside the prefix',
    'プレフィックスの外への追加を拒否される',
  ],
  'setup.check.no-list-of-all': [
    'Is refused a list of the whole bucket',
    'バケット全体の一覧の取得を拒否される',
  ],
  'setup.check.no-buckets': ['Is refused the names of other buckets', 'バケット名の一覧の取得を拒否される'],
  'setup.check.no-other-bucket': ['Is refused another bucket', '別のバケットへのアクセスを拒否される'],
  'setup.check.no-iam': ['The role cannot read IAM', 'ロールは IAM を参照できない'],
  'setup.check.nothing-as-user': [
    'The user itself reaches nothing in S3',
    'ユーザー自身は S3 にアクセスできない',
  ],
  'setup.check.nothing-as-instance-profile': [
    'The instance’s own role reaches nothing in S3',
    'インスタンスのロール自身は S3 にアクセスできない',
  ],
  'setup.check.nothing-as-principal': [
    'The principal itself reaches nothing in S3',
    'プリンシパル自身は S3 にアクセスできない',
  ],
  'setup.check.nothing-as-service': [
    'The service reaches nothing in S3',
    'サービス自身は S3 にアクセスできない',
  ],
  'setup.check.simulated-lists': ['Simulated: lists the prefix', 'シミュレーション: プレフィックスの一覧'],
  'setup.check.simulated-no-list': [
    'Simulated: no list of the prefix',
    'シミュレーション: プレフィックスの一覧は拒否',
  ],
  'setup.check.simulated-objects': [
    'Simulated: on objects of the prefix {actions} and no more',
    'シミュレーション: プレフィックスのオブジェクトには {actions} だけを許可',
  ],
  'setup.check.simulated-no-objects-outside': [
    'Simulated: nothing outside the prefix',
    'シミュレーション: プレフィックスの外はすべて拒否',
  ],
  'setup.check.simulated-no-list-of-all': [
    'Simulated: no list of the whole bucket',
    'シミュレーション: バケット全体の一覧は拒否',
  ],
  'setup.check.simulated-no-other-bucket': [
    'Simulated: nothing in another bucket',
    'シミュレーション: 別のバケットはすべて拒否',
  ],
  'setup.check.simulated-no-iam': [
    'Simulated: nothing in IAM, no names of buckets',
    'シミュレーション: IAM とバケット名の一覧は拒否',
  ],
} as const satisfies Texts;
