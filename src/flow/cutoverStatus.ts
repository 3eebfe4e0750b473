/** cutover status: what is known of a run, from another terminal: reads its journal, and changes nothing. */

import { checklistOf } from '../cutover/engine/checklistOf.ts';
import { assertContinues, readRun } from '../cutover/engine/heldRun.ts';
import { runbookOf } from '../cutover/engine/keptRunbook.ts';
import { placesOf, runNamed } from '../cutover/engine/runPlaces.ts';
import { beginningIn, recordOf } from '../cutover/engine/runRecord.ts';
import { statusLines, viewRun } from '../cutover/engine/runView.ts';
import { storyOfRun } from '../cutover/engine/storyOfRun.ts';
import { watchesOf } from '../cutover/engine/watches.ts';
import { checklistMarkdown } from '../cutover/import/checklistMarkdown.ts';
import { readRunbook } from '../cutover/readRunbook.ts';
import { runStepsOf } from '../cutover/runSteps.ts';
import { lockHolder } from '../disk/lock.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths } from '../project/paths.ts';
import { cutoverPage } from '../report/html/cutoverPage.ts';
import type { Environment } from '../run/environment.ts';
import { writeGiven } from './givenFile.ts';

export interface StatusOptions {
  readonly project: string;
  readonly runbook: string;
  /** Name of the run; null for the last one. */
  readonly run: string | null;
  /** File for the checklist as Markdown; null for none. */
  readonly checklist: string | null;
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
  const { checklist, report } = options;
  if (checklist !== null) {
    const text = checklistMarkdown(checklistOf(run, runbook, record));
    await writeGiven('--checklist', checklist, Buffer.from(text), env);
  }
  const story = report === null ? null : storyOfRun(run, runbook, journal);
  if (report !== null && story !== null) {
    await writeGiven('--report', report, Buffer.concat([...cutoverPage(story)]), env);
  }
  const holder = lockHolder(places.folder);
  const process =
    holder === null ? 'none' : `sealift ${holder.command} (${holder.pid}), since ${holder.since}`;
  return actionOutcome({
    command: 'cutover status',
    facts: { cutover: { ...view, process: holder, begun: beginningIn(entries) } },
    notes: statusLines(view, process),
  });
}
