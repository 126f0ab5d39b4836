import { jsonFamily } from '../../auth/families.js';
import type { ServiceTraits } from '../../core/service.js';

const family = jsonFamily('karikagi', 'Karikagi');

/** It is open in every region: it is where an account switches its regions. */
export const karikagiTraits: ServiceTraits = { ...family, signing: { ...family.signing, everyRegion: true } };
