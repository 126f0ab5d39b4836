import { createHmac } from 'node:crypto';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../core/clock.js';
import type { Message } from './message.js';
import type { Delivery, Target } from './target.js';

/** Requests under way at once to one webhook. */
const CONCURRENCY = 8;
/** Milliseconds that a receiver may take for one event. */
const PATIENCE = 10_000;
/** So many requests in a row that it cannot take, and the others are left for later. */
const GIVE_UP_AFTER = 16;

export const SIGNATURE_HEADER = 'x-karikagi-signature';
export const TIME_HEADER = 'x-karikagi-timestamp';
export const DELIVERY_HEADER = 'x-karikagi-delivery';

interface WebhookOptions {
  readonly url: URL;
  /** Both sides know it: events are signed with it. */
  readonly secret: string;
  readonly clock: Clock;
}

/**
 * Posts each event to one URL, which only the operator's settings can name. A status of 2xx means that it was taken;
 * redirects are not followed.
 */
export function webhook(options: WebhookOptions): Target {
  return {
    async deliver(messages, signal) {
      const round = new Round(options, signal);
      const queue = bySubject(messages).values();
      const worker = async () => {
        for (const subject of queue) await round.inOrder(subject);
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, worker));
      return round.delivery();
    },
  };
}

function bySubject(messages: readonly Message[]): Map<string, Message[]> {
  const groups = new Map<string, Message[]>();
  for (const message of messages) {
    const { subject } = message.pending;
    const group = groups.get(subject);
    if (group) group.push(message);
    else groups.set(subject, [message]);
  }
  return groups;
}

class Round {
  readonly #options: WebhookOptions;
  readonly #signal: AbortSignal;
  readonly #taken: Message[] = [];
  #failure: unknown;
  #failures = 0;

  constructor(options: WebhookOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  get isOver(): boolean {
    return this.#signal.aborted || this.#failures >= GIVE_UP_AFTER;
  }

  delivery(): Delivery {
    return { taken: this.#taken, failure: this.#failure, down: this.#failures >= GIVE_UP_AFTER };
  }

  /** Sends the events of one subject until one of them fails. */
  async inOrder(messages: readonly Message[]): Promise<void> {
    for (const message of messages) {
      if (this.isOver) return;
      try {
        await post(message, this.#options, this.#signal);
      } catch (error) {
        this.#failure = error;
        if (!(error instanceof Refused)) this.#failures++;
        return;
      }
      this.#failures = 0;
      this.#taken.push(message);
    }
  }
}

/** The receiver does not want this event; it may want others. */
class Refused extends Error {
  override readonly name = 'Refused';
}

/**
 * What a receiver compares: the HMAC-SHA256, in hexadecimal, of the time header, a full stop and the body. That the
 * time is signed lets a receiver refuse what somebody else recorded and sends again.
 */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

/** Throws where the receiver does not answer in time, or with another status than 2xx. */
function post({ id, body }: Message, { url, secret, clock }: WebhookOptions, stop: AbortSignal) {
  const timestamp = String(Math.floor(clock.now() / 1000));
  const options: RequestOptions = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'karikagi',
      [DELIVERY_HEADER]: id,
      [TIME_HEADER]: timestamp,
      [SIGNATURE_HEADER]: `v1=${signatureOf(secret, timestamp, body)}`,
    },
    signal: AbortSignal.any([stop, AbortSignal.timeout(PATIENCE)]),
  };
  return new Promise<void>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, response => {
      // Only the status counts.
      response.resume();
      const { statusCode = 0 } = response;
      const said = `the webhook answered with status ${statusCode}`;
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(statusCode >= 500 || statusCode === 429 ? new Error(said) : new Refused(said));
    });
    request.on('error', reject);
    request.end(body);
  });
}
