import { jsonFamily } from '../../auth/families.js';

export const kmsTraits = jsonFamily('kms', 'TrentService');
