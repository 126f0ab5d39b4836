/** `encoding-type=url`: keys that XML could not carry, in the answers of listings. */
import { invalidArgument } from '../../../core/s3-errors.js';

/**
 * A key with everything encoded but what is plain in a path. A space is `%20`, which every client reads,
 * whether it takes a plus for a space or not.
 */
function urlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%2F', '/')
    .replace(/[!'()]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function asIs(text: string): string {
  return text;
}

/** By character of ASCII: 1 where `urlEncoded` leaves it as it is. */
export const plainInUrl = Uint8Array.from({ length: 0x80 }, (_, code) => {
  const character = String.fromCharCode(code);
  return urlEncoded(character) === character ? 1 : 0;
});

/** How a listing writes keys. Throws InvalidArgument for an encoding that S3 does not know. */
export function keyWriter(encodingType: string | undefined): (text: string) => string {
  if (encodingType === undefined) return asIs;
  if (encodingType === 'url') return urlEncoded;
  throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType);
}
