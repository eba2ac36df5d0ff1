/** The files of a version: what lies in a folder, and what stands in a file. */
import { type Html, type HtmlPart, html } from '#api/library/pages/html'
import { renderLibraryHead } from '#api/library/pages/library-head'
import { renderContents, renderFields } from '#api/library/pages/library-page'
import type { RenderedMarkdown } from '#api/library/pages/markdown'
import { filePath, rawPath, withQuery } from '#api/library/pages/paths'
import { visibleText, visibleWords } from '#api/library/pages/unseen'
import { countText } from '#api/library/pages/words'
import type { FileFacts, LibraryFacts, VersionFacts } from '#library/model'
import { sizeText } from '#web/size-text'

interface VersionPlace {
  readonly library: LibraryFacts
  readonly version: VersionFacts
  readonly isManaged: boolean
}

export interface FolderPage extends VersionPlace {
  /** Empty for the top. */
  readonly path: string
  readonly files: readonly FileFacts[]
}

export function renderFolderPage(page: FolderPage): Html {
  const { library, version, path } = page
  const { folders, files } = inFolder(page)
  const rows = [
    ...folders.map(
      ([name, count]) =>
        html`<tr><th scope="row"><span class="kind" aria-hidden="true">▸</span><a href="${filePath(library, version.version, below(path, name))}">${visibleWords(name)}/</a></th><td class="number quiet">${countText(count, 'file')}</td></tr>`,
    ),
    ...files.map(
      (file) =>
        html`<tr><th scope="row"><span class="kind" aria-hidden="true">·</span><a href="${filePath(library, version.version, file.path)}">${visibleWords(file.path.slice(path === '' ? 0 : path.length + 1))}</a></th><td class="number quiet">${sizeText(file.bytes)}</td></tr>`,
    ),
  ]
  return html`${renderLibraryHead(library, { tab: 'files', version, isManaged: page.isManaged })}
    ${renderCrumbs(page, path)}
    <section class="sheet"><h2>${path === '' ? `Files of ${version.version}` : visibleText(path)}</h2><div class="table"><table class="tree"><thead class="unseen-words"><tr><th scope="col">Name</th><th scope="col">Size</th></tr></thead><tbody>${rows}</tbody></table></div></section>`
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`
}

function inFolder({ path, files }: FolderPage): {
  readonly folders: readonly (readonly [name: string, count: number])[]
  readonly files: readonly FileFacts[]
} {
  const start = path === '' ? '' : `${path}/`
  const inside = files.filter((file) => file.path.startsWith(start))
  const folders = new Map<string, number>()
  for (const file of inside) {
    const [name, ...rest] = file.path.slice(start.length).split('/')
    if (name !== undefined && rest.length > 0) folders.set(name, (folders.get(name) ?? 0) + 1)
  }
  return {
    folders: [...folders],
    files: inside.filter((file) => !file.path.slice(start.length).includes('/')),
  }
}

function renderCrumbs({ library, version }: VersionPlace, path: string): HtmlPart {
  if (path === '') return undefined
  const segments = path.split('/')
  const items = segments.map((segment, at) => {
    const until = segments.slice(0, at + 1).join('/')
    return at === segments.length - 1
      ? html`<li><span aria-current="page">${visibleText(segment)}</span></li>`
      : html`<li><a href="${filePath(library, version.version, until)}">${visibleWords(segment)}</a></li>`
  })
  return html`<nav aria-label="Folders"><ol class="crumbs"><li><a href="${filePath(library, version.version)}">${library.name}</a></li>${items}</ol></nav>`
}

export interface FilePage extends VersionPlace {
  readonly file: FileFacts
  readonly content: FileContent
}

export type FileContent =
  | { readonly kind: 'markdown'; readonly markdown: RenderedMarkdown }
  /** `isWhole`: nothing was cut off. `isMarkdown`: it can be seen rendered. */
  | {
      readonly kind: 'text'
      readonly text: string
      readonly isWhole: boolean
      readonly isMarkdown: boolean
    }
  | { readonly kind: 'picture' }
  | { readonly kind: 'other' }

export function renderFilePage(page: FilePage): Html {
  const { library, version, file, content } = page
  const { path } = file
  const here = filePath(library, version.version, path)
  const other =
    content.kind === 'markdown'
      ? html`<a class="button slim" href="${withQuery(here, { plain: 1 })}">As text</a>`
      : content.kind === 'text' && content.isMarkdown
        ? html`<a class="button slim" href="${here}">As a page</a>`
        : undefined
  return html`${renderLibraryHead(library, { tab: 'files', version, isManaged: page.isManaged })}
    ${renderCrumbs(page, path)}
    <div class="file-head"><p class="facts"><span>${sizeText(file.bytes)}</span> <span>SHA-256 <code>${file.digest.slice(0, 16)}…</code></span></p><div class="actions">${other}<a class="button slim" href="${rawPath(library, version.version, path)}">Raw</a></div></div>
    ${renderContent(page)}`
}

function renderContent({ library, version, file, content }: FilePage): HtmlPart {
  switch (content.kind) {
    case 'markdown':
      return html`<div class="beside"><article class="sheet prose" dir="auto" aria-label="${visibleWords(file.path)}">${renderFields(content.markdown.fields)}${content.markdown.body}</article><aside aria-label="About this file">${renderContents(content.markdown.headings)}</aside></div>`
    case 'text':
      return html`${!content.isWhole && html`<div class="notice mind"><p>Only the beginning is shown. <a href="${rawPath(library, version.version, file.path)}">The whole file</a></p></div>`}${renderSource(content.text, file.path)}`
    case 'picture':
      return html`<div class="picture"><img src="${rawPath(library, version.version, file.path)}" alt="${visibleWords(file.path)}"></div>`
    case 'other':
      return html`<div class="empty"><p><strong>This file is not shown</strong></p><p>It is neither text nor a picture. <a href="${rawPath(library, version.version, file.path)}">Download it</a></p></div>`
  }
}

function renderSource(text: string, path: string): Html {
  const lines = text.replaceAll(/\r\n?/g, '\n').replace(/\n$/, '').split('\n')
  const rows = lines.map(
    (line, at) => html`<span class="line" id="${`L${at + 1}`}">${visibleText(line)}</span>`,
  )
  return html`<pre class="source" tabindex="0" role="region" aria-label="${visibleWords(path)}"><code>${rows}</code></pre>`
}
