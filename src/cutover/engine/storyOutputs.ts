/** Outputs that a line of a run's journal names. Pure. */

import type { StoryOutput } from '../../outcome/runStory.ts';
import type { Members } from '../steps/stepType.ts';

/** Returns the outputs of a line; none if it names none. */
export function outputsIn({ outputs }: Members): readonly StoryOutput[] {
  if (!Array.isArray(outputs)) return [];
  return outputs.flatMap((output: unknown) => {
    const { name, bytes, sha256 } = Object(output) as Record<string, unknown>;
    const isOne = typeof name === 'string' && typeof sha256 === 'string';
    return isOne ? [{ name, bytes: typeof bytes === 'number' ? bytes : 0, sha256 }] : [];
  });
}
