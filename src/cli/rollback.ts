/** sealift rollback */

import { Command, Option } from 'commander';

import type { Host } from './host.ts';
import {
  dryRunOption,
  targetMoveOf,
  whoOption,
  withTargetMove,
  workersOption,
  type TargetMoveOptions,
} from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options extends TargetMoveOptions {
  readonly project: string;
  readonly to?: string;
  readonly dryRun?: boolean;
  readonly who?: string;
  readonly workers: Workers;
  readonly json?: boolean;
}

export function rollbackCommand(exit: (code: number) => void, host: Host): Command {
  return withTargetMove(new Command('rollback'))
    .description('make the previous candidate live again')
    .summary('make the previous candidate live again')
    .option('--project <dir>', 'folder of the project', '.')
    .addOption(
      new Option('--to <seal-id>', 'an earlier candidate (8 digits or more)').conflicts('target'),
    )
    .addOption(dryRunOption())
    .addOption(whoOption())
    .addOption(workersOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options, command: Command) => {
      const dryRun = options.dryRun === true;
      const work = {
        project: options.project,
        to: options.to ?? null,
        dryRun,
        who: options.who ?? null,
        workers: options.workers,
      };
      const move = targetMoveOf(options, command);
      const common = { name: 'rollback', kind: 'action' } as const;
      if (move !== null) {
        const inTarget = { ...work, ...move, cwd: host.cwd };
        await runFlow(
          {
            ...common,
            report: true,
            ...(dryRun ? {} : { recovers: true }),
            load: () => import('../flow/rollbackTarget.ts'),
            work: ({ rollbackTarget }, env, found) => rollbackTarget(inTarget, env, found),
          },
          options,
          exit,
          host,
        );
        return;
      }
      await runFlow(
        {
          ...common,
          report: !dryRun,
          load: () => import('../flow/rollback.ts'),
          work: ({ rollback }, env) => rollback(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift rollback --dry-run
  sealift rollback
  sealift rollback --to 3f1c09ab           # 8 digits or more of the seal id
  sealift rollback --target postgres://app@db.example.org/app --dry-run
`;

const QUESTIONS = `
How do I undo a promote?
  Run sealift rollback. It verifies the previous candidate and makes it live
  again, in one step. To undo a rollback, run sealift promote.
`;
