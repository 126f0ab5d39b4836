import type { Texts } from './index.js';

/** Least privilege: what recorded calls say of policies. */
export const privilegeTexts = {
  'privilege.calls': ['Recorded calls of', '記録された呼び出しの期間'],
  'privilege.period.week': ['The last 7 days', '過去 7 日間'],
  'privilege.period.month': ['The last 30 days', '過去 30 日間'],
  'privilege.period.quarter': ['The last 90 days', '過去 90 日間'],
  'privilege.period.all': ['All that is kept', '保存されている全期間'],
  'privilege.looked': [
    '{count} recorded events were looked at.',
    '記録されたイベント {count} 件を調べました。',
  ],
  'privilege.looked.part': [
    'The newest {count} recorded events were looked at; there are more in this time.',
    '最新の {count} 件のイベントを調べました。この期間にはさらにイベントがあります。',
  ],
  'privilege.problems': [
    'Some policies could not be read. They count as they did when the calls were recorded',
    '一部のポリシーを読み取れませんでした。これらは記録時と同じ結果になるものとして扱います',
  ],
  'privilege.change': ['What would change', '変更の影響を確認'],
  'privilege.change.this': ['this policy', 'このポリシー'],
  'privilege.nothing': ['No recorded call would be answered otherwise', '結果が変わる呼び出しはありません'],
  'privilege.same': ['{count} stay the same', '変わらない呼び出し: {count}'],
  'privilege.outcome.newly-denied': ['Newly denied', '新たに拒否'],
  'privilege.outcome.newly-allowed': ['Newly allowed', '新たに許可'],
  'privilege.outcome.unknown': ['Cannot tell', '判定不能'],
  'privilege.count': ['Calls', '呼び出し数'],
  'privilege.last': ['Last call', '最後の呼び出し'],
  'privilege.why': ['What decides', '判定の根拠'],
  'privilege.needs': ['The records lack {keys}', '記録にない情報: {keys}'],
  'privilege.allowed': ['Allowed ({layer})', '許可 ({layer})'],
  'privilege.none': ['No policy allows it ({layer})', '許可するポリシーがありません ({layer})'],
  'privilege.allowedBy': ['Allowed by {place}', '{place} により許可'],
  'privilege.deniedBy': ['Denied by {place}', '{place} により拒否'],
  'privilege.unused': ['Unused permissions', '未使用のアクセス許可'],
  'privilege.unused.tab': ['Unused', '未使用'],
  'privilege.unused.text': [
    'What the policies allow and no recorded call needed, those of groups among them',
    'ポリシー (グループのものを含む) が許可していて、記録された呼び出しが必要としなかったもの',
  ],
  'privilege.unused.for': ['Not used for', '使われていない期間'],
  'privilege.unused.none': ['Everything that is allowed was used', '許可されたものはすべて使われています'],
  'privilege.unused.used': ['Used of it: {actions}', 'このうち使われたもの: {actions}'],
  'privilege.policy': ['Policy', 'ポリシー'],
  'privilege.statement': ['{policy}, statement {number}', '{policy}、ステートメント {number}'],
  'privilege.never': ['Not in these records', 'この記録にはありません'],
  'privilege.generate': ['Generate policy', 'ポリシーを生成'],
  'privilege.generate.of': [
    'The least policy for what {name} did',
    '{name} の実際の操作に必要な最小のポリシー',
  ],
  'privilege.generate.apply': ['Apply', '適用'],
  'privilege.generate.none': [
    'No recorded call needs a policy of its own: there is nothing to generate.',
    'ポリシーが必要な呼び出しの記録がないため、生成するものがありません。',
  ],
  'privilege.generate.form': ['Apply as', '適用方法'],
  'privilege.generate.inline': ['Inline policy', 'インラインポリシー'],
  'privilege.generate.managed': ['Managed policy', '管理ポリシー'],
  'privilege.generate.replace': ['In place of the present policies', '現在のポリシーと置き換える'],
  'privilege.generate.replace.text': [
    'Detaches and deletes the {count} policies that are attached or inline now; those of groups stay.',
    '現在アタッチされているポリシーとインラインポリシー ({count} 件) をデタッチまたは削除します。グループのポリシーは残ります。',
  ],
  'privilege.generate.size': [
    '{size} characters; {refused} refused calls are left out.',
    '{size} 文字。拒否された呼び出し {refused} 件は含みません。',
  ],
  'privilege.generate.gone': [
    'Allowed by the present policies and not by this one',
    '現在のポリシーでは許可され、このポリシーでは許可されないもの',
  ],
  'privilege.generate.pairs': ['Added, though no call was recorded', '記録はないが追加したもの'],
  'privilege.generate.conditions': [
    'Conditions that every call meets; add those that are meant',
    'すべての呼び出しが満たす条件 (意図したものを追加してください)',
  ],
  'privilege.verified': [
    'All {calls} recorded calls stay allowed',
    '記録された {calls} 件の呼び出しはすべて許可されたままです',
  ],
  'privilege.verified.not': [
    '{denied} of {calls} recorded calls would be denied',
    '記録された {calls} 件のうち {denied} 件が拒否されます',
  ],
} as const satisfies Texts;
