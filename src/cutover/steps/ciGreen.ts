/** `ci.green`: CI has passed for the commit. A result of another commit is none of this one. */

import { TEXT, about, FILE } from '../schema/runbookParts.ts';
import { wayOf } from './application/adapter.ts';
import { isSameCommit } from './application/commit.ts';
import { jsonOf, REQUEST, requestOf, tryRequest } from './http/requests.ts';
import { valueAt } from './jsonPath.ts';
import { requiredText, textOf } from './stepMembers.ts';
import type { StepResult, StepType, StepWork } from './stepType.ts';

export const ciGreen: StepType = {
  text: 'CI has passed for the commit.',
  members: {
    ...REQUEST,
    commit: about(TEXT, 'The commit.'),
    file: FILE,
    commitAt: about(TEXT, 'JSON path of the commit; `commit` if left out.'),
    statusAt: about(TEXT, 'JSON path of the status; `status` if left out.'),
    passed: about(TEXT, 'Status of what has passed; "passed" or "success" if left out.'),
  },
  required: ['commit'],
  oneOf: ['file', 'url'],
  kind: 'check',
  place: 'repository',
  plan: (members) => `read the result of CI for ${requiredText(members, 'commit')}`,
  async apply(work) {
    const isFile = wayOf(work.members, ['file', 'url']) === 'file';
    return judge(work, isFile ? fromFile(work) : await fromRequest(work));
  },
};

/** What CI says, as JSON; or why it is not known. */
type Said = { readonly json: unknown } | { readonly unread: string };

const MOST_BYTES = 1024 * 1024;
const PASSED: readonly string[] = ['passed', 'success'];

function fromFile({ members, world }: StepWork): Said {
  const body = world.files.read(requiredText(members, 'file'), MOST_BYTES);
  if (body === null) return { unread: 'there is no file of at most 1 MiB with a result of CI' };
  const json = jsonOf({ body });
  return json === undefined ? { unread: 'the file is not JSON' } : { json };
}

async function fromRequest(work: StepWork): Promise<Said> {
  const answer = await tryRequest(work, requestOf(work, 'GET'));
  if ('unanswered' in answer) return { unread: answer.unanswered };
  if (answer.status !== 200) return { unread: `the answer has status ${answer.status}` };
  const json = jsonOf(answer);
  return json === undefined ? { unread: 'the answer is not JSON' } : { json };
}

function judge({ members }: StepWork, said: Said): StepResult {
  if ('unread' in said) return { verdict: 'INCONCLUSIVE', says: said.unread };
  const commit = valueAt(said.json, textOf(members, 'commitAt') ?? 'commit');
  const status = valueAt(said.json, textOf(members, 'statusAt') ?? 'status');
  if (typeof commit !== 'string' || typeof status !== 'string') {
    const missing = typeof commit === 'string' ? 'status' : 'commit';
    return { verdict: 'INCONCLUSIVE', says: `CI says no ${missing}` };
  }
  if (!isSameCommit(commit, requiredText(members, 'commit'))) {
    return {
      verdict: 'FAIL',
      says: 'the result of CI is for another commit',
      results: { failed: 1 },
    };
  }
  const passed = textOf(members, 'passed');
  if ((passed === null ? PASSED : [passed]).includes(status)) {
    return { verdict: 'PASS', says: 'CI has passed for the commit', results: { failed: 0 } };
  }
  return { verdict: 'FAIL', says: 'CI has not passed for the commit', results: { failed: 1 } };
}
