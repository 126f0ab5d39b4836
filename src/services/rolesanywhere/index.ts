import { operationsOf, type Service, service } from '../../core/operation.js';
import * as createSession from './create-session.js';
import * as crls from './crls.js';
import type { RolesAnywherePorts } from './ports.js';
import * as profiles from './profiles.js';
import type { RolesAnywhereOperation } from './schema.js';
import * as subjects from './subjects.js';
import * as tags from './tags.js';
import * as trustAnchors from './trust-anchors.js';

const operations = operationsOf<RolesAnywherePorts, RolesAnywhereOperation>()(
  trustAnchors,
  profiles,
  crls,
  subjects,
  tags,
  createSession,
);

/** IAM Roles Anywhere: certificates of authorities that an account trusts get sessions of its roles. */
export function rolesAnywhereService(ports: RolesAnywherePorts): Service {
  return service('rolesanywhere', ports, operations);
}
