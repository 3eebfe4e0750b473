/** sealift completion: a script for a shell, made from the commands that there are. */

import { Argument, Command } from 'commander';

import type { Completion } from './completion/commandTree.ts';
import type { Host } from './host.ts';

/** `program` has all other commands by the time it is run. */
export function completionCommand(program: Command, { output }: Host): Command {
  return new Command('completion')
    .description('print a script that completes commands, options, modules and seal ids')
    .summary('print a completion script for bash, zsh or fish')
    .addArgument(new Argument('<shell>', 'which shell it is for').choices(['bash', 'zsh', 'fish']))
    .addHelpText('before', EXAMPLES)
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionOf } = await import('./completion/commandTree.ts');
      output.text((await scriptOf(shell))(completionOf(program)));
    });
}

async function scriptOf(shell: 'bash' | 'zsh' | 'fish'): Promise<(tree: Completion[]) => string> {
  if (shell === 'bash') return (await import('./completion/bash.ts')).bashScript;
  if (shell === 'zsh') return (await import('./completion/zsh.ts')).zshScript;
  return (await import('./completion/fish.ts')).fishScript;
}

const EXAMPLES = `Examples:
  source <(sealift completion bash)        # or put this line into ~/.bashrc
  source <(sealift completion zsh)         # or into ~/.zshrc, after compinit
  sealift completion fish > ~/.config/fish/completions/sealift.fish
`;
