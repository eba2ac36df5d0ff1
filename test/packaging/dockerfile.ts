/** A Dockerfile as its instructions, by stage: what our own uses of the language, and an error for anything else. */

export interface Instruction {
  /** Upper case. */
  readonly name: string
  readonly flags: Readonly<Record<string, string>>
  /** Words of the JSON form, or of the plain form where words are meant. */
  readonly words: readonly string[]
  /** As it stands there, without the flags. */
  readonly text: string
}

export interface Stage {
  readonly base: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

const known = new Set(
  'FROM ARG WORKDIR COPY RUN ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD'.split(
    ' ',
  ),
)

/** `${NAME}` of an ARG before the first FROM is put in its place in FROM lines, as the builder does. */
export function readDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const args = new Map<string, string>()
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const instruction = readInstruction(line)
    const stage = stages.at(-1)
    if (instruction.name === 'FROM') {
      const [base = '', , name] = instruction.words
      stages.push({
        base: base.replaceAll(/\$\{(\w+)\}/g, (_, arg: string) => args.get(arg) ?? ''),
        name,
        instructions: [],
      })
    } else if (stage !== undefined) stage.instructions.push(instruction)
    else {
      const [, name = '', value = ''] = /^(\w+)=(\S+)$/.exec(instruction.text) ?? []
      args.set(name, value)
    }
  }
  return stages
}

function readInstruction(line: string): Instruction {
  const [, name = '', options = '', text = ''] = /^(\w+) ((?:--\S+ )*)(.*)$/.exec(line) ?? []
  if (!known.has(name)) throw new Error(`no instruction of ours: ${line}`)
  const flags = Object.fromEntries(
    [...options.matchAll(/--([\w-]+)=(\S+)/g)].map(([, flag = '', value = '']) => [flag, value]),
  )
  return { name, flags, words: readWords(text.replace(/^CMD /, '')), text }
}

function readWords(text: string): readonly string[] {
  return text.startsWith('[') ? JSON.parse(text) : text.split(/\s+/)
}
