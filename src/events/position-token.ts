import type { EventPosition } from './query.js';

/** A place among the events as the token of a page. */
export function positionToken({ arrived, eventID }: EventPosition): string {
  return Buffer.from(JSON.stringify([arrived, eventID])).toString('base64url');
}

/** `undefined` for what is no such token. */
export function positionIn(token: string): EventPosition | undefined {
  try {
    const [arrived, eventID] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
    if (typeof arrived === 'number' && typeof eventID === 'string') return { arrived, eventID };
  } catch {
    return undefined;
  }
  return undefined;
}
