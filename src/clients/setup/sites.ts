/** The accounts of a set-up, and the calls in them. */
import type { Reader } from './reader.js';
import type { Place, SetupClients } from './types.js';

/** One account's side. Without clients there are no keys of it: its calls are for its administrator to make. */
export interface Site {
  readonly place: Place;
  readonly clients?: SetupClients | undefined;
  readonly reader: Reader;
}

/** The account of who assumes the role, and that of the bucket with its role and key: often the same object. */
export interface Sites {
  readonly source: Site;
  readonly bucket: Site;
}

/** One call of the public API. */
export interface Call {
  /** As the AWS CLI calls them: `iam`, `create-role`. */
  readonly service: 'iam' | 's3api' | 'kms';
  readonly operation: string;
  readonly input: object;
  readonly send: (clients: SetupClients) => Promise<unknown>;
}

/** A call that is still to be made, in whose account, and why. */
export interface Step {
  readonly what: string;
  readonly site: Site;
  readonly call: Call;
}
