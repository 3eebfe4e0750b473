/** `config.set`: a setting gets a value, and is read back. */

import { ADAPTER, TEXT, about, FILE, SET } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const configSet: StepType = {
  text: 'A setting gets a value, and is read back.',
  members: { key: about(TEXT, 'Name of the setting.'), set: SET, file: FILE, ...ADAPTER },
  required: ['key', 'set'],
  kind: 'change',
  place: 'application',
  verifiesItself: true,
  resumes: true,
};
