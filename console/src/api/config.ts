/** What the server says of itself before anyone signs in. */
export interface ServerConfig {
  readonly region: string;
  readonly partition: string;
  /** Where clients reach the API. */
  readonly endpoint: string;
  /** OpenID Connect issuers: URL → client id. */
  readonly issuers: Readonly<Record<string, string>>;
  /** The `Host` that reached the server: another than the page's where a proxy does not pass it on. */
  readonly host: string;
  /** How requests reach the server: over TLS, from its own machine, or over a network that may read along. */
  readonly transport: 'tls' | 'loopback' | 'plain';
}

let loaded: Promise<ServerConfig> | undefined;

export function serverConfig(): Promise<ServerConfig> {
  loaded ??= fetch('/console.json').then(response => response.json() as Promise<ServerConfig>);
  return loaded;
}

/** Whether others may read what this page and the server say to each other. */
export function isReadable({ transport }: ServerConfig): boolean {
  return location.protocol === 'http:' && (transport === 'plain' || !isSecureContext);
}
