/** Which passphrase or key an encrypted object gets, or needs. */
import type { Secret, Secrets } from '#cli/context'
import type { EnvelopeOrigin } from '#cli/envelope'
import { cliFault } from '#cli/faults'

/** For new objects. What is shorter is guessed too soon, at whatever price of a guess. */
export const passphraseLengthMin = 12

/** `cli/no-secret`, `cli/mistaken-usage`. */
export async function secretForSealing({ given, ask }: Secrets): Promise<Secret> {
  if (given?.kind === 'key-file') return given
  const text = given?.text ?? (await askTwice(ask))
  if (text.length < passphraseLengthMin) {
    const mistakes = `A passphrase needs at least ${passphraseLengthMin} characters.`
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  return { kind: 'passphrase', text }
}

/** `cli/no-secret`, `cli/other-secret`. */
export async function secretForOpening(
  { given, ask }: Secrets,
  { origin, name }: { readonly origin: EnvelopeOrigin; readonly name: string },
): Promise<Secret> {
  if (given !== undefined) return given // the wrong kind is told apart where it is used
  if (origin === 'key-file') throw cliFault('cli/other-secret', { needs: 'key file' })
  if (ask === undefined) throw cliFault('cli/no-secret', { wanted: `${name} is encrypted` })
  return { kind: 'passphrase', text: await ask(`Passphrase of ${name}: `) }
}

async function askTwice(ask: Secrets['ask']): Promise<string> {
  if (ask === undefined) throw cliFault('cli/no-secret', { wanted: '--encrypt needs a secret' })
  const text = await ask('Passphrase (nobody can recover it): ')
  if (text === (await ask('The same again: '))) return text
  throw cliFault('cli/mistaken-usage', { mistakes: 'The two passphrases differ.' })
}
