/** IP addresses and CIDR ranges (RFC 4632, RFC 4291), without Node's `net` so that a browser can run it. */

/** Big-endian bytes: 4 or 16 of them. An IPv4 address mapped into IPv6 is read as IPv4. */
export type IpAddress = readonly number[];

export interface IpRange {
  readonly address: IpAddress;
  /** Length of the network prefix in bits. */
  readonly bits: number;
}

const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;
const BITS = /^\d{1,3}$/;

export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const bytes = parseIpv6(text);
  const mapped = bytes?.every((byte, i) => i >= 12 || byte === (i < 10 ? 0 : 0xff));
  return mapped ? bytes?.slice(12) : bytes;
}

/** `203.0.113.0/24`, `2001:db8::/32`, or a single address. */
export function parseRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/');
  const address = parseIp(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const width = address.length * 8;
  if (slash === -1) return { address, bits: width };
  const length = text.slice(slash + 1);
  const bits = Number(length);
  return BITS.test(length) && bits <= width ? { address, bits } : undefined;
}

/** Whether the address is of the range's family and inside it. */
export function ipInRange(address: IpAddress, range: IpRange): boolean {
  if (address.length !== range.address.length) return false;
  for (let i = 0, bits = range.bits; bits > 0; i++, bits -= 8) {
    const shift = Math.max(0, 8 - bits);
    if ((address[i] as number) >> shift !== (range.address[i] as number) >> shift) return false;
  }
  return true;
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes: number[] = [];
  for (const part of parts) {
    if (!OCTET.test(part) || Number(part) > 255) return undefined;
    bytes.push(Number(part));
  }
  return bytes;
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** The bytes of colon-separated groups; the last may be a dotted IPv4 address where it ends the address. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes('.')) {
      const dotted = parseIpv4(part);
      if (dotted === undefined) return undefined;
      bytes.push(...dotted);
    } else {
      if (!GROUP.test(part)) return undefined;
      const value = Number.parseInt(part, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}
