/** Processor time of a process and its children, as Linux counts it. */
import { readFileSync } from 'node:fs';

/** What they have taken so far, those that have ended included, milliseconds; only on Linux. */
export function processorMilliseconds(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Fields 14 to 17, in hundredths of a second; the second one, the name, may hold spaces.
  const times = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15);
  const own = times.reduce((sum, time) => sum + Number(time) * 10, 0);
  return children.reduce((sum, child) => sum + ofChild(Number(child)), own);
}

/** One that ends meanwhile is counted among those of its parent that have ended. */
function ofChild(pid: number): number {
  try {
    return processorMilliseconds(pid);
  } catch {
    return 0;
  }
}
