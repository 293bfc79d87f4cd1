/** `palomar completion SHELL`: what a shell evaluates to complete commands and their flags. */
import { err, ok, type Result } from '../model/result.ts';
import { askHelp, questions } from './ask-options.ts';
import { doctorHelp } from './doctor.ts';
import { exportHelp } from './export.ts';
import { importHelp } from './import.ts';
import { startHelp } from './start-options.ts';

/** The help texts name every flag: what is completed cannot be another list. */
const helps: Readonly<Record<string, string>> = {
  start: startHelp,
  doctor: doctorHelp,
  ...Object.fromEntries(questions.map((question) => [question, askHelp])),
  export: exportHelp,
  import: importHelp,
  version: '',
  completion: '',
};
export const commands: readonly string[] = Object.keys(helps);

const flagsOf = (command: string): readonly string[] => [
  ...new Set([...(helps[command] ?? '').matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag = '']) => flag)),
];

const shells = ['bash', 'zsh', 'fish'] as const;

export function completion(shell: string | undefined): Result<string, string> {
  switch (shell) {
    case 'bash':
      return ok(bash('complete -o default -F _palomar palomar'));
    case 'zsh':
      return ok(`autoload -Uz bashcompinit && bashcompinit\n${bash('complete -o default -F _palomar palomar')}`);
    case 'fish':
      return ok(fish());
    default:
      return err(
        `completion is for ${shells.join(', ')}, not '${shell ?? ''}'; try: source <(palomar completion bash)`,
      );
  }
}

function bash(register: string): string {
  const cases = commands.map((command) => `    ${command}) words='${flagsOf(command).join(' ')}' ;;`);
  return `_palomar() {
  local words='${commands.join(' ')}'
  if [ "$COMP_CWORD" -gt 1 ]; then case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words='' ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
${register}
`;
}

function fish(): string {
  const first = `complete -c palomar -f -n '__fish_use_subcommand' -a '${commands.join(' ')}'`;
  const flags = commands.flatMap((command) =>
    flagsOf(command).map(
      (flag) => `complete -c palomar -n '__fish_seen_subcommand_from ${command}' -l ${flag.slice(2)}`,
    ),
  );
  return `${[first, ...flags].join('\n')}\n`;
}
