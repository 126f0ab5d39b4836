/** Where the certificates of the listeners are: apart from what makes them, which few servers load. */
import { join } from 'node:path';
import type { CertificateFiles } from '../http/tls.js';
import type { Settings } from './settings.js';

export interface Paths extends CertificateFiles {
  readonly directory: string;
  /** The authority's certificate: what clients are to trust. */
  readonly authority: string;
  readonly authorityKey: string;
}

export function pathsOf({ data }: Settings): Paths {
  const directory = join(data, 'tls');
  return {
    directory,
    authority: join(directory, 'ca.pem'),
    authorityKey: join(directory, 'ca.key'),
    cert: join(directory, 'server.pem'),
    key: join(directory, 'server.key'),
  };
}

/** Where the certificate of the listeners is; undefined without TLS. */
export function certificateFiles(settings: Settings): CertificateFiles | undefined {
  const { tls, tlsCert, tlsKey } = settings;
  if (tls === 'self-signed') return pathsOf(settings);
  return tlsCert !== undefined && tlsKey !== undefined ? { cert: tlsCert, key: tlsKey } : undefined;
}

/** The file with the authority that clients must trust; undefined where it is none of the server's own. */
export function authorityFile(settings: Settings): string | undefined {
  return settings.tls === 'self-signed' ? pathsOf(settings).authority : undefined;
}
