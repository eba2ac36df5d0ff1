/** What people and others might share. */
import { crc32, deflateSync } from 'node:zlib'
import type { OpenedBrowser } from './browser.ts'

export const text = 'Threads below the wood,\n\tnaïve and 文字.'

export const markdown = `# Field notes

**Bold**, *slanted*, \`code\`, <script>window.hasRun = 1; alert(1)</script>, [bad](javascript:alert(1)) and [good](https://example.org/).

- one
- two
- three

| Store | Pieces |
| --- | --- |
| Oslo | 3 |

![picture](https://example.org/x.png)

\`\`\`
a very long line of code that goes on and on and on and on and on and on and on and on and on
\`\`\`
`

export const hostileFiles = [
  {
    name: 'page.html',
    mime: 'text/html',
    content: '<script>window.hasRun = 1; alert(1)</script><img src=x onerror="hasRun=1">',
  },
  {
    name: 'drawing.svg',
    mime: 'image/svg+xml',
    content:
      '<svg xmlns="http://www.w3.org/2000/svg" onload="top.hasRun = 1; alert(1)"><script>alert(1)</script></svg>',
  },
  {
    name: 'picture.png',
    mime: 'image/png',
    content: '<html><script>window.hasRun = 1; alert(1)</script>',
  },
] as const

export const pngWidth = 64

export const png: Uint8Array = makePng(pngWidth, 40)

export const pdf = Buffer.from(`%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 300]>>endobj
trailer<</Root 1 0 R>>
`)

/** Unlike themselves at every shift. */
export function bytes(length: number): Uint8Array {
  const made = new Uint8Array(length)
  let state = length | 1
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    made[at] = state >>> 24
  }
  return made
}

/** A second of WebM, which the browser itself makes. */
export async function film(browser: OpenedBrowser): Promise<Uint8Array> {
  await using opened = await browser.open('about:blank')
  const recorded = await opened.page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    const recorder = new MediaRecorder(canvas.captureStream(15), { mimeType: 'video/webm' })
    const parts: Blob[] = []
    recorder.ondataavailable = ({ data }) => parts.push(data)
    const stopped = new Promise((resolve) => {
      recorder.onstop = resolve
    })
    recorder.start()
    const context = canvas.getContext('2d')
    for (let frame = 0; frame < 15; frame += 1) {
      context?.fillRect(frame * 10, 0, 10, 150)
      await new Promise((resolve) => setTimeout(resolve, 66)) // frames of a film take their time
    }
    recorder.stop()
    await stopped
    return [...new Uint8Array(await new Blob(parts).arrayBuffer())]
  })
  return Uint8Array.from(recorded)
}

function makePng(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const rows = Buffer.alloc(height * (1 + 3 * width), 120)
  for (let row = 0; row < height; row += 1) rows[row * (1 + 3 * width)] = 0
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const typed = Buffer.concat([Buffer.from(type), data])
    const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    checksum.writeUInt32BE(crc32(typed))
    return Buffer.concat([length, typed, checksum])
  }
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  const ends = [chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([signature, chunk('IHDR', header), ...ends])
}
