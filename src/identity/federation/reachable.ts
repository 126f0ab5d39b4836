/**
 * Which addresses this server fetches from on behalf of others. Naming an identity provider makes the server ask
 * it: what only the server can reach (its own machine, a private network, a cloud's metadata) is closed to that unless
 * the operator opens it. Addresses are looked at after the name is resolved, and those looked at are connected to.
 */
import { lookup as resolveName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** A host that may not be asked. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/**
 * What is no public address. Source: IANA IPv4 Special-Purpose Address Registry (RFC 6890), and the multicast and
 * reserved blocks (RFC 5771, RFC 1112).
 */
const SPECIAL_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Public addresses of IPv6 (RFC 4291), and what in them is special: Teredo, benchmarks, documentation, 6to4, … */
const GLOBAL_6 = ['2000::/3'];
const SPECIAL_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const special4 = blockList(SPECIAL_4);
const global6 = blockList(GLOBAL_6);
const special6 = blockList(SPECIAL_6);

/** Whether an address is one that anybody on the internet may reach. IPv4 within IPv6 never counts as such. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !special4.check(address, 'ipv4');
  return isIP(address) === 6 && global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) addNetwork(list, network);
  return list;
}

/** An address, or a network as `10.0.0.0/8`. */
function addNetwork(list: BlockList, text: string): void {
  const [address = '', bits] = text.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
}

/** Whether a text is a host name, an address or a network: what `Reachable` takes. */
export function isPlaceToAllow(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (more !== undefined) return false;
  if (bits !== undefined)
    return family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32);
  return family !== 0 || /^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(text);
}

/** Public addresses, and what the operator opened. */
export class Reachable {
  readonly #names: ReadonlySet<string>;
  readonly #networks = new BlockList();

  /** `allowed`: host names (with whatever addresses they have), addresses and networks. */
  constructor(allowed: readonly string[] = []) {
    const isNetwork = (place: string) => isIP(place.split('/')[0]!) !== 0;
    this.#names = new Set(allowed.filter(place => !isNetwork(place)).map(name => name.toLowerCase()));
    for (const network of allowed.filter(isNetwork)) addNetwork(this.#networks, network);
  }

  /**
   * Whether a URL may be asked, as far as it tells without being resolved: https; http only to this machine itself,
   * where nothing is between.
   */
  mayAsk(url: URL): boolean {
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) return false;
    const host = hostOf(url);
    if (isIP(host) !== 0) return this.#allows(host);
    // Names of this machine itself (RFC 6761) are not for resolvers to say.
    const own = host === 'localhost' || host.endsWith('.localhost');
    return !own || this.#names.has(host);
  }

  /** Resolves a name to the addresses of it that may be connected to: for `lookup` of sockets. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    resolveName(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const open = this.#names.has(host.toLowerCase())
        ? addresses
        : addresses.filter(({ address }) => this.#allows(address));
      const [first] = open;
      if (first === undefined) {
        callback(new Unreachable(`${host} has no address that may be asked (--oidc-allow opens others)`), []);
      } else if (options.all) callback(null, open);
      else callback(null, first.address, first.family);
    });
  };

  #allows(address: string): boolean {
    return isPublic(address) || this.#networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
}

/** The name or the address in a URL. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

/** Whether a URL names this machine itself. */
function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
