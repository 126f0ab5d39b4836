/** Sends the events of buckets to where the operator has them sent. */
import type { Clock } from '../core/clock.js';
import { BRIDGE } from '../objects/index.js';
import { dailyFiles, linesFile } from './files.js';
import type { Target } from './target.js';
import { webhook } from './webhook.js';

interface TargetOptions {
  /** Name → an http or https URL, or the path of a file. */
  readonly notify: Readonly<Record<string, string>>;
  /** With which events to URLs are signed. */
  readonly secret: string | undefined;
  /** Where the events of EventBridge are kept, unless `notify` says otherwise; undefined: nowhere. */
  readonly bridgeDirectory: string | undefined;
  readonly keepDays: number;
  readonly clock: Clock;
}

/** The targets by their names. Throws `TypeError` for a URL without a secret, which the settings do not let through. */
export function openTargets(options: TargetOptions): Map<string, Target> {
  const { notify, secret, bridgeDirectory, keepDays, clock } = options;
  const targets = new Map<string, Target>();
  if (bridgeDirectory !== undefined) targets.set(BRIDGE, dailyFiles(bridgeDirectory, keepDays, clock));
  for (const [name, place] of Object.entries(notify)) {
    if (!isUrl(place)) targets.set(name, linesFile(place));
    else if (secret === undefined) throw new TypeError('events to a URL are signed with a secret');
    else targets.set(name, webhook({ url: new URL(place), secret, clock }));
  }
  return targets;
}

function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

export { startDelivery } from './delivery.js';
