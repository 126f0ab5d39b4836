/**
 * User metadata. Values that are not plain ASCII travel as the encoded words of RFC 2047; S3 stores them
 * decoded and encodes them again (Amazon S3 User Guide, "User-defined object metadata").
 */

const word = /=\?([\w-]+)\?([BQ])\?([^?\s]*)\?=/gi;

/** Decodes the encoded words in a header's value; what is none stays as it is. */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  return value
    .replace(/(\?=)\s+(?==\?)/g, '$1')
    .replace(word, (whole, charset: string, encoding: string, text: string) => {
      const bytes = encoding.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : quotedBytes(text);
      try {
        return new TextDecoder(charset, { fatal: true }).decode(bytes);
      } catch {
        return whole;
      }
    });
}

function quotedBytes(text: string): Buffer {
  const unquoted = text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(unquoted, 'latin1');
}

/** A value as a header may carry it. */
export function encodeWords(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value) && !value.includes('=?')) return value;
  return `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`;
}
