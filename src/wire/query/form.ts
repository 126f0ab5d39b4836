import { ApiError } from '../../core/errors.js';

/**
 * Parameters of a request: SimulateCustomPolicy names the most, with hundreds of actions and resources and the
 * context keys of each.
 */
const MOST_PARAMETERS = 10_000;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads `application/x-www-form-urlencoded` text into `into`. Throws MalformedQueryString where an escape or
 * its UTF-8 is broken, where a parameter comes twice (which of the two was meant is not for us to guess), and where
 * there are more than any request needs.
 */
export function parseForm(form: string | Uint8Array, into = new Map<string, string>()): Map<string, string> {
  const pairs = text(form).split('&', MOST_PARAMETERS + 1);
  if (pairs.length > MOST_PARAMETERS) throw malformed();
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodePart(equals < 0 ? pair : pair.slice(0, equals));
    if (into.has(name)) throw malformed();
    into.set(name, equals < 0 ? '' : decodePart(pair.slice(equals + 1)));
  }
  return into;
}

function text(form: string | Uint8Array): string {
  if (typeof form === 'string') return form;
  try {
    return utf8.decode(form);
  } catch {
    throw malformed();
  }
}

function decodePart(part: string): string {
  const spaced = part.includes('+') ? part.replaceAll('+', ' ') : part;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformed();
  }
}

/** IAM and STS, "Common Errors". */
function malformed(): ApiError {
  return new ApiError('MalformedQueryString', 404, 'The query string contains a syntax error.');
}
