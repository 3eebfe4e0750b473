/** `cache.verify`: the application delivers the new version of an asset. */

import { TEXT, about, EXPECTED, URL } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const cacheVerify: StepType = {
  text: 'The application delivers the new version of an asset.',
  members: { url: URL, sha256: about(TEXT, 'Expected digest.'), expect: EXPECTED },
  required: ['url'],
  kind: 'check',
  place: 'application',
};
