import { jsonFamily } from '../../auth/families.js';

export const organizationsTraits = jsonFamily('organizations', 'AWSOrganizationsV20161128');
