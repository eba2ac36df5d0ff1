/** `mdlibs completions`: what a shell offers when somebody presses Tab, made of the commands themselves. */
import type { Command } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

interface Node {
  /** `team invite`; empty for the program. */
  readonly path: string
  readonly description: string
  readonly words: readonly Word[]
}

interface Word {
  readonly text: string
  readonly description: string
}

export function completions(program: Command, shell: Shell): readonly string[] {
  const nodes = nodesOf(program)
  switch (shell) {
    case 'bash':
      return bash(nodes)
    case 'zsh':
      return ['autoload -U +X bashcompinit && bashcompinit', ...bash(nodes)]
    case 'fish':
      return fish(nodes)
  }
}

function nodesOf(program: Command): readonly Node[] {
  const common = program.options.flatMap(optionWords)
  const visit = (command: Command, path: readonly string[]): readonly Node[] => {
    const children = command.commands.map((child) => ({
      text: child.name(),
      description: child.description(),
    }))
    const own = command === program ? [] : command.options.flatMap(optionWords)
    const node = {
      path: path.join(' '),
      description: command.description(),
      words: [...children, ...own, ...common],
    }
    return [node, ...command.commands.flatMap((child) => visit(child, [...path, child.name()]))]
  }
  return visit(program, [])
}

function optionWords({ long, description }: Command['options'][number]): readonly Word[] {
  return long === undefined || long === null ? [] : [{ text: long, description }]
}

/** The longest path of commands that was typed so far decides; where nothing fits, files are offered. */
function bash(nodes: readonly Node[]): readonly string[] {
  return [
    '_mdlibs() {',
    `  local word path= current=\${COMP_WORDS[COMP_CWORD]}`,
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do`,
    '    case "$path $word" in',
    ...nodes
      .filter(({ path }) => path !== '')
      .map(({ path }) => {
        const typed = path.includes(' ') ? path : ` ${path}`
        return `      '${typed}') path='${path}' ;;`
      }),
    '    esac',
    '  done',
    '  case "$path" in',
    ...nodes.map(
      ({ path, words }) =>
        `    '${path}') COMPREPLY=($(compgen -W '${words.map(({ text }) => text).join(' ')}' -- "$current")) ;;`,
    ),
    '  esac',
    '}',
    'complete -o default -F _mdlibs mdlibs',
  ]
}

function fish(nodes: readonly Node[]): readonly string[] {
  return nodes.flatMap(({ path, words }) => {
    const typed = path.split(' ').filter((part) => part !== '')
    const deeper = words.filter(({ text }) => !text.startsWith('-')).map(({ text }) => text)
    const seen = typed.map((part) => `__fish_seen_subcommand_from ${part}`)
    const unseen = deeper.length > 0 ? [`not __fish_seen_subcommand_from ${deeper.join(' ')}`] : []
    const condition = [...seen, ...unseen].join('; and ')
    const when = condition === '' ? '' : ` -n '${condition}'`
    return words.map(({ text, description }) => {
      const what = text.startsWith('--') ? `-l ${text.slice(2)}` : `-f -a ${text}`
      return `complete -c mdlibs${when} ${what} -d '${description.replaceAll("'", "\\'")}'`
    })
  })
}
