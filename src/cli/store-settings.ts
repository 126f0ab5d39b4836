import { readSettings, type Settings } from '../index.js';

interface StoreFlags {
  readonly data?: string | undefined;
  readonly kv?: string | undefined;
  readonly blobs?: string | undefined;
  readonly rootKeyFile?: string | undefined;
  readonly rootKeyKms?: string | undefined;
}

/**
 * The settings of a command on what is stored. `--data` without `--kv` and `--blobs` is that directory, a backup for
 * example, whatever the environment says of the server's stores. Throws `SettingsError`.
 */
export function storeSettings(flags: StoreFlags): Settings {
  const settings = readSettings({ ...flags }, process.env);
  const isDirectory = flags.data !== undefined && flags.kv === undefined && flags.blobs === undefined;
  return isDirectory ? { ...settings, kv: undefined, blobs: undefined } : settings;
}
