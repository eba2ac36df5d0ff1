/** Forms for people: every field has a label, its hint and its mistake are read out with it, and what was typed stays. */
import { attribute, type Html, type HtmlPart, html } from '#api/library/pages/html'
import { visibleText } from '#api/library/pages/unseen'

/** What a form was sent with, and what was wrong with it. */
export interface FormState {
  readonly values: ReadonlyMap<string, string>
  /** By field; an empty name for what concerns none of them. */
  readonly mistakes: ReadonlyMap<string, string>
}

export const untouched: FormState = { values: new Map(), mistakes: new Map() }

export interface Field {
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'email' | 'password' | 'number'
  readonly hint?: HtmlPart
  readonly value?: string
  readonly isRequired?: boolean
  /** https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill */
  readonly autocomplete?: string
  readonly inputMode?: 'numeric'
  readonly placeholder?: string
  /** Browsers let nobody write more, in UTF-16 code units. */
  readonly charsMax?: number
  /** So many lines are shown, and any number can be written. */
  readonly rows?: number
  /** Set apart from other forms of one page that have a field of that name. */
  readonly form?: string
}

/** Passwords are never written back. */
export function renderField(field: Field, { values, mistakes }: FormState): Html {
  const { name, label, type = 'text', isRequired = true } = field
  const id = field.form === undefined ? name : `${field.form}-${name}`
  const mistake = mistakes.get(name)
  const value = type === 'password' ? '' : (values.get(name) ?? field.value ?? '')
  const described = [
    ...(field.hint === undefined ? [] : [`${id}-hint`]),
    ...(mistake === undefined ? [] : [`${id}-mistake`]),
  ].join(' ')
  const told = attribute('aria-describedby', described === '' ? undefined : described)
  const isWrong = attribute('aria-invalid', mistake === undefined ? undefined : 'true')
  const placeholder = attribute('placeholder', field.placeholder)
  const longest = attribute('maxlength', field.charsMax)
  const control =
    field.rows === undefined
      ? html`<input id="${id}" name="${name}" type="${type}" value="${value}"${attribute('required', isRequired)}${attribute('autocomplete', field.autocomplete ?? 'off')}${attribute('inputmode', field.inputMode)}${placeholder}${longest}${told}${isWrong} spellcheck="false" autocapitalize="none">`
      : html`<textarea id="${id}" name="${name}" rows="${field.rows}"${attribute('required', isRequired)}${placeholder}${longest}${told}${isWrong} autocomplete="off">${`\n${value}`}</textarea>` // a first newline is not part of it
  return html`<div class="field"><label for="${id}">${label}${!isRequired && html` <span class="quiet">(optional)</span>`}</label>
      ${field.hint !== undefined && html`<p class="hint" id="${`${id}-hint`}">${field.hint}</p>`}
      ${control}
      ${mistake !== undefined && html`<p class="wrong" id="${`${id}-mistake`}">${mistake}</p>`}</div>`
}

export interface Choice {
  readonly value: string
  readonly label: string
  readonly hint?: string
  readonly isChosen: boolean
}

/** One of them, or with `isMany` any number. */
export function renderChoices(
  {
    name,
    label,
    isMany = false,
  }: { readonly name: string; readonly label: string; readonly isMany?: boolean },
  choices: readonly Choice[],
  { mistakes }: FormState = untouched,
): Html {
  const mistake = mistakes.get(name)
  const items = choices.map(({ value, label, hint, isChosen }) => {
    const id = `${name}-${value.replaceAll(/[^a-z0-9]/gi, '-')}`
    return html`<div class="choice"><input id="${id}" type="${isMany ? 'checkbox' : 'radio'}" name="${name}" value="${value}"${attribute('checked', isChosen)}><label for="${id}">${label}${hint !== undefined && html` <span class="hint">${hint}</span>`}</label></div>`
  })
  return html`<fieldset><legend>${label}</legend><div class="choices">${items}</div>${mistake !== undefined && html`<p class="wrong">${mistake}</p>`}</fieldset>`
}

export function renderSelect(
  { name, label, form }: { readonly name: string; readonly label: string; readonly form?: string },
  choices: readonly Choice[],
): Html {
  const id = form === undefined ? name : `${form}-${name}`
  const options = choices.map(
    ({ value, label, isChosen }) =>
      html`<option value="${value}"${attribute('selected', isChosen)}>${label}</option>`,
  )
  return html`<div class="field"><label for="${id}">${label}</label><select id="${id}" name="${name}">${options}</select></div>`
}

/** What was wrong with the form as a whole, or that something below is. Read out at once, as it is what people wait for. */
export function renderMistake({ mistakes }: FormState): HtmlPart {
  if (mistakes.size === 0) return undefined
  const whole = mistakes.get('') ?? 'Something below is not right yet.'
  return html`<div class="notice problem" role="alert"><p>${visibleText(whole)}</p></div>`
}

/** A form that is a button: what it does cannot be had by a link. */
export function renderButton({
  action,
  label,
  about,
  hidden = {},
  look = 'slim',
}: {
  readonly action: string
  readonly label: string
  /** Said to screen readers behind the label, where several buttons have the same. */
  readonly about?: string
  readonly hidden?: Readonly<Record<string, string>>
  readonly look?: string
}): Html {
  const values = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="post" action="${action}">${values}<button class="${look}" type="submit">${label}${about !== undefined && html`<span class="unseen-words"> ${about}</span>`}</button></form>`
}
