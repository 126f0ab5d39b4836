/**
 * What has become of events since the process started, by the name of their target. Plain numbers: metrics read them.
 */
export class DeliveryCounts {
  readonly delivered = new Map<string, number>();
  readonly dropped = new Map<string, number>();
  /** Rounds in which something failed. */
  readonly failures = new Map<string, number>();

  add(what: 'delivered' | 'dropped' | 'failures', target: string, times: number): void {
    if (times > 0) this[what].set(target, (this[what].get(target) ?? 0) + times);
  }
}
