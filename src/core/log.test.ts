import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './clock.js';
import { LOG_LEVELS, lineLogger } from './log.js';

test('a log writes what is at least of its level, which may be turned', () => {
  const lines: string[] = [];
  const log = lineLogger({ write: line => lines.push(line) }, new ManualClock(0), true);
  const written = () => {
    lines.length = 0;
    log.debug?.('debug', () => ({ n: 1 }));
    log.info('info');
    log.warn('warn');
    log.error('error');
    return lines.map(line => JSON.parse(line).level);
  };
  assert.deepEqual(written(), ['info', 'warn', 'error']);
  for (const [index, level] of LOG_LEVELS.entries()) {
    log.level = level;
    assert.deepEqual(written(), LOG_LEVELS.slice(index));
  }
});

test('the fields of a message that is not written are not made', () => {
  const log = lineLogger({ write: () => assert.fail() }, new ManualClock(0), true);
  log.debug?.('request', () => assert.fail());
});
