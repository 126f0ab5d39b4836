export {
  ANONYMOUS,
  type AuthenticateOptions,
  authenticate,
  unsigned,
} from './authenticate.js';
export {
  type Authorisation,
  type Authoriser,
  createAuthoriser,
  isControlled,
  type PolicySource,
} from './authorise.js';
export { type CallFacts, type CallPorts, createCall, Decisions } from './call.js';
export { globalContext, type RequestFacts } from './context.js';
export { isPostForm } from './post-form.js';
export { type PostedObject, type PostOptions, readPostedObject } from './post-object.js';
export type { Authenticated } from './types.js';
