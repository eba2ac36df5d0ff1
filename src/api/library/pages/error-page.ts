/** What went wrong, and where to go. What is private and what is absent look alike, to the letter. */
import { type Html, html } from '#api/library/pages/html'
import { homePath, searchPath, signInPath, withQuery } from '#api/library/pages/paths'

export interface ErrorWords {
  readonly title: string
  readonly sentence: string
}

const words: Readonly<Record<number, ErrorWords>> = {
  400: {
    title: 'That cannot be',
    sentence: 'Something in the address, or in the form, has no meaning here.',
  },
  401: { title: 'Sign in first', sentence: 'This page is for people who are signed in.' },
  403: { title: 'That is not allowed', sentence: 'Whoever you are signed in as may not do that.' },
  404: {
    title: 'There is nothing here',
    sentence:
      'No page, no library and nobody has this name; or it is private, and you are not signed in as somebody who may see it.',
  },
  405: { title: 'Not in this way', sentence: 'This address does not do what was asked of it.' },
  410: {
    title: 'This version was deleted',
    sentence: 'Nothing is left of it but its number, which is never used again.',
  },
  413: {
    title: 'That is too much',
    sentence: 'What was sent is larger than anything this page expects.',
  },
  429: { title: 'Slow down', sentence: 'Too many requests came from you. Try again in a while.' },
  500: {
    title: 'Something broke',
    sentence: 'It is not your fault, and whoever runs this server can see it in the log.',
  },
  503: {
    title: 'Not now',
    sentence: 'A part of this server does not answer. Try again in a while.',
  },
}

export function errorTitle(status: number): string {
  return wordsOf(status).title
}

export function renderErrorPage(
  status: number,
  {
    sentence,
    path,
    isSignedIn,
    requestId,
  }: {
    readonly sentence?: string | undefined
    readonly path: string
    readonly isSignedIn: boolean
    /** By which the log has it. */
    readonly requestId: string
  },
): Html {
  const { title, sentence: usual } = wordsOf(status)
  const mayHelp = !isSignedIn && (status === 401 || status === 403 || status === 404)
  return html`<div class="narrow"><h1>${title}</h1><p>${sentence ?? usual}</p>
    ${status >= 500 && html`<p class="quiet">It was request <code>${requestId}</code>.</p>`}
    <p class="actions">${mayHelp && html`<a class="button primary" href="${withQuery(signInPath, { next: path })}">Sign in</a>`} <a class="button" href="${searchPath}">All libraries</a> <a class="button" href="${homePath}">Home</a></p></div>`
}

function wordsOf(status: number): ErrorWords {
  return words[status] ?? (status >= 500 ? words[500] : words[400]) ?? { title: '', sentence: '' }
}
