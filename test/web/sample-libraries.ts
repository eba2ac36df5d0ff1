/** What tests of pages show: a library with a life behind it, and one that only its owner may see. */
import { packArchive } from '#library/archive-writer'
import type { LibraryServer } from '../library/server.ts'

const signal = new AbortController().signal

export type SampleFiles = Readonly<Record<string, string | Uint8Array>>

/** As `mdlibs publish` does. */
export async function publishSample(
  server: LibraryServer,
  {
    library,
    version,
    token,
    files,
    manifest = '',
    visibility = 'public',
  }: {
    /** `@scope/name` */
    readonly library: string
    readonly version: string
    readonly token: string
    readonly files: SampleFiles
    /** Lines of `[library]` besides name and version, and whatever follows. */
    readonly manifest?: string
    readonly visibility?: 'public' | 'private'
  },
): Promise<void> {
  const [, scope = '', name = ''] = /^@([\w-]+)\/([\w-]+)$/.exec(library) ?? []
  const toml = `[library]\nname = "${name}"\nversion = "${version}"\n${manifest}\n`
  const packed = await Array.fromAsync(
    packArchive(
      Object.entries({ '.mdlibs.toml': toml, ...files }).map(([path, content]) => {
        const bytes = Buffer.from(content)
        return { path, bytes: bytes.length, open: () => once(bytes) }
      }),
      { signal },
    ),
  )
  const query = `?visibility=${visibility}&confirm_public=true`
  const request = `PUT /libraries/${scope}/${name}/${version}${query}`
  const response = await server.ask(request, { token, body: Buffer.concat(packed) })
  if (!response.ok) throw new Error(`${request}: ${response.status} ${await response.text()}`)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** A red dot of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)
/** Draws a map, and would run something where it is more than a picture. */
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 120" width="320" height="120"><script>window.hasRun=1</script><rect width="320" height="120" rx="12" fill="#e9f2ec"/><path d="M20 90 Q90 10 160 70 T300 40" fill="none" stroke="#1e6245" stroke-width="5"/><circle cx="160" cy="70" r="9" fill="#c24a2e"/></svg>`

const readme = (version: string): string => `---
name: handbook
audience:
  - people outside
  - people inside
---
# Field Notes Handbook

How we **write**, *review* and keep the notes of an expedition, in version ${version}. Begin with the [field guide](docs/guide.md#in-the-field), then read the [review rules](docs/review.md).

![The way to the camp](img/way.svg)

> [!NOTE]
> Notes are written on the same day.

## Install

\`\`\`sh
mdlibs install @field-notes/handbook
mdlibs verify
\`\`\`

## What is in it

| File | For | Pages |
| --- | --- | ---: |
| \`docs/guide.md\` | people outside | 12 |
| \`docs/review.md\` | people inside | 4 |

- [x] Checklists
- [ ] Drawings

## Where it comes from

Twelve years of expeditions, and two people who read every note[^1].

<img src=x onerror="window.hasRun=1"><script>window.hasRun=1</script>

![A picture from elsewhere](https://tracker.example/pixel.gif)

[^1]: The second one has not been there.
`

const manifest = `description = "How we write, review and keep the notes of an expedition"
license = "CC-BY-4.0"
authors = ["Maria Lind", "Olu Ade"]
tags = ["handbook", "writing", "templates"]
homepage = "https://example.org/notes/"
repository = "https://git.example.org/field-notes/handbook"

[dependencies]
"@field-notes/style" = "^1.2.0"
`

function files(version: string): SampleFiles {
  return {
    'README.md': readme(version),
    'docs/guide.md': `# Guide\n\n## In the field\n\nWrite the notes on the same day.\n${version > '2' ? 'Never in pencil.\n' : ''}\n## At home\n\nSort them by day.\n`,
    'docs/review.md': '# Review\n\nTwo people read every note.\n',
    'docs/days.csv': 'day,notes\n1,4\n2,7\n',
    'img/way.svg': svg,
    'img/dot.png': png,
  }
}

/** Three versions of `@field-notes/handbook`, of which one is yanked and one deprecated. */
export async function publishHandbook(server: LibraryServer, token: string): Promise<void> {
  const library = '@field-notes/handbook'
  for (const version of ['1.4.2', '2.0.0', '2.1.0'])
    await publishSample(server, { library, version, token, files: files(version), manifest })
  const yanked = { token, json: { reason: 'The checklist lost its third page' } }
  await server.ask('PUT /libraries/field-notes/handbook/2.0.0/yank', yanked)
  const deprecated = { token, json: { message: 'Use 2.x' } }
  await server.ask('PUT /libraries/field-notes/handbook/1.4.2/deprecation', deprecated)
}
