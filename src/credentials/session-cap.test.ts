import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SessionCapInput, sessionCap, sourceKindOf, spanText } from './session-cap.js';

/** Source: IAM User Guide, "Methods to assume a role" and "Role chaining". */
const cases: readonly [SessionCapInput, seconds: number, by: string, refused: boolean, certain: boolean][] = [
  [{ source: 'long-term' }, 3600, 'default', false, false],
  [{ source: 'long-term', asked: 900 }, 900, 'asked', false, false],
  [{ source: 'long-term', asked: 43_200, roleMaximum: 43_200 }, 43_200, 'asked', false, true],
  [{ source: 'long-term', asked: 7200, roleMaximum: 3600 }, 3600, 'role-maximum', true, true],
  [{ source: 'role', asked: 7200, roleMaximum: 43_200 }, 3600, 'chaining', true, true],
  [{ source: 'role', asked: 7200 }, 3600, 'chaining', true, true],
  [{ source: 'role', asked: 3600 }, 3600, 'asked', false, true],
  [{ source: 'session-token', asked: 7200, roleMaximum: 43_200 }, 3600, 'chaining', true, true],
  [{ source: 'federation', asked: 7200, roleMaximum: 43_200 }, 7200, 'asked', false, true],
];

for (const [input, seconds, by, refused, certain] of cases) {
  test(`a session of ${JSON.stringify(input)} lasts ${seconds} s, by ${by}${refused ? ', and is refused' : ''}`, () => {
    const cap = sessionCap(input);
    assert.deepEqual(
      { seconds: cap.seconds, by: cap.by, refused: cap.refused, certain: cap.certain },
      { seconds, by, refused, certain },
    );
  });
}

test('the kind of keys is read off the ARN and the access key id', () => {
  const arn = 'arn:aws:sts::111122223333:assumed-role/a/b';
  assert.equal(sourceKindOf(arn, 'ASIAX'), 'role');
  assert.equal(sourceKindOf('arn:aws-cn:iam::111122223333:user/a', 'AKIAX'), 'long-term');
  assert.equal(sourceKindOf('arn:aws:iam::111122223333:user/a', 'ASIAX'), 'session-token');
  assert.equal(sourceKindOf('arn:aws:sts::111122223333:federated-user/a', 'ASIAX'), 'federated-user');
  assert.equal(sourceKindOf('arn:aws:iam::111122223333:root', 'AKIAX'), 'root');
});

test('spans of time as people read them', () => {
  assert.deepEqual([0, 59.9, 60, 900, 3600, 5400, 43_200].map(spanText), [
    '0 s',
    '59 s',
    '1 min',
    '15 min',
    '1 h',
    '1 h 30 min',
    '12 h',
  ]);
});
