/** Every problem in words: what happened, and what to do. */
import { isFault } from '#fault/fault'

export interface Sentence {
  readonly title: string
  readonly text: string
  /** Whether trying again may help. */
  readonly mayRetry: boolean
}

const tampered =
  'Somebody between you and where it is kept has changed it, or a disk has. It was not shown. Trying again fetches it anew.'
const askAgain = 'Ask whoever sent the link for the whole of it.'

export function sentenceOf(error: unknown): Sentence {
  if (!isFault(error)) return { ...known['web/not-started'], mayRetry: true }
  const { code, detail } = error
  const reason = detail['reason'] === undefined ? '' : ` (${detail['reason']})`
  if (code === 'web/too-few-pieces') return tooFew(detail)
  const sentence = Object.hasOwn(known, code) ? known[code as keyof typeof known] : undefined
  if (sentence !== undefined) return { ...sentence, mayRetry: retried.has(code) }
  return {
    title: 'This link cannot be shown',
    text: `What it leads to makes no sense${reason}. Ask whoever sent it to upload it again.`,
    mayRetry: false,
  }
}

const known = {
  'web/no-such-link': {
    title: 'Nothing is here',
    text: 'This server does not know the link. It may have been removed, or a part of the link is missing.',
  },
  'web/registry-away': {
    title: 'The server does not answer',
    text: 'It may be busy, or your connection may be down. Try again in a moment.',
  },
  'web/not-started': {
    title: 'The page could not start',
    text: 'A part of the page did not load, or this browser is too old for it. Reload the page, or update the browser.',
  },
  'web/block-too-large': {
    title: 'This file is cut in a way that browsers cannot read',
    text: 'Its pieces are too large. The command line tool mycdnctl can download it.',
  },
  'content/hash-differs': { title: 'What arrived is not what was shared', text: tampered },
  'content/damaged-shards': {
    title: 'What arrived is not what was shared',
    text: `Too many pieces of the file were changed to put it together again. ${tampered}`,
  },
  'content/not-authentic': {
    title: 'The key does not fit',
    text: `The link was cut short or mistyped, or it is damaged. ${askAgain}`,
  },
  'content/metadata-foreign': {
    title: 'The key is missing',
    text: `What this link leads to is encrypted, and the part of the link behind # has the key. ${askAgain}`,
  },
  'content/metadata-older-layout': {
    title: 'This link is of a time before 2026',
    text: 'It was made by an older tool, which kept files elsewhere. Ask whoever sent it to upload the file again.',
  },
  'content/metadata-version': {
    title: 'This link is newer than the page',
    text: 'Ask whoever runs this server for an update.',
  },
  'content/link-malformed': {
    title: 'This is not a whole link',
    text: `Its key should be 32 digits and letters behind #key=. ${askAgain}`,
  },
} as const

const retried: ReadonlySet<string> = new Set([
  'web/registry-away',
  'web/not-started',
  'content/hash-differs',
  'content/damaged-shards',
])

function tooFew(detail: Readonly<Record<string, unknown>>): Sentence {
  const { present, required, total, refused } = detail
  const title = 'Not enough of the file can be reached'
  const count = `Any ${required} of its ${total} pieces are enough; ${present} came.`
  if (refused !== 0) {
    return {
      title,
      text: `${count} ${refused} lie in stores that this server does not speak to. The command line tool mycdnctl can reach them directly.`,
      mayRetry: false,
    }
  }
  return { title, text: `${count} The others may be back later.`, mayRetry: true }
}
