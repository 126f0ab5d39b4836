/** Who may ask an endpoint that hands out keys: this machine's own processes, under names that are the endpoint's. */

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Addresses and names of the metadata endpoints of EC2, ECS and EKS, and of loopback. */
const OWN_HOSTS = [
  'localhost',
  '127.0.0.1',
  '::1',
  '169.254.169.254',
  'fd00:ec2::254',
  'instance-data',
  'instance-data.ec2.internal',
  '169.254.170.2',
  '169.254.170.23',
  'fd00:ec2::23',
];

interface GuardOptions {
  /** The address that is listened on: a further name. */
  readonly host: string;
  /**
   * Networks whose machines may ask as well (`172.17.0.0/16`): containers. Default: only this machine's own addresses.
   */
  readonly peers?: readonly string[] | undefined;
}

/** Whether a request may be answered; if not, why. */
type Guard = (request: IncomingMessage) => string | undefined;

/**
 * A page in a browser that was led here by its own DNS name sends that name (DNS rebinding); another machine comes from
 * an address that is not ours. Throws `RangeError` for a network that is none.
 */
export function createGuard({ host, peers = [] }: GuardOptions): Guard {
  const hosts = new Set([...OWN_HOSTS, host.toLowerCase()]);
  const allowed = new BlockList();
  for (const peer of peers) addNetwork(allowed, peer);
  return request => {
    const name = hostName(request.headers.host);
    if (name === undefined || !hosts.has(name))
      return `the host ${JSON.stringify(name ?? '')} is not this endpoint's`;
    const address = request.socket.remoteAddress ?? '';
    if (isOwn(address) || contains(allowed, address)) return undefined;
    return `${address} is not this machine`;
  };
}

/** Without port and brackets. */
function hostName(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/** IPv4 in IPv6's clothes as IPv4. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function isOwn(given: string): boolean {
  const address = plain(given);
  if (address === '::1' || address.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some(list => list?.some(own => own.address === address));
}

function contains(list: BlockList, given: string): boolean {
  const address = plain(given);
  return isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function addNetwork(list: BlockList, text: string): void {
  const [address = '', bits] = text.split('/');
  if (isIP(address) === 0) throw new RangeError(`${JSON.stringify(text)} is no network: 172.17.0.0/16`);
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}
