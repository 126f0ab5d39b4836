/**
 * User metadata. Values that are plain ASCII travel as they are, whatever they mean; others come back as the encoded
 * words of RFC 2047 (Amazon S3 User Guide, "User-defined object metadata"; LocalStack's recordings of AWS,
 * test_post_object_with_unicode_metadata and test_put_unicode_metadata_with_sig_s3).
 */

const plain = /^[\t\x20-\x7e]*$/;
/** What a word in Q holds as it is: all of ASCII that can be printed but `=`, `?`, `_` and the space. */
const safe = /[\t!-<>@-^`-~]/;
const unprintable = /[\p{C}\ufffd]/u;

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
