/** The line of a number that a person gives of a metric: a look of its watch. Pure. */

import { bandOfNumber } from '../rollout/bands.ts';
import { sayNumber } from '../rollout/sayJudged.ts';
import type { Runbook } from '../runbook.ts';
import type { LineFacts, Note } from './heldRun.ts';

export interface AttestedNumber {
  readonly metric: string;
  readonly number: number;
  readonly who: string;
}

export function attestedLine(
  { metrics }: Runbook,
  { metric: id, number, who }: AttestedNumber,
): readonly [Note, LineFacts] {
  const metric = metrics.find((one) => one.id === id && one.attest !== null);
  const verdict =
    metric === undefined
      ? 'INCONCLUSIVE'
      : bandOfNumber(number, metric) === 'pass'
        ? 'PASS'
        : 'FAIL';
  const note = { event: 'sampled', of: `watch:${id}`, verdict, value: number } as const;
  return [note, { who, says: `${sayNumber(number)}, said by ${who}` }];
}
