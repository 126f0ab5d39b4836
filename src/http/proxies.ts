/** The proxies before the server: whose word counts on where a request comes from, and whether over TLS. */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

/**
 * The header that the proxies write. One and not whichever is there: what a proxy does not write itself it passes on as
 * the client sent it.
 */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded';

/** Where a request began. */
export interface Origin {
  readonly sourceIp: string;
  readonly secure: boolean;
}

export class Proxies {
  readonly #networks = new BlockList();
  readonly #header: ForwardedHeader;
  readonly #none: boolean;

  /** `networks`: addresses and networks such as `10.0.0.0/8`. Throws `RangeError` where one is neither. */
  constructor(networks: readonly string[], header: ForwardedHeader) {
    this.#header = header;
    this.#none = networks.length === 0;
    for (const network of networks) addNetwork(this.#networks, network);
  }

  trusts(address: string): boolean {
    // Every request asks, and most servers have no proxies: looking through an empty list is not cheap.
    if (this.#none) return false;
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  /**
   * Where a request began that came from `peer`, over TLS or not. Each trusted proxy is believed on where it got the
   * request from, the nearest first, as far as they are trusted; what stands before that anyone may have written.
   */
  origin(peer: string, secure: boolean, headers: IncomingHttpHeaders): Origin {
    if (!this.trusts(peer)) return { sourceIp: peer, secure };
    const { addresses, scheme } =
      this.#header === 'forwarded' ? readForwarded(headers) : readXForwarded(headers);
    let sourceIp = peer;
    for (const address of addresses.reverse()) {
      if (address === undefined || !this.trusts(sourceIp)) break;
      sourceIp = address;
    }
    return { sourceIp, secure: scheme === undefined ? secure : scheme === 'https' };
  }
}

/** What the proxies say: addresses from the client to the nearest (undefined: none), and the nearest one's scheme. */
interface Forwarding {
  readonly addresses: (string | undefined)[];
  readonly scheme: string | undefined;
}

/** `X-Forwarded-For: client, proxy`, `X-Forwarded-Proto: https`. */
function readXForwarded(headers: IncomingHttpHeaders): Forwarding {
  const list = (name: string) =>
    String(headers[name] ?? '')
      .split(',')
      .map(entry => entry.trim());
  const schemes = list('x-forwarded-proto');
  return {
    addresses: list('x-forwarded-for').filter(Boolean).map(addressIn),
    scheme: schemes.at(-1)?.toLowerCase() || undefined,
  };
}

/** `Forwarded: for=192.0.2.60;proto=http, for="[2001:db8::1]:4711"` (RFC 7239, 4). */
function readForwarded(headers: IncomingHttpHeaders): Forwarding {
  const elements = splitOutsideQuotes(String(headers['forwarded'] ?? ''), ',').filter(Boolean);
  const parameters = elements.map(
    element =>
      new Map(
        splitOutsideQuotes(element, ';').map(pair => {
          const sign = pair.indexOf('=');
          return [pair.slice(0, sign).trim().toLowerCase(), unquoted(pair.slice(sign + 1).trim())] as const;
        }),
      ),
  );
  return {
    addresses: parameters.map(of => addressIn(of.get('for') ?? '')),
    scheme: parameters.at(-1)?.get('proto')?.toLowerCase(),
  };
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts = text.match(
    separator === ',' ? /(?:"(?:\\.|[^"\\])*"|[^,"])+/g : /(?:"(?:\\.|[^"\\])*"|[^;"])+/g,
  );
  return (parts ?? []).map(part => part.trim());
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}

/** The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`; undefined for anything else. */
function addressIn(node: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(node)?.[1] ?? /^([\d.]+)(?::\d+)?$/.exec(node)?.[1] ?? node;
  if (isIP(bare) === 0) return undefined;
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1];
  return mapped ?? bare;
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', bits, ...more] = network.split('/');
  const family = isIP(address);
  const length = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits);
  const fits = /^\d{1,3}$/.test(bits ?? '0') && length <= (family === 6 ? 128 : 32);
  if (family === 0 || !fits || more.length > 0) {
    throw new RangeError(`${network} is no address and no network such as 10.0.0.0/8`);
  }
  list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
}
