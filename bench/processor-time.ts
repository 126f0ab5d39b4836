/** Processor time of a process and its children, as Linux counts it. */
import { readFileSync } from 'node:fs';

/** What they have taken so far, milliseconds, to the hundredth of a second; only on Linux. */
export function processorMilliseconds(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Fields 14 and 15, in hundredths of a second; the second one, the name, may hold spaces.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  const own = (Number(user) + Number(system)) * 10;
  return children.reduce((sum, child) => sum + processorMilliseconds(Number(child)), own);
}
