/** Bodies of JSON, bounded before they are read. */

import { serializationError } from './read.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Of a body's JSON: how deep it nests, and how many commas and colons, that is values, it has. */
const DEEPEST = 32;
const MOST_VALUES = 20_000;

/** The JSON of a body; an empty one stands for an empty input. Throws SerializationException. */
export function parseBody(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {};
  if (!isBounded(body))
    throw serializationError('The request body is not JSON that is read here: it has too much in it.');
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    throw serializationError('The request body is not JSON.');
  }
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Whether the JSON is within those bounds; looks at bytes, so that it takes less than reading it. */
function isBounded(json: Uint8Array): boolean {
  let depth = 0;
  let values = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) i = endOfString(json, i);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    else if (byte === COMMA || byte === COLON) values++;
    if (depth > DEEPEST || values > MOST_VALUES) return false;
  }
  return true;
}

/** Where the string that begins at `start` ends. */
function endOfString(json: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== QUOTE) i += json[i] === BACKSLASH ? 2 : 1;
  return i;
}
