import { queryFamily } from '../../auth/families.js';
import type { HttpRequest } from '../../core/http-message.js';
import type { ServiceTraits } from '../../core/service.js';

/**
 * Clients that sign nothing call AssumeRoleWithWebIdentity and AssumeRoleWithSAML: what has the form of a query is
 * STS's.
 */
export const stsTraits: ServiceTraits = {
  ...queryFamily('sts'),
  recognises({ method, path, query, headers }: HttpRequest): boolean {
    if (path !== '/') return false;
    const form = headers.get('content-type')?.startsWith('application/x-www-form-urlencoded');
    return (form && method === 'POST') || /(?:^|&)Action=/.test(query);
  },
};
