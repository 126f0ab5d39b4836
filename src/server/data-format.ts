/** The format of everything stored, beside the versions that single records carry. */

import { SettingsError } from '../core/settings-error.js';
import type { KeyOf } from '../store/keyspace.js';
import type { Kv } from '../store/kv.js';

/**
 * Goes up with each change after which an older Karikagi would misread what this one writes: a new version of a record,
 * a new meaning of one. 1: everything before 0.2.
 */
export const DATA_FORMAT = 1;

const FORMAT: KeyOf<'server'> = ['server', 'format'];

/**
 * Throws `SettingsError` for data that a newer Karikagi has written. `writes`: notes that this one writes to it, so
 * that older ones leave it alone from then on.
 */
export async function demandKnownFormat(kv: Kv, writes: boolean): Promise<void> {
  const noted = await kv.get(FORMAT);
  const format = noted === undefined ? 1 : Number(Buffer.from(noted.value).toString());
  if (!(format <= DATA_FORMAT)) {
    throw new SettingsError(
      `the data is of format ${format}, which a newer Karikagi has written; this one reads up to ${DATA_FORMAT}. ` +
        'Start the newer version, or restore a backup that was made before it (docs/upgrading.md)',
    );
  }
  if (writes && (noted === undefined || format < DATA_FORMAT)) {
    await kv.commit([], [{ key: FORMAT, value: Buffer.from(String(DATA_FORMAT)) }]);
  }
}
