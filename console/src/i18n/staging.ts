import type { Texts } from './index.js';

/** Runs of staging jobs. */
export const stagingTexts = {
  'nav.staging': ['Staging runs', 'ステージングの実行'],
  'staging.text': [
    'The last run of each job that stages under this prefix, as karikagi staging has noted it',
    'このプレフィックスでステージングする各ジョブの最後の実行(karikagi staging が記録した状態)',
  ],
  'staging.none': ['There is no run here', 'ここに実行はありません'],
  'staging.bucket': ['Bucket', 'バケット'],
  'staging.prefix': ['Prefix', 'プレフィックス'],
  'staging.prefix.rule': [
    'As in the jobs’ connections, without the name of the job',
    'ジョブ名を除いた、接続のプレフィックス',
  ],
  'staging.find': ['Show runs', '実行を表示'],
  'staging.jobs': ['Jobs', 'ジョブ'],
  'staging.job': ['Job', 'ジョブ'],
  'staging.of': ['Run of {job}', '{job} の実行'],
  'staging.run': ['Run', '実行'],
  'staging.id': ['Run id', '実行 ID'],
  'staging.step': ['State', '状態'],
  'staging.rows': ['Rows', '行'],
  'staging.refused': ['Rows refused', '拒否された行'],
  'staging.parts': ['Parts', 'パート'],
  'staging.noParts': ['No part is staged', 'ステージング済みのパートはありません'],
  'staging.part': ['Object', 'オブジェクト'],
  'staging.bytes': ['Before compression', '圧縮前のサイズ'],
  'staging.changed': ['Last change', '最終更新'],
  'staging.objects': ['Staged under', 'ステージング先'],
  'staging.step.staging': ['Parts are being staged', 'パートをステージング中'],
  'staging.step.staged': ['All parts are staged', '全パートをステージング済み'],
  'staging.step.landed': ['Rows are in their place', '行を書き込み済み'],
  'staging.step.done': ['Done', '完了'],
  'staging.step.staging.next': [
    'A process that works on it goes on by itself. Where it was broken off, "karikagi staging resume" goes on with the parts that are staged; "karikagi staging clean" gives it up.',
    '処理中のプロセスがあれば自動的に進みます。中断した場合は「karikagi staging resume」でステージング済みのパートから再開し、「karikagi staging clean」で破棄します。',
  ],
  'staging.step.staged.next': [
    'The parts are whole; the rows are not in their place yet. Where the run was broken off, "karikagi staging resume" loads them, once; "karikagi staging clean" gives it up.',
    'パートはすべて揃っていますが、行はまだ書き込まれていません。中断した場合は「karikagi staging resume」で一度だけロードし、「karikagi staging clean」で破棄します。',
  ],
  'staging.step.landed.next': [
    'The rows are in their place; the parts are still to be removed, which "karikagi staging resume" does.',
    '行は書き込まれています。残ったパートは「karikagi staging resume」で削除されます。',
  ],
  'staging.step.done.next': [
    'The run is done. The next "karikagi staging run" of the job takes its place here.',
    '実行は完了しました。次に「karikagi staging run」を実行すると、ここはその実行に置き換わります。',
  ],
} as const satisfies Texts;
