export {
  ANONYMOUS,
  type AuthenticateOptions,
  authenticate,
  missingAuthentication,
  unsigned,
} from './authenticate.js';
export { type Authorisation, type Authoriser, createAuthoriser } from './authorise.js';
export { globalContext, type RequestFacts } from './context.js';
export { isPostForm } from './post-form.js';
export { type PostedObject, type PostOptions, readPostedObject } from './post-object.js';
export type { Authenticated } from './types.js';
