/** Random bytes as hexadecimal digits, two a byte. In Node and in browsers. */
export function randomHex(bytes: number): string {
  const random = globalThis.crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, byte => byte.toString(16).padStart(2, '0')).join('');
}
