/** `mdlibs init`: a directory becomes a library. What is there is never overwritten. */
import { mkdir, realpath, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { stringify } from 'smol-toml'
import { fileFault } from '#cli/local-file'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { docsName, templatesName } from '#cli/mdlibs/documents'
import { manifestName } from '#cli/mdlibs/library-root'
import { give, note } from '#cli/mdlibs/say'
import { isFault } from '#fault/fault'
import { parseLibraryName } from '#library/name'

const firstVersion = '0.1.0'

export async function init(context: MdlibsContext, path: string): Promise<void> {
  const root = resolve(context.directory, path)
  if (await isThere(join(root, manifestName))) {
    const lines = [`Library already initialized at: ${path}`]
    return give(context, { path, created: [] }, lines)
  }
  const lines: string[] = []
  const created: string[] = []
  const make = async (what: string, name: string, work: () => Promise<unknown>): Promise<void> => {
    const shown = name === '' ? path : join(path, name)
    if (await isThere(join(root, name))) return
    await work().catch((cause) => {
      throw fileFault(join(root, name), cause)
    })
    lines.push(`Created ${what}: ${shown}`)
    created.push(shown)
  }
  const directory = (name: string): Promise<void> =>
    make('directory', name, () => mkdir(join(root, name), { recursive: true }))
  const file = (what: string, name: string, text: string): Promise<void> =>
    make(what, name, () => writeFile(join(root, name), text, { flag: 'wx' }))

  await directory('')
  const name = basename(await realpath(root)) || 'mdlibs' // the root of a file system has no name
  const manifest = `${stringify({ library: { name, version: firstVersion } })}\n`
  await file('configuration file', manifestName, manifest.replace(/\n+$/, '\n'))
  await directory(templatesName)
  await directory(docsName)
  await file('sample document', join(docsName, 'README.md'), starterText(name))
  const complaint = complaintAbout(name)
  if (complaint !== undefined) {
    note(
      context,
      `Note: "${name}" cannot be published: ${complaint}. Choose another name in ${manifestName} before.`,
    )
  }
  lines.push('', `Markdown library initialized successfully at: ${path}`)
  give(context, { path, name, version: firstVersion, created }, lines)
}

/** Directories may be called as they like; published libraries not. */
function complaintAbout(name: string): string | undefined {
  try {
    parseLibraryName(name)
    return undefined
  } catch (error) {
    if (!isFault(error)) throw error
    return String(error.detail['reason'])
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

function starterText(name: string): string {
  return `# ${name}

This directory is a library of markdown.

- \`docs/\` holds documents, \`templates/\` what others copy and fill in.
- \`${manifestName}\` says what the library is called, and which version this is.
- \`mdlibs list\` shows its documents, \`mdlibs search TEXT\` looks into them.
- \`mdlibs publish --dry-run\` shows what others would get.
`
}
