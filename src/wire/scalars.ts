/** Text to scalar values, strictly; `undefined` stands for text that is no such value. */

/** A whole number within the range that a double holds exactly; leading zeros are fine. */
export function parseInteger(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const value = Number(text);
  // Adding zero makes 0 of -0.
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}

/** `true` and `false` in any case. */
export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

/** Base64; its padding may be missing. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const digits = text.indexOf('=') < 0 ? text.length : text.indexOf('=');
  if (digits % 4 === 1 || (digits < text.length && text.length % 4 !== 0)) return undefined;
  return Buffer.from(text, 'base64');
}
