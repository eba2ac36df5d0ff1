/** What the reader should know beside what was asked for. Screen readers hear of each as it appears. */
import { byId, element } from '#web/dom'

export type NoticeKind = 'note' | 'warning' | 'error'

/** What failed is tried again. */
export function clearErrors(): void {
  for (const notice of byId('notices').querySelectorAll('.error')) notice.remove()
}

const titles: Readonly<Record<NoticeKind, string>> = {
  note: 'Note',
  warning: 'Mind',
  error: 'Problem',
}

/** Each text once. */
export function addNotice(kind: NoticeKind, text: string): void {
  const notices = byId('notices')
  if ([...notices.children].some((notice) => notice.lastChild?.textContent === text)) return
  notices.append(
    element('p', { class: `notice ${kind}` }, element('strong', {}, titles[kind]), ' ', text),
  )
}
