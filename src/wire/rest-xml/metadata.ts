import { isUtf8 } from 'node:buffer';

/**
 * User metadata. Encoded words of RFC 2047 in headers are decoded when they come. Values that are plain ASCII go out as
 * they are, others in encoded words (Amazon S3 User Guide, "User-defined object metadata"; LocalStack's recordings of
 * AWS, test_user_metadata_rfc2047_encoded, test_post_object_with_unicode_metadata and
 * test_put_unicode_metadata_with_sig_s3).
 */

const plain = /^[\t\x20-\x7e]*$/;
/** What a word in Q holds as it is: all of ASCII that can be printed but `=`, `?`, `_` and the space. */
const safe = /[\t!-<>@-^`-~]/;
const unprintable = /[\p{C}\ufffd]/u;

const word = /=\?utf-8\?([bq])\?([^?]*)\?=/gi;

/**
 * A header's value with its encoded words read; what is no word of UTF-8, or holds no UTF-8, stands. (AWS writes other
 * characters in place of bad ones.)
 */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  // White space between two words is none of the text (RFC 2047, section 6.2).
  const joined = value.replace(/\?=[\t ]+=\?/g, '?==?');
  return joined.replace(word, (whole, kind: string, text: string) => {
    const bytes = kind.toLowerCase() === 'b' ? base64(text) : quoted(text);
    return bytes && isUtf8(bytes) ? bytes.toString('utf8') : whole;
  });
}

function base64(text: string): Buffer | undefined {
  return /^(?:[\w+/-]{4})*(?:[\w+/-]{2}==|[\w+/-]{3}=)?$/.test(text)
    ? Buffer.from(text, 'base64')
    : undefined;
}

function quoted(text: string): Buffer | undefined {
  if (/=(?![\da-f]{2})|[^\x21-\x7e]/i.test(text)) return undefined;
  const plain = text.replaceAll('_', ' ');
  return Buffer.from(
    plain.replace(/=([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** A value as a header may carry it: in Q where all of it can be printed, else in B. */
export function encodeWords(value: string): string {
  if (plain.test(value)) return value;
  const bytes = Buffer.from(value);
  if (unprintable.test(value)) return `=?UTF-8?B?${bytes.toString('base64')}?=`;
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (safe.test(character)) text += character;
    else text += character === ' ' ? '_' : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return `=?UTF-8?Q?${text}?=`;
}
