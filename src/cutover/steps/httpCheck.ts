/** `http.check`: one request, and what is expected of its answer. */

import { TEXT, VALUES, about, URL } from '../schema/runbookParts.ts';
import type { StepType } from './stepType.ts';

export const httpCheck: StepType = {
  text: 'One request, and what is expected of its answer.',
  members: {
    url: URL,
    method: about({ enum: ['GET', 'HEAD', 'POST'] }, 'GET if left out.'),
    status: about({ type: 'integer', minimum: 100, maximum: 599 }, 'Expected status.'),
    headers: about(VALUES, 'Expected headers.'),
    json: about(VALUES, 'Expected values, by JSON path.'),
    body: about(TEXT, 'File with the body.'),
  },
  required: ['url'],
  kind: 'check',
  place: 'application',
};
