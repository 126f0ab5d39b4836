/**
 * Loaded into a server's process beside it: how much processor time the thread of the event loop took between two of its
 * turns, at most. That is what another client waits for. It is counted in units of a fixed piece of work that is done
 * in the same process right then, so that it depends neither on how fast the machine is nor on what else it does.
 */
import { openSync, readSync } from 'node:fs';

/** About a millisecond of one core of 2024. */
function unitOfWork(): number {
  const rows = Array.from({ length: 120 }, (_, i) => ({
    key: `key-${i}`,
    size: i,
    tags: [`${i}`, 'x'.repeat(i)],
  }));
  let length = 0;
  for (let times = 0; times < 10; times++) length += JSON.stringify(JSON.parse(JSON.stringify(rows))).length;
  return length;
}
/** Enough of them to be measured: the system counts by a clock that ticks every few milliseconds. */
const UNITS = 40;

function units(): void {
  for (let i = 0; i < UNITS; i++) unitOfWork();
}

const text = Buffer.alloc(64);

/** Milliseconds of processor time of this thread alone ("schedstat", proc(5)). */
function ofThread(schedule: number): number {
  return Number.parseInt(text.toString('latin1', 0, readSync(schedule, text, 0, text.length, 0)), 10) / 1e6;
}

function ofProcess(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Processor time in milliseconds; of the whole process where the system does not tell of threads. */
function clockOf(): () => number {
  try {
    const schedule = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    const before = ofThread(schedule);
    units();
    return ofThread(schedule) > before ? () => ofThread(schedule) : ofProcess;
  } catch {
    return ofProcess;
  }
}

const processorTime = clockOf();
let longest = 0;
let last = processorTime();

setInterval(() => {
  const now = processorTime();
  longest = Math.max(longest, now - last);
  last = now;
}, 1).unref();

process.on('message', message => {
  if (message !== 'loop') return;
  // After the turn that is under way, which may be the longest.
  setTimeout(() => {
    const found = longest;
    const before = processorTime();
    units();
    last = processorTime();
    longest = 0;
    process.send!({ units: (found * UNITS) / (last - before) });
  }, 10);
});
process.channel?.unref();
