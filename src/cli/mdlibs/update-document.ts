/** `mdlibs update DOCUMENT`: shows what a document is, or gives it another title. */
import { realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cliFault } from '#cli/faults'
import type { MdlibsContext } from '#cli/mdlibs/context'
import {
  docsName,
  isBelow,
  isMarkdown,
  readDocument,
  shownPath,
  templatesName,
  titleIn,
} from '#cli/mdlibs/documents'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { findRoot } from '#cli/mdlibs/library-root'
import { replaceFile } from '#cli/mdlibs/replace-file'
import { give } from '#cli/mdlibs/say'
import { linesOf, withTitle } from '#cli/mdlibs/title'

export interface UpdateOptions {
  /** Without one the document is only described. */
  readonly title: string | undefined
}

/** `mdlibs/no-such-document`, `mdlibs/outside-library`, `mdlibs/not-markdown`, `mdlibs/not-utf8` */
export async function updateDocument(
  context: MdlibsContext,
  document: string,
  { title }: UpdateOptions,
): Promise<void> {
  const root = (await findRoot(context.directory)) ?? context.directory
  const absolute = await findDocument(root, document)
  const text = await readDocument(absolute)
  if (text === undefined) throw mdlibsFault('mdlibs/not-utf8', { document })
  const path = shownPath(absolute, await realpath(context.directory))
  if (title === undefined) {
    const facts = {
      title: titleIn(text, absolute),
      lines: linesOf(text).length,
      words: text.match(/\S+/g)?.length ?? 0,
    }
    return give(context, { path, ...facts }, [
      `Document: ${path}`,
      `  Title: ${facts.title}`,
      `  Lines: ${facts.lines}`,
      `  Words: ${facts.words}`,
    ])
  }
  const wanted = title.trim()
  if (!/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(wanted)) {
    const mistakes = 'A title is one line of text.'
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  await replaceFile(absolute, withTitle(text, wanted))
  const lines = [`Updated document: ${path}`, `  New title: ${wanted}`]
  give(context, { path, title: wanted }, lines)
}

/** As it is named, then with the end that was left out: at the root, in `docs/`, in `templates/`. */
async function findDocument(root: string, document: string): Promise<string> {
  const realRoot = await realpath(root)
  for (const name of [document, `${document}.md`]) {
    for (const place of ['', docsName, templatesName]) {
      const real = await realpath(resolve(join(realRoot, place), name)).catch(() => undefined)
      if (real === undefined || !(await stat(real)).isFile()) continue
      if (!isBelow(realRoot, real)) throw mdlibsFault('mdlibs/outside-library', { document, root })
      if (!isMarkdown(real)) throw mdlibsFault('mdlibs/not-markdown', { document })
      return real
    }
  }
  throw mdlibsFault('mdlibs/no-such-document', { document })
}
