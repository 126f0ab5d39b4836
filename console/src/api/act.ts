/** One call of the API: who sends it, and what it is on the command line. */
import { cliLine } from './cli-line.js';

export type ServiceName = 'iam' | 'sts' | 's3' | 'kms' | 'organizations' | 'karikagi';

/** A call that is ready to be sent, and can be shown before it is. */
export interface Act<O = unknown> {
  readonly service: ServiceName;
  /** As AWS names the operation: `CreateUser`. */
  readonly operation: string;
  readonly input: object;
  readonly cli: string;
  send(signal?: AbortSignal): Promise<O>;
}

export function act<O>(
  service: ServiceName,
  operation: string,
  input: object,
  send: (signal?: AbortSignal) => Promise<O>,
): Act<O> {
  return {
    service,
    operation,
    input,
    get cli() {
      return cliLine(service, operation, input);
    },
    send,
  };
}

/** The name of a command's operation, from its schema. */
export function operationOf(command: object): string {
  const { schema } = command as { readonly schema?: readonly unknown[] };
  return String(schema?.[2]);
}
