/**
 * `app.deploy`: a build is deployed; the commit that health reports is the expected one. Several services are
 * deployed once all of them report it.
 */

import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { BACK, DURATION, TEXT, URL, about } from '../schema/runbookParts.ts';
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
import type { Kept, Members, StepType, StepWork } from './stepType.ts';

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
    back: BACK,
  },
  required: ['commit', 'health'],
  oneOf: ['run', 'url'],
  kind: 'change',
  place: 'application',
  verifiesItself: true,
  resumes: true,
  plan: (members) => {
    const isBack = members['back'] === true;
    return `deploy ${isBack ? 'what health reported before' : requiredText(members, 'commit')}`;
  },
  async before(work) {
    const { reported } = await look(work);
    return reported === null ? {} : { before: reported };
  },
  async apply(work) {
    const { members } = work;
    const commit = commitFor(work);
    const change = { values: { commit }, data: { commit }, method: 'POST' };
    const refused = await makeChange(work, change);
    if (refused !== null) return refused;
    const within = timeOf(members, 'within') ?? WITHIN_MS;
    const seen = await waitFor(work, within, () => look(work));
    return { ...changed(seen, within), kept: keptOf(seen) };
  },
  async dryRun(work) {
    wayOf(work.members, ['run', 'url']);
    return rehearsed(await look(work));
  },
  async verify(work) {
    const seen = await look(work);
    return { ...verified(seen), kept: keptOf(seen) };
  },
  probe: async (work) => (await look(work)).presence,
};

/** Returns the commit to deploy; of a way back, the one that health reported before. @throws Failure USAGE */
function commitFor({ id, members, kept }: StepWork): string {
  if (members['back'] !== true) return requiredText(members, 'commit');
  const { before } = kept(id);
  if (typeof before === 'string') return before;
  throw new Failure('USAGE', {
    what: 'health did not report one commit before the step, so that it is not known what to go back to',
    hint: 'deploy it by hand, and say so with --done',
  });
}

interface DeploySight extends Sight {
  /** The commit that health reports; null unless all services report one and the same. */
  readonly reported: string | null;
}

function keptOf({ presence, reported }: DeploySight): Kept {
  return presence === 'there' && reported !== null ? { commit: reported } : {};
}

function healthOf({ health }: Members): readonly string[] {
  return Array.isArray(health) ? (health as readonly string[]) : [String(health)];
}

/** What a commit, or the name of a build, looks like: what health says goes into the journal. */
const NAME = /^[\w.+/@-]{1,128}$/;

/** Reads health: there if all services report the commit, absent if none does. */
async function look(work: StepWork): Promise<DeploySight> {
  const { members } = work;
  const path = textOf(members, 'commitAt') ?? 'commit';
  const commits: string[] = [];
  for (const page of healthOf(members)) {
    const health = await readHealth(work, page);
    if ('unread' in health) return unclear(health.unread);
    const seen = valueAt(health.json, path);
    if (typeof seen !== 'string') return unclear('health reports no commit');
    commits.push(seen);
  }
  return sightOf(work, commits);
}

function unclear(says: string): DeploySight {
  return { presence: 'unclear', says, reported: null };
}

function sightOf(work: StepWork, commits: readonly string[]): DeploySight {
  const [first = ''] = commits;
  const isOne = NAME.test(first) && commits.every((commit) => isSameCommit(commit, first));
  const reported = isOne ? work.world.redactor.text(first) : null;
  // Before a step has begun, its way back has nothing to compare with.
  const isKnown = work.members['back'] !== true || typeof work.kept(work.id)['before'] === 'string';
  const commit = isKnown ? commitFor(work) : null;
  const there = commits.filter((one) => commit !== null && isSameCommit(one, commit)).length;
  if (there === commits.length) {
    return { presence: 'there', says: 'health reports the commit', reported };
  }
  const some = `${there} of ${counted(commits.length, 'service')} report the commit`;
  if (there > 0) return { presence: 'unclear', says: some, reported };
  return { presence: 'absent', says: 'health reports another commit', reported };
}
