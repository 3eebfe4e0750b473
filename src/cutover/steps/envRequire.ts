/** `env.require`: variables are set, and have the form that production needs. No value is shown. */

import { COUNT, TEXTS, VALUES, about } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const envRequire: StepType = {
  text: 'Variables are set, and have the form that production needs. No value is shown.',
  members: {
    names: about(TEXTS, 'Names of the variables.'),
    minBytes: about({ ...VALUES, additionalProperties: COUNT }, 'Least length, by name.'),
    live: about(TEXTS, 'Variables that have to hold a live key, not one for tests.'),
    equals: about(VALUES, 'Exact values, by name; for settings that are no secrets.'),
  },
  required: ['names'],
  kind: 'check',
  place: 'files',
};
