/** A thread that reads what identity providers write. Started by `saml-reader.ts`, which asks one thing at a time. */
import { parentPort } from 'node:worker_threads';
import { ApiError } from '../../core/errors.js';
import { readResponse, type SamlIdentity, type SamlResponse } from './saml-assertion.js';
import { readMetadata, type SamlMetadata } from './saml-metadata.js';

export type SamlQuestion =
  | (SamlResponse & { readonly kind: 'response' })
  | { readonly kind: 'metadata'; readonly document: string };

export type SamlAnswer =
  | { readonly kind: 'read'; readonly value: SamlIdentity | SamlMetadata }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly status: number;
      readonly message: string;
      readonly detail: { readonly advice?: string | undefined; readonly reason?: string | undefined };
    }
  | { readonly kind: 'failed'; readonly error: string };

function answerTo(question: SamlQuestion): SamlAnswer {
  try {
    const value = question.kind === 'response' ? readResponse(question) : readMetadata(question.document);
    return { kind: 'read', value };
  } catch (error) {
    if (!(error instanceof ApiError)) return { kind: 'failed', error: String((error as Error).stack) };
    const { code, status, message, detail } = error;
    const { advice, reason } = detail;
    return { kind: 'refused', code, status, message, detail: { advice, reason } };
  }
}

parentPort!.on('message', (question: SamlQuestion) => parentPort!.postMessage(answerTo(question)));
