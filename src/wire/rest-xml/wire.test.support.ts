import assert from 'node:assert/strict';
import * as sdk from '@aws-sdk/client-s3';
import { ApiError } from '../../core/errors.js';
import type { HttpRequest } from '../../core/http-message.js';
import { s3 } from '../../models/s3.js';
import type { WireOperation } from '../types.js';
import { restXmlService } from './service.js';

export const wire = restXmlService({
  id: 's3',
  sdk,
  xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
  constraints: s3,
});

export function requestOf(method: string, url: string, headers: Record<string, string> = {}): HttpRequest {
  const [path, query = ''] = url.split('?') as [string, string?];
  return { method, path, query, headers: new Map(Object.entries(headers)), body: undefined as never };
}

/** Recognises and decodes a request. */
export function read(method: string, url: string, headers: Record<string, string> = {}, body = '') {
  const request = requestOf(method, url, headers);
  const recognised = wire.recognise(request, undefined);
  const input = recognised.operation.decode(request, recognised, Buffer.from(body)) as Record<
    string,
    unknown
  >;
  return { name: recognised.operation.name, input };
}

export function operation(method: string, url: string, headers?: Record<string, string>): WireOperation {
  return wire.recognise(requestOf(method, url, headers), undefined).operation;
}

/** The `ApiError` that `act` throws. */
export function refusal(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  return assert.fail('nothing was refused');
}
