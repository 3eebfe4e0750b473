/** cutover status: what is known of a run, from another terminal: reads its journal, and changes nothing. */

import { goNoGoMarkdown } from '../cutover/evidence/goNoGoMarkdown.ts';
import { incidentMarkdown } from '../cutover/evidence/incident.ts';
import { runEvidence, type RunEvidence } from '../cutover/evidence/runEvidence.ts';
import { assertContinues, readRun } from '../cutover/engine/heldRun.ts';
import { runbookOf } from '../cutover/engine/keptRunbook.ts';
import { placesOf, runNamed } from '../cutover/engine/runPlaces.ts';
import { beginningIn, recordOf } from '../cutover/engine/runRecord.ts';
import { statusLines, viewRun } from '../cutover/engine/runView.ts';
import { storyOfRun } from '../cutover/engine/storyOfRun.ts';
import { watchesOf } from '../cutover/engine/watches.ts';
import { readRunbook } from '../cutover/readRunbook.ts';
import { runStepsOf } from '../cutover/runSteps.ts';
import { lockHolder } from '../disk/lock.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths } from '../project/paths.ts';
import type { RunStory } from '../outcome/runStory.ts';
import { cutoverPage } from '../report/html/cutoverPage.ts';
import { rolloutLines } from '../report/rolloutLines.ts';
import type { Environment } from '../run/environment.ts';
import { sourcesOf } from './cutoverDocuments.ts';
import { writeGiven } from './givenFile.ts';

export interface StatusOptions {
  /** The command that a person has typed. */
  readonly command: string;
  readonly project: string;
  readonly runbook: string;
  /** Name of the run; null for the last one. */
  readonly run: string | null;
  /** File for the checklist as Markdown; null for none. */
  readonly checklist: string | null;
  /** File for the incident record of a run that was taken back or aborted; null for none. */
  readonly incident: string | null;
  /** File for the report of the run, as HTML; null for none. */
  readonly report: string | null;
}

/** Shows the state of a run. */
export async function cutoverStatus(options: StatusOptions, env: Environment): Promise<Outcome> {
  const given = readRunbook(options.runbook, env.cwd);
  const paths = projectPaths(options.project);
  const run = runNamed(paths, given.runbook.name, options.run);
  const places = placesOf(paths, run);
  const { runbook, planHash, name } = runbookOf(places, given);
  assertContinues(paths, places);
  const journal = readRun(places);
  const { entries } = journal;
  const { record } = recordOf(
    runStepsOf(runbook),
    { path: name, planHash },
    entries,
    places.journal,
  );
  const view = viewRun(run, name, runbook, watchesOf(runbook), record, env.now());
  if (options.checklist !== null || options.incident !== null) {
    await writeDocuments(options, runEvidence(sourcesOf(places, { runbook, planHash })), env);
  }
  const { report } = options;
  const story = storyOfRun(run, runbook, journal);
  if (report !== null && story !== null) {
    await writeGiven('--report', report, Buffer.concat([...cutoverPage(story)]), env);
  }
  const holder = lockHolder(places.folder);
  const process =
    holder === null ? 'none' : `sealift ${holder.command} (${holder.pid}), since ${holder.since}`;
  return actionOutcome({
    command: options.command,
    facts: { cutover: { ...view, process: holder, begun: beginningIn(entries) } },
    notes: [...rolloutLinesOf(story), ...statusLines(view, process)],
  });
}

/** Where the stages of a rollout stand; none for a run without any. */
function rolloutLinesOf(story: RunStory | null): readonly string[] {
  return story?.rollout === undefined ? [] : rolloutLines(story.rollout);
}

/** Writes the documents that options name; none of them if one is refused. @throws Failure USAGE, DISK */
async function writeDocuments(
  { checklist, incident }: StatusOptions,
  evidence: RunEvidence,
  env: Environment,
): Promise<void> {
  const record = incident === null ? null : incidentMarkdown(evidence);
  if (incident !== null && record === null) throw noIncident(evidence);
  if (checklist !== null) {
    const text = goNoGoMarkdown(evidence);
    await writeGiven('--checklist', checklist, Buffer.from(text), env);
  }
  if (incident !== null && record !== null) {
    await writeGiven('--incident', incident, Buffer.from(record), env);
  }
}

function noIncident({ run, record }: RunEvidence): Failure {
  return new Failure('USAGE', {
    what: `${run} is ${record.state.status}, and incident records exist only for runs that were rolled back or aborted`,
    where: run,
    hint: 'write the go/no-go form with --checklist FILE',
  });
}
