/**
 * `app.deploy`: a build is deployed; the commit that health reports is the expected one. Several services are
 * deployed once all of them report it.
 */

import { counted } from '../../outcome/counted.ts';
import { DURATION, TEXT, URL, about } from '../schema/runbookParts.ts';
import { HOW, makeChange, wayOf } from './application/adapter.ts';
import { isSameCommit } from './application/commit.ts';
import {
  changed,
  readHealth,
  rehearsed,
  verified,
  waitFor,
  type Sight,
} from './application/health.ts';
import { valueAt } from './jsonPath.ts';
import { requiredText, textOf, timeOf } from './stepMembers.ts';
import type { Members, StepType, StepWork } from './stepType.ts';

const WITHIN_MS = 600_000;

export const appDeploy: StepType = {
  text: 'A build is deployed; the commit that health reports is the expected one.',
  members: {
    ...HOW,
    commit: about(TEXT, 'The commit.'),
    health: {
      description: 'Health of the application, or of each of its services.',
      title: 'an address or path, or a list of them',
      anyOf: [URL, { type: 'array', minItems: 1, items: URL }],
    },
    commitAt: about(TEXT, 'JSON path of the commit in health; `commit` if left out.'),
    within: about(DURATION, 'How long it may take until health reports it; 10m if left out.'),
  },
  required: ['commit', 'health'],
  oneOf: ['run', 'url'],
  kind: 'change',
  place: 'application',
  verifiesItself: true,
  resumes: true,
  plan: (members) => `deploy ${requiredText(members, 'commit')}`,
  async apply(work) {
    const { members } = work;
    const commit = requiredText(members, 'commit');
    const change = { values: { commit }, data: { commit }, method: 'POST' };
    const refused = await makeChange(work, change);
    if (refused !== null) return refused;
    const within = timeOf(members, 'within') ?? WITHIN_MS;
    return changed(await waitFor(work, within, () => look(work)), within);
  },
  async dryRun(work) {
    wayOf(work.members, ['run', 'url']);
    return rehearsed(await look(work));
  },
  verify: async (work) => verified(await look(work)),
  probe: async (work) => (await look(work)).presence,
};

function healthOf({ health }: Members): readonly string[] {
  return Array.isArray(health) ? (health as readonly string[]) : [String(health)];
}

/** Reads health: there if all services report the commit, absent if none does. */
async function look(work: StepWork): Promise<Sight> {
  const { members } = work;
  const commit = requiredText(members, 'commit');
  const path = textOf(members, 'commitAt') ?? 'commit';
  const pages = healthOf(members);
  let there = 0;
  for (const page of pages) {
    const health = await readHealth(work, page);
    if ('unread' in health) return { presence: 'unclear', says: health.unread };
    const seen = valueAt(health.json, path);
    if (typeof seen !== 'string') return { presence: 'unclear', says: 'health reports no commit' };
    if (isSameCommit(seen, commit)) there += 1;
  }
  if (there === pages.length) return { presence: 'there', says: 'health reports the commit' };
  const some = `${there} of ${counted(pages.length, 'service')} report the commit`;
  if (there > 0) return { presence: 'unclear', says: some };
  return { presence: 'absent', says: 'health reports another commit' };
}
