/** Finds the versions of objects, whole or damaged. */
import { s3Errors } from '../../core/s3-errors.js';
import { type Entry, type Kv, under, ValueDamaged, type Write } from '../../store/kv.js';
import { rowsOf } from '../../store/scan.js';
import {
  type Bucket,
  type KeyState,
  keyStateKey,
  keyStates,
  type ObjectRecord,
  objectKey,
  type VersionRecord,
  versionKey,
} from '../records.js';
import { type Current, isCalled, type Located, type LostVersion } from './change.js';
import { isForeignVersionId, isVersionId } from './version-id.js';
import { versionRecords } from './version-records.js';

export class Lookup {
  readonly #kv: Kv;

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  /** As `Versions.find`. */
  async find(bucket: Bucket, key: string, id?: string): Promise<VersionRecord | undefined> {
    if (id !== undefined) {
      const found = await this.locate(bucket, key, id);
      if (found || !bucket.versioning) return found?.record;
      // Becoming current moves a version: looking twice finds it in one of its places.
      return (await this.locate(bucket, key, id))?.record;
    }
    const entry = await this.#kv.get(objectKey(bucket.id, key));
    if (entry) return versionRecords.decode(entry.value);
    if (!bucket.versioning) return undefined;
    const state = await this.#state(bucket, key);
    return state.state && this.read(versionKey(bucket.id, key, state.state.latest));
  }

  /** Callers look at `lost`, too: without it, there is no object. */
  async current(bucket: Bucket, key: string): Promise<Current> {
    let damage: ValueDamaged | undefined;
    const noted = (error: unknown): undefined => {
      if (!(error instanceof ValueDamaged)) throw error;
      damage = error;
    };
    const reading = this.#kv.get(objectKey(bucket.id, key)).catch(noted);
    const [entry, state] = bucket.versioning
      ? await Promise.all([reading, this.#state(bucket, key)])
      : [await reading, { state: undefined, stateVersion: undefined }];
    const object = entry && (versionRecords.decode(entry.value) as ObjectRecord);
    if (damage) {
      return {
        object,
        objectVersion: damage.version,
        ...state,
        lost: lostCurrent(bucket, key, state.state, damage),
      };
    }
    return { object, objectVersion: entry?.version, ...state };
  }

  async #state(bucket: Bucket, key: string): Promise<Pick<Current, 'state' | 'stateVersion'>> {
    let entry: Entry | undefined;
    try {
      entry = await this.#kv.get(keyStateKey(bucket.id, key));
    } catch (error) {
      if (!(error instanceof ValueDamaged)) throw error;
      return { state: await this.#stateAnew(bucket, key, error), stateVersion: error.version };
    }
    return { state: entry && keyStates.decode(entry.value), stateVersion: entry?.version };
  }

  /** The state of a key from its versions, where the record of it is damaged. Throws that where one of them is, too. */
  async #stateAnew(bucket: Bucket, key: string, damage: ValueDamaged): Promise<KeyState> {
    const object = await this.read(objectKey(bucket.id, key));
    let latest = object;
    let nullId = object?.isNull ? object.id : undefined;
    for await (const { value } of rowsOf(this.#kv, under(['version', bucket.id, key]))) {
      const version = versionRecords.decode(value);
      latest ??= version;
      if (version.isNull) nullId = version.id;
    }
    if (!latest) throw damage;
    return { latest: latest.id, marker: latest.marker ?? false, nullId };
  }

  async read(key: Write['key']): Promise<VersionRecord | undefined> {
    const entry = await this.#kv.get(key);
    return entry && versionRecords.decode(entry.value);
  }

  /** As `locate`, and also finds versions whose records are damaged. */
  async locateOrLost(
    bucket: Bucket,
    key: string,
    id: string,
    current: Current,
  ): Promise<Located | LostVersion | undefined> {
    if (current.lost && isCalled(current.lost, id)) return current.lost;
    try {
      return await this.locate(bucket, key, id, current);
    } catch (error) {
      if (!(error instanceof ValueDamaged)) throw error;
      const rowId = error.key.at(-1) as string;
      const isNull = rowId === current.state?.nullId;
      const lost = { key: error.key, stored: error.version, id: rowId, isNull, damage: error };
      return isCalled(lost, id) ? lost : undefined;
    }
  }

  /** Where the version of an id that a client gave is stored. */
  async locate(bucket: Bucket, key: string, id: string, known?: Current): Promise<Located | undefined> {
    if (id !== 'null' && !isVersionId(id)) {
      if (bucket.versioning && isForeignVersionId(id)) return undefined;
      const members = { ArgumentName: 'versionId', ArgumentValue: id };
      throw s3Errors.InvalidArgument('Invalid version id specified', { members });
    }
    const current = known ?? (await this.current(bucket, key));
    if (current.lost && isCalled(current.lost, id)) throw current.lost.damage;
    if (current.object && isCalled(current.object, id)) return asLocated(bucket, key, current);
    const rowId = id === 'null' ? current.state?.nullId : id;
    if (rowId === undefined) return undefined;
    const rowKey = versionKey(bucket.id, key, rowId);
    const entry = await this.#kv.get(rowKey);
    const record = entry && versionRecords.decode(entry.value);
    return record && isCalled(record, id) ? { key: rowKey, record, stored: entry!.version } : undefined;
  }
}

/** The current version where its record is damaged: its key's state knows it, once versioning was enabled. */
function lostCurrent(
  bucket: Bucket,
  key: string,
  state: KeyState | undefined,
  damage: ValueDamaged,
): LostVersion {
  const isNull = state === undefined || state.nullId === state.latest;
  return { key: objectKey(bucket.id, key), stored: damage.version, id: state?.latest, isNull, damage };
}

export function asLocated(
  bucket: Bucket,
  key: string,
  { object, objectVersion }: Current,
): Located | undefined {
  return object && { key: objectKey(bucket.id, key), record: object, stored: objectVersion! };
}
