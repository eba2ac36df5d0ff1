/** What pages of libraries add where scripts run; without it they lack nothing but this. */
import { button, element } from '#web/dom'

/** Next to a line that people type elsewhere, a button that copies it. */
function addCopyButtons(): void {
  const status = element('p', { class: 'unseen-words', role: 'status' })
  document.body.append(status)
  for (const box of document.querySelectorAll('.copy')) {
    const code = box.querySelector('code')
    if (code === null) continue
    const copy = button('Copy', () => {
      navigator.clipboard.writeText(code.innerText).then(
        () => tell('Copied'),
        () => tell('Not copied'),
      )
    })
    const tell = (text: string): void => {
      copy.textContent = text
      status.textContent = text
    }
    copy.addEventListener('blur', () => {
      copy.textContent = 'Copy'
    })
    box.append(copy)
  }
}

addCopyButtons()
