/** What one core can do at most, bytes per second: the best of several tries, since it stands for a limit. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/** As long as the segments that objects are stored in. */
const SEGMENT = Buffer.alloc(64 * 1024, 'x');
const TRIES = 8;
/** Milliseconds of each. */
const TRY = 150;

/** AES-256-GCM, segment by segment, as objects are stored. */
export function cipherBytesPerSecond(): number {
  const key = randomBytes(32);
  return best(() => {
    const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12));
    cipher.update(SEGMENT);
    cipher.final();
    cipher.getAuthTag();
  });
}

export function md5BytesPerSecond(): number {
  return best(() => createHash('md5').update(SEGMENT).digest());
}

/** `work`: on one segment. */
function best(work: () => unknown): number {
  const tries = Array.from({ length: TRIES }, () => {
    const begun = performance.now();
    let segments = 0;
    for (; performance.now() - begun < TRY; segments++) work();
    return (segments * SEGMENT.length * 1000) / (performance.now() - begun);
  });
  return Math.max(...tries);
}
