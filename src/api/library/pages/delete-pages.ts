/** Before something is deleted for ever: what goes, until when that can be done, and a name to write, so that no slip of the hand does it. */
import { type FormState, renderField, renderMistake } from '#api/library/pages/form-fields'
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { renderLibraryHead } from '#api/library/pages/library-head'
import {
  deleteLibraryPath,
  deleteVersionPath,
  libraryPath,
  settingsPath,
  versionPath,
} from '#api/library/pages/paths'
import { countText, momentOf, numberText } from '#api/library/pages/words'
import type { LibraryFacts, LibraryWithVersions, VersionFacts } from '#library/model'
import { formatLibraryRef } from '#library/name'
import { sizeText } from '#web/size-text'

/** Until when whoever asks may do it. */
export type Deletable =
  | { readonly kind: 'until'; readonly at: number }
  /** An administrator. */
  | { readonly kind: 'always' }
  | { readonly kind: 'never'; readonly hours: number }

export interface DeleteVersionPage {
  readonly library: LibraryFacts
  readonly version: VersionFacts
  readonly deletable: Deletable
  readonly isManaged: boolean
  readonly form: FormState
}

/** What is to be written. */
export function nameOfVersion(version: VersionFacts): string {
  return `${formatLibraryRef(version)}@${version.version}`
}

export function renderDeleteVersionPage(page: DeleteVersionPage): Html {
  const { library, version, deletable, isManaged, form } = page
  const { version: number } = version
  const back = versionPath(library, number)
  return html`${renderLibraryHead(library, { tab: 'versions', version, isManaged })}
    <div class="narrow"><h2>Delete version ${number}</h2>${renderMistake(form)}
      ${
        deletable.kind === 'never'
          ? renderTooLate(
              deletable.hours,
              html`<p><a href="${back}">Yank it</a> instead: nobody gets it by surprise then, and what depends on it goes on working.</p>`,
            )
          : renderConfirm(
              {
                action: deleteVersionPath(library, number),
                name: nameOfVersion(version),
                back,
                label: `Delete version ${number}`,
                what: html`<li>Its ${countText(version.files, 'file')} (${sizeText(version.unpackedBytes)}) can no longer be read or installed, by anybody. Whoever has it in a lock file can no longer install that either.</li><li>Its number is never given again: what you publish next has another one.</li><li>It was downloaded ${version.downloads === 0 ? 'by nobody' : version.downloads === 1 ? 'once' : `${numberText(version.downloads)} times`} until now. Copies that people have stay with them.</li>`,
              },
              deletable,
              form,
            )
      }</div>`
}

export interface DeleteLibraryPage {
  readonly library: LibraryWithVersions
  readonly deletable: Deletable
  readonly form: FormState
}

export function renderDeleteLibraryPage({ library, deletable, form }: DeleteLibraryPage): Html {
  const whole = formatLibraryRef(library)
  const back = settingsPath(library)
  const there = library.versionList.filter(({ state }) => state !== 'deleted')
  const numbers = there.map(({ version }) => version)
  return html`${renderLibraryHead(library, { tab: 'settings', isManaged: true })}
    <div class="narrow"><h2>Delete ${whole}</h2>${renderMistake(form)}
      ${
        there.length === 0
          ? html`<p>It has no versions any more. Their numbers stay taken, and the library is in no list.</p><p><a class="button" href="${libraryPath(library)}">Back</a></p>`
          : deletable.kind === 'never'
            ? renderTooLate(
                deletable.hours,
                html`<p>At least one of its versions is older than that. <a href="${back}">Deprecate or archive the library</a> instead: people are told, and what depends on it goes on working.</p>`,
              )
            : renderConfirm(
                {
                  action: deleteLibraryPath(library),
                  name: whole,
                  back,
                  label: `Delete ${countText(there.length, 'version')}`,
                  what: html`<li>${numbers.length === 1 ? 'Its version' : `All its ${numberText(numbers.length)} versions`} (${numbers.slice(0, versionsShownMax).join(', ')}${numbers.length > versionsShownMax && ', …'}) can no longer be read or installed, by anybody. Whoever has one in a lock file can no longer install that either.</li><li>Their numbers are never given again. The name stays with @${library.owner}.</li><li>It was downloaded ${library.downloads === 0 ? 'by nobody' : library.downloads === 1 ? 'once' : `${numberText(library.downloads)} times`} until now. Copies that people have stay with them.</li>`,
                },
                deletable,
                form,
              )
      }</div>`
}

const versionsShownMax = 12

function renderTooLate(hours: number, instead: Html): Html {
  return html`<div class="notice mind"><p><strong>It is too late for that.</strong> For ${numberText(hours)} hours after its publishing a version can be deleted; later, by an administrator of this server alone.</p></div>${instead}`
}

function renderConfirm(
  {
    action,
    name,
    back,
    label,
    what,
  }: {
    readonly action: string
    readonly name: string
    readonly back: string
    readonly label: string
    readonly what: HtmlPart
  },
  deletable: Exclude<Deletable, { readonly kind: 'never' }>,
  form: FormState,
): Html {
  const until =
    deletable.kind === 'until'
      ? html`You can do this until ${momentOf(deletable.at)}; later, only an administrator of this server can.`
      : 'You administer this server: you can do this at any time.'
  return html`<section class="sheet"><p><strong>This cannot be taken back.</strong></p><ul>${what}</ul><p>${until}</p>
      <form class="fields" method="post" action="${action}">
        ${renderField({ name: 'confirm', label: 'To delete it, write its name', hint: html`<code>${name}</code>` }, form)}
        <div class="actions"><button class="danger" type="submit">${label}</button><a class="button" href="${back}">Keep it</a></div>
      </form></section>`
}
