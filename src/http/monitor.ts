/** The addresses that probes and scrapers ask: `/-/live`, `/-/ready`, `/metrics`. */
import type { HttpReply, HttpRequest } from '../core/http-message.js';
import type { Pipeline } from './pipeline.js';
import { isLoopback } from './sources.js';
import type { Connection } from './state.js';

export interface Monitor {
  /** Whether each check of readiness holds, and all of them. */
  readiness(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>;
  /** What a scrape gets. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
}

/** Answers what is asked at one of those addresses; undefined for anything else. */
export async function monitorReply(request: HttpRequest, monitor: Monitor): Promise<HttpReply | undefined> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  switch (request.path) {
    case '/-/live':
      return reply(request, 200, 'application/json', '{"status":"live"}\n');
    case '/-/ready': {
      const { ready, checks } = await monitor.readiness();
      const text = `${JSON.stringify({ status: ready ? 'ready' : 'not ready', checks })}\n`;
      return reply(request, ready ? 200 : 503, 'application/json', text);
    }
    case '/metrics': {
      const { type, text } = await monitor.metrics();
      return reply(request, 200, type, text);
    }
    default:
      return undefined;
  }
}

/** A listener for these addresses alone. */
export function monitorDoor(monitor: Monitor): Pipeline {
  return async request => ({
    reply: (await monitorReply(request, monitor)) ?? reply(request, 404, 'text/plain', 'Not found.\n'),
    finish: () => undefined,
    gone: () => undefined,
  });
}

/**
 * Whether a request on the console's port may see the metrics: it is from this machine, and no proxy on it passed it on
 * for somebody else.
 */
export function isFromThisMachine({ headers }: HttpRequest, { sourceIp }: Connection): boolean {
  return isLoopback(sourceIp) && !headers.has('forwarded') && !headers.has('x-forwarded-for');
}

function reply({ method }: HttpRequest, status: number, type: string, text: string): HttpReply {
  return {
    status,
    headers: {
      'content-type': type,
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    ...(method !== 'HEAD' && { body: text }),
  };
}
