/** The page behind a link: https://HASH.REGISTRY/#key=KEY */

import { showDirectory } from '#web/directory-view'
import { button, byId, element } from '#web/dom'
import { showFile } from '#web/file-view'
import type { Place } from '#web/messages'
import { addNotice } from '#web/notices'
import { readPageLink } from '#web/page-link'
import { Reader } from '#web/reader'
import { sentenceOf } from '#web/sentences'

async function open(): Promise<void> {
  const { link, wasKeySent } = readPageLink()
  if (wasKeySent && link.key !== undefined) {
    addNotice(
      'warning',
      'This link carried its key where the server can read it. The key is behind the # now: share the address as it stands above, it keeps the key to those who have it.',
    )
  }
  if (!isSecureContext) {
    showInsecure()
    return
  }
  const place: Place = { hash: link.hash.toHex(), key: link.key?.toHex() }
  const reader = new Reader({ distrustsCache: isReload() })
  const described = await reader.describe(place)
  byId('view').removeAttribute('aria-busy')
  switch (described.kind) {
    case 'file':
      showFile(described, { place, reader })
      break
    case 'directory':
      showDirectory(described, { reader, registry: link.registry })
      break
  }
}

/** Browsers decrypt only where nobody on the way can have changed the page that does it. */
function showInsecure(): void {
  const secure = new URL(location.href)
  secure.protocol = 'https:'
  tell(
    'This page needs a secure connection',
    'It was opened by http, where somebody on the way could change it to steal the key; browsers do not decrypt there. If the server speaks https, the button opens it that way. The command line tool mycdnctl can download the link in any case.',
  )
  const again = element('a', { class: 'button primary', href: secure.href }, 'Open with https')
  byId('view').append(element('div', { class: 'actions' }, again))
}

function showProblem(error: unknown): void {
  const { title, text, mayRetry } = sentenceOf(error)
  tell(title, text)
  if (!mayRetry) return
  const again = button('Try again', () => location.reload())
  again.className = 'primary'
  byId('view').append(element('div', { class: 'actions' }, again))
}

function tell(title: string, text: string): void {
  document.title = title
  byId('title').textContent = title
  byId('view').removeAttribute('aria-busy')
  byId('view').replaceChildren(element('p', { role: 'alert' }, text))
}

function isReload(): boolean {
  const [entry] = performance.getEntriesByType('navigation')
  return entry instanceof PerformanceNavigationTiming && entry.type === 'reload'
}

window.addEventListener('hashchange', () => location.reload())
open().catch(showProblem)
